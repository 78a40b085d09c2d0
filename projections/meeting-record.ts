import type { MeetingEventType } from '../events/meeting.ts';
import { type ResolvedWhen, resolveWhen, utcDay } from '../src/domain/date/index.ts';
import { evolve, initialState } from '../src/domain/meeting/index.ts';
import { type ExistingMeeting, type LiveMeeting, liveOf } from '../src/domain/meeting/state.ts';
import { embargoedLevel } from '../src/domain/visibility.ts';
import { type ChangeContent, type ChangeDraft, changeType, draftChanges } from './levels.ts';
import type { ProjectedEvent } from './projection.ts';
import { meetingSentence, releasedSentence } from './sentences.ts';
import { diffSnapshots, resolvedWhen, type Snapshot, sameDate, snapshotOf } from './snapshot.ts';
import { type Lowest, moveThreads, type Transition, transition } from './transition.ts';
import type { Diff, PreviousDate } from './types.ts';

/** What is known of one meeting: its state once, and what each level has seen of its history. */
export interface MeetingRecord {
  /** Row number: the seq of the first event. */
  readonly n: number;
  readonly id: string;
  /** Seq of the last event that touched this row. */
  readonly seq: number;
  readonly revision: number;
  readonly state: ExistingMeeting;
  readonly lowest: Lowest;
  readonly when: ResolvedWhen | null;
  /** The date a postponed meeting had. */
  readonly lastWhen: ResolvedWhen | null;
  /** statedAt of the event that set the date, or of the first event. */
  readonly dateStatedAt: string;
  readonly lastRecordedAt: string;
  /** Announcements cited by any event, in order. */
  readonly cites: readonly string[];
  readonly threads: readonly MeetingThread[];
  /** Per level: SEQUENCE and stamps, kept through a restriction. */
  readonly ticks: readonly (Tick | null)[];
  /** When it was merged or withdrawn. */
  readonly goneAt: string | null;
  readonly stale?: true;
  /** A merge that would have closed a circle was ignored. */
  readonly circle?: true;
}

/** RFC 5545 §3.8.7.4 SEQUENCE and the stamps of an entry at one level. */
export interface Tick {
  readonly sequence: number;
  readonly stamp: string;
  readonly created: string;
}

export interface MeetingThread {
  readonly levels: readonly number[];
  readonly since: number;
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly previousDates: readonly PreviousDate[];
  /** Of the event that set the present status or date, and its stated day. */
  readonly reason: string | null;
  readonly reasonDay: string;
  /** Every date that stood here, oldest first: a feed shows the last one after it is lost. */
  readonly dates: readonly ResolvedWhen[];
  readonly statuses: readonly string[];
  readonly recent: readonly { readonly sentence: string; readonly recordedAt: string }[];
}

export interface Advanced {
  readonly record: MeetingRecord;
  readonly changes: readonly ChangeDraft[];
}

export type RecordedMeetingEvent = Extract<ProjectedEvent, { type: MeetingEventType }>;

/** The events that move a date, as against correcting our record of it. */
const SLIPPING: ReadonlySet<MeetingEventType> = new Set([
  'MeetingRescheduled',
  'MeetingPostponed',
  'MeetingAnnounced',
  'MeetingHeld',
  'MeetingReinstated',
]);

const RECENT = 3;

export const lowestOf = (state: ExistingMeeting): Lowest => {
  const { classification, embargoUntil } = liveOf(state).details;
  return embargoedLevel(classification, embargoUntil);
};

/** Everything that one event changes, worked out before anything is written. */
interface Step {
  readonly event: RecordedMeetingEvent;
  readonly seq: number;
  readonly before: MeetingRecord | undefined;
  readonly state: ExistingMeeting;
  readonly when: ResolvedWhen | null;
  readonly from: Snapshot | undefined;
  readonly to: Snapshot;
  readonly diffs: readonly Diff[];
  readonly sentence: string;
  readonly reason: string | null;
  readonly cites: readonly string[];
  readonly dateStatedAt: string;
}

/** Dates resolve anew only when the event touched the date or the place: resolving is the dear part. */
function whenAfter(before: MeetingRecord | undefined, state: ExistingMeeting): ResolvedWhen | null {
  if (before === undefined) return resolvedWhen(state);
  const was = liveOf(before.state);
  const is = liveOf(state);
  const untouched =
    was === is ||
    (rawDate(was) === rawDate(is) &&
      was.status !== 'postponed' &&
      is.status !== 'postponed' &&
      was.details.place === is.details.place);
  return untouched ? before.when : resolvedWhen(state);
}

const rawDate = (live: LiveMeeting) => (live.status === 'postponed' ? live.lastWhen : live.when);

function merged(cites: readonly string[], more: readonly string[] | undefined): readonly string[] {
  const added = (more ?? []).filter((cite) => !cites.includes(cite));
  return added.length === 0 ? cites : [...cites, ...added];
}

function stepOf(before: MeetingRecord | undefined, event: RecordedMeetingEvent, seq: number): Step {
  const state = evolve(before?.state ?? initialState, event) as ExistingMeeting;
  const when = whenAfter(before, state);
  const from = before === undefined ? undefined : snapshotOf(before.state, before.when);
  const to = snapshotOf(state, when);
  const diffs = diffSnapshots(from, to);
  const data = event.data as { reason?: string };
  const setsDate = before === undefined || 'when' in event.data || before.when !== when;
  return {
    event,
    seq,
    before,
    state,
    when,
    from,
    to,
    diffs,
    sentence: meetingSentence(event, { before: from, after: to, diffs }),
    reason: data.reason ?? null,
    cites: merged(before?.cites ?? [], event.meta.basedOn),
    dateStatedAt: setsDate ? event.meta.statedAt : before.dateStatedAt,
  };
}

/** The date that this event ended, when it is one that slipped. */
function endedDate({ event, before, when, reason }: Step): PreviousDate | undefined {
  if (before === undefined || before.when === null || !SLIPPING.has(event.type)) return undefined;
  if (sameDate(before.when, when)) return undefined;
  return {
    when: before.when,
    until: event.meta.statedAt,
    statedAt: before.dateStatedAt,
    reason,
    announcement: event.meta.basedOn?.[0] ?? null,
  };
}

const setsStatusOrDate = ({ diffs }: Step): boolean =>
  diffs.some(({ field }) => field === 'status' || field === 'when');

function advanceThread(thread: MeetingThread, step: Step): MeetingThread {
  const { event, when, to, sentence } = step;
  const { recordedAt } = event.meta;
  const day = utcDay(event.meta.statedAt);
  const ended = endedDate(step);
  const newDate = when !== null && !sameDate(thread.dates.at(-1) ?? null, when);
  // Facts may be recorded out of stated order: the reason follows what was said last, not what came in last.
  const newReason = setsStatusOrDate(step) && day >= thread.reasonDay;
  return {
    ...thread,
    changedAt: recordedAt,
    previousDates: ended === undefined ? thread.previousDates : [...thread.previousDates, ended],
    reason: newReason ? step.reason : thread.reason,
    reasonDay: newReason ? day : thread.reasonDay,
    dates: newDate ? [...thread.dates, when] : thread.dates,
    statuses: thread.statuses.includes(to.status)
      ? thread.statuses
      : [...thread.statuses, to.status],
    recent: [...thread.recent, { sentence, recordedAt }].slice(-RECENT),
  };
}

/** A level's first sight of it: the whole state, with an empty history. */
function beginThread(levels: readonly number[], step: Step): MeetingThread {
  const { event, seq, before, when, to } = step;
  const { recordedAt } = event.meta;
  const sentence = before === undefined ? step.sentence : releasedSentence(to);
  return {
    levels,
    since: seq,
    recordedAt,
    changedAt: recordedAt,
    previousDates: [],
    reason: before === undefined ? step.reason : null,
    reasonDay: utcDay(event.meta.statedAt),
    dates: when === null ? [] : [when],
    statuses: [to.status],
    recent: [{ sentence, recordedAt }],
  };
}

const laterOf = (a: string, b: string): string => (a > b ? a : b);

/** One more event for a level that sees it. */
export const bump = (tick: Tick | null, recordedAt: string): Tick =>
  tick === null
    ? { sequence: 0, stamp: recordedAt, created: recordedAt }
    : { ...tick, sequence: tick.sequence + 1, stamp: laterOf(tick.stamp, recordedAt) };

function changesOf(step: Step, t: Transition): ChangeDraft[] {
  const { event, before, to, diffs, reason, sentence } = step;
  const own: ChangeContent = {
    type: changeType(event.type, 'Meeting'),
    sentence,
    diffs,
    reason,
    cites: event.meta.basedOn ?? [],
    statedAt: event.meta.statedAt,
    ...(event.type === 'MeetingMerged' ? { into: event.data.into } : {}),
  };
  return draftChanges(t, before?.threads ?? [], own, () =>
    before === undefined ? own : releasedChange(to, step.cites, step.dateStatedAt),
  );
}

/** The full state, as it first appears to a level; its date counts as stated when it was. */
export const releasedChange = (to: Snapshot, cites: readonly string[], statedAt: string) => ({
  type: 'released',
  sentence: releasedSentence(to),
  diffs: diffSnapshots(undefined, to),
  reason: null,
  cites,
  statedAt,
});

function goneAtAfter(step: Step): string | null {
  const { state, before, event } = step;
  if (state.status !== 'merged' && state.status !== 'withdrawn') return null;
  return before?.goneAt ?? event.meta.recordedAt;
}

function lastWhenOf(state: ExistingMeeting): ResolvedWhen | null {
  const live = liveOf(state);
  if (live.status !== 'postponed' || live.lastWhen === undefined) return null;
  return resolveWhen(live.lastWhen, live.details.place?.timezone);
}

/**
 * The record after one event, and the changes each level sees. Pure: rows derive from (state, event) alone.
 * `circle`: this merge would close a circle, so it is ignored and flagged.
 */
export function advanceMeeting(
  before: MeetingRecord | undefined,
  event: RecordedMeetingEvent,
  seq: number,
  circle: boolean,
): Advanced {
  if (circle && before !== undefined) {
    return { record: { ...before, revision: event.revision, circle: true }, changes: [] };
  }
  const step = stepOf(before, event, seq);
  const lowest = lowestOf(step.state);
  const t = transition(before?.lowest ?? 3, lowest);
  const record: MeetingRecord = {
    ...(before ?? { n: seq, id: event.stream.slice('meeting-'.length) }),
    seq,
    revision: event.revision,
    state: step.state,
    lowest,
    when: step.when,
    lastWhen: lastWhenOf(step.state),
    dateStatedAt: step.dateStatedAt,
    lastRecordedAt: event.meta.recordedAt,
    cites: step.cites,
    threads: moveThreads(
      before?.threads ?? [],
      t,
      (thread) => advanceThread(thread, step),
      (levels) => beginThread(levels, step),
    ),
    ticks: [0, 1, 2].map((level) => {
      const tick = before?.ticks[level] ?? null;
      return level >= lowest ? bump(tick, event.meta.recordedAt) : tick;
    }),
    goneAt: goneAtAfter(step),
  };
  return { record, changes: changesOf(step, t) };
}
