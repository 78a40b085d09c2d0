import type { MeetingEventType } from '../events/meeting.ts';
import { type ResolvedWhen, utcDay } from '../src/domain/date/index.ts';
import type { Step } from './meeting-record.ts';
import { releasedSentence } from './sentences.ts';
import { sameDate } from './snapshot.ts';
import type { PreviousDate } from './types.ts';

/** What a group of levels has seen of one meeting since it became visible to them. */

/** A date that slipped; which announcement a reader is told of depends on what they may see. */
export type EndedDate = Omit<PreviousDate, 'announcement'> & { readonly cites: readonly string[] };

export interface MeetingThread {
  readonly levels: readonly number[];
  readonly since: number;
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly previousDates: readonly EndedDate[];
  /** Of the event that set the present status or date, and its stated day. */
  readonly reason: string | null;
  readonly reasonDay: string;
  /** Every date that stood here, oldest first: a feed shows the last one after it is lost. */
  readonly dates: readonly ResolvedWhen[];
  readonly statuses: readonly string[];
  readonly recent: readonly { readonly sentence: string; readonly statedAt: string }[];
}

/** The events that move a date, as against correcting our record of it. */
const SLIPPING: ReadonlySet<MeetingEventType> = new Set([
  'MeetingRescheduled',
  'MeetingPostponed',
  'MeetingAnnounced',
  'MeetingHeld',
  'MeetingReinstated',
]);

const RECENT = 3;

/** The date that this event ended, when it is one that slipped. */
function endedDate({ event, before, when, reason }: Step): EndedDate | undefined {
  if (before === undefined || before.when === null || !SLIPPING.has(event.type)) return undefined;
  if (sameDate(before.when, when)) return undefined;
  return {
    when: before.when,
    until: event.meta.statedAt,
    statedAt: before.dateStatedAt,
    reason,
    cites: event.meta.basedOn ?? [],
  };
}

const setsStatusOrDate = ({ diffs, setsDate }: Step): boolean =>
  setsDate || diffs.some(({ field }) => field === 'status');

/** What levels that go on seeing the meeting have seen after one more event. */
export function advanceThread(thread: MeetingThread, step: Step): MeetingThread {
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
    recent: [...thread.recent, { sentence, statedAt: event.meta.statedAt }].slice(-RECENT),
  };
}

/** A level's first sight of it: the whole state, with an empty history. */
export function beginThread(levels: readonly number[], step: Step): MeetingThread {
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
    // A release sets neither status nor date: these are of the day they were stated.
    reasonDay: utcDay(step.dateStatedAt),
    dates: when === null ? [] : [when],
    statuses: [to.status],
    recent: [
      { sentence, statedAt: before === undefined ? event.meta.statedAt : step.dateStatedAt },
    ],
  };
}
