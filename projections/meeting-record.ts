import type { Meta } from '../events/envelope.ts';
import type { MeetingEvent } from '../events/meeting.ts';
import { instantMs, type ResolvedWhen, resolveWhen } from '../src/domain/date/index.ts';
import { evolve, initialState } from '../src/domain/meeting/index.ts';
import {
  type ExistingMeeting,
  type LiveMeeting,
  liveOf,
  whenOf,
} from '../src/domain/meeting/state.ts';
import { embargoedLevel } from '../src/domain/visibility.ts';
import { type ChangeContent, type ChangeDraft, changeType, draftChanges } from './levels.ts';
import { advanceThread, beginThread, type MeetingThread } from './meeting-thread.ts';
import { meetingSentence, releasedSentence } from './sentences.ts';
import { diffSnapshots, resolvedWhen, type Snapshot, snapshotOf } from './snapshot.ts';
import { type Lowest, moveThreads, type Transition, transition } from './transition.ts';
import type { Diff } from './types.ts';

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

export interface Advanced {
  readonly record: MeetingRecord;
  readonly changes: readonly ChangeDraft[];
}

/** What a record is made from: as recorded, or as the clock has it before it is (meeting-view.ts). */
export type RecordedMeetingEvent = MeetingEvent & {
  readonly stream: string;
  readonly revision: number;
  readonly meta: Pick<Meta, 'recordedAt' | 'statedAt' | 'basedOn'>;
};

export const lowestOf = (state: ExistingMeeting): Lowest => {
  const { classification, embargoUntil } = liveOf(state).details;
  return embargoedLevel(classification, embargoUntil);
};

/** Everything that one event changes, worked out before anything is written. */
export interface Step {
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
  readonly setsDate: boolean;
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
  const setsDate = before === undefined || datesAnew(before.state, state);
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
    setsDate,
    dateStatedAt: setsDate ? event.meta.statedAt : before.dateStatedAt,
  };
}

// A date also becomes another when its place brings another zone; but nobody set it then.
const datesAnew = (was: ExistingMeeting, is: ExistingMeeting): boolean =>
  whenOf(liveOf(was)) !== whenOf(liveOf(is));

/** The later instant. Two of one length have the same digits of a second, and read as they follow. */
function laterOf(a: string, b: string): string {
  const later = a.length === b.length ? a > b : instantMs(a) > instantMs(b);
  return later ? a : b;
}

/** One more event for a level that sees it. */
export const bump = (tick: Tick | null, recordedAt: string): Tick =>
  tick === null
    ? { sequence: 0, stamp: recordedAt, created: recordedAt }
    : { ...tick, sequence: tick.sequence + 1, stamp: laterOf(tick.stamp, recordedAt) };

/** Levels that have counted the same share one tick, as most do. */
function ticksAfter(before: MeetingRecord | undefined, lowest: Lowest, recordedAt: string) {
  let last: { readonly from: Tick | null; readonly to: Tick } | undefined;
  return [0, 1, 2].map((level) => {
    const from = before?.ticks[level] ?? null;
    if (level < lowest) return from;
    if (last?.from !== from || last === undefined) last = { from, to: bump(from, recordedAt) };
    return last.to;
  });
}

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
const releasedChange = (to: Snapshot, cites: readonly string[], statedAt: string) => ({
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

/** Of a merge that would close a circle only its id is known, as a cursor; and that the stream went on. */
const ignored = (before: MeetingRecord, { revision, meta }: RecordedMeetingEvent): Advanced => ({
  record: { ...before, revision, lastRecordedAt: meta.recordedAt, circle: true },
  changes: [{ lo: 3, hi: 2, known: before.lowest, type: 'ignored' }],
});

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
  if (circle && before !== undefined) return ignored(before, event);
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
    ticks: ticksAfter(before, lowest, event.meta.recordedAt),
    goneAt: goneAtAfter(step),
  };
  return { record, changes: changesOf(step, t) };
}
