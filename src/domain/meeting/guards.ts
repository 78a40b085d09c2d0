import type { MeetingStatus, Place, When } from '../../../events/values.ts';
import { earliestMs, latestMs, type ResolvedWhen, resolveWhen, sameWhen } from '../date/index.ts';
import { Rejected } from '../rules.ts';
import type { MeetingCommandType } from './commands.ts';
import {
  type ExistingMeeting,
  type LiveMeeting,
  lastWhenOf,
  type MeetingState,
  whenOf,
} from './state.ts';

/** The rules that hold across commands. Each guard throws Rejected. */

const OPEN = ['proposed', 'announced', 'confirmed'] as const;
const PLANNED = [...OPEN, 'postponed'] as const;
const LIVE = [...PLANNED, 'held', 'not-held', 'cancelled'] as const;

/** Which command may be given in which status. */
export const STATUS_TABLE: Record<
  Exclude<MeetingCommandType, 'create'>,
  readonly MeetingStatus[]
> = {
  announce: ['proposed'],
  confirm: ['proposed', 'announced'],
  reschedule: PLANNED,
  revise: PLANNED,
  postpone: OPEN,
  relocate: PLANNED,
  correct: LIVE,
  hold: PLANNED,
  outcome: ['held'],
  'not-held': PLANNED,
  cancel: PLANNED,
  reinstate: ['postponed', 'cancelled', 'not-held'],
  reclassify: LIVE,
  merge: LIVE,
  withdraw: LIVE,
  restore: ['merged', 'withdrawn'],
  'add-participant': LIVE,
  'remove-participant': LIVE,
};

const CURES: Partial<Record<MeetingState['status'], string>> = {
  none: 'Announce or propose it first.',
  postponed: 'Reschedule or reinstate it first.',
  held: 'Correct the record where it is wrong.',
  'not-held': 'Reinstate it first, or correct the record where it is wrong.',
  cancelled: 'Reinstate it first, or correct the record where it is wrong.',
  merged: 'Restore it first, or use the meeting it was merged into.',
  withdrawn: 'Restore it first.',
};

/** The status table of the meeting. Rule wrong-status. */
export function requireStatus(
  type: Exclude<MeetingCommandType, 'create'>,
  state: MeetingState,
): asserts state is ExistingMeeting {
  const allowed: readonly string[] = STATUS_TABLE[type];
  if (allowed.includes(state.status)) return;
  const cure = CURES[state.status] ?? 'Read the meeting again.';
  throw new Rejected(
    'wrong-status',
    `A meeting that is ${state.status === 'none' ? 'not there' : state.status} does not take ${type}, only one that is ${allowed.join(', ')}. ${cure}`,
  );
}

const resolvedAt = (when: When, place: Place | undefined): ResolvedWhen =>
  resolveWhen(when, place?.timezone);

const resolved = (when: When, live: LiveMeeting): ResolvedWhen =>
  resolvedAt(when, live.details.place);

/** Whether two dates, each at its place, are the same one, however they are spelled. */
export function sameDate(
  a: When | undefined,
  placeOfA: Place | undefined,
  b: When | undefined,
  placeOfB: Place | undefined,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameWhen(resolvedAt(a, placeOfA), resolvedAt(b, placeOfB));
}

/** Whether a date given at a place says what is recorded: the same one, with the same phrase and anchor. */
export function saysTheSame(
  given: When | null | undefined,
  recorded: When | undefined,
  place: Place | undefined,
): boolean {
  if (!given || !recorded) return false;
  return (
    given.phrase === recorded.phrase &&
    given.anchor === recorded.anchor &&
    sameDate(given, place, recorded, place)
  );
}

/** Rule same-date. */
export function requireOtherDate(when: When, live: LiveMeeting): void {
  const { place } = live.details;
  if (!sameDate(when, place, whenOf(live), place)) return;
  throw new Rejected(
    'same-date',
    'The meeting already has this date: give the new one, or correct the phrase it was printed with.',
  );
}

/** Rule hold-before-start: the earliest moment is not after the clock, or unknown. */
export function requireBegun(when: When | undefined, place: Place | undefined, now: number): void {
  if (when === undefined) return;
  const date = resolvedAt(when, place);
  const earliest = earliestMs(date);
  if (earliest === null || earliest <= now) return;
  throw new Rejected(
    'hold-before-start',
    `The meeting cannot have been held on ${date.display}, which is still to come: give the actual date in when, or reschedule it.`,
  );
}

/** Rule not-held-too-early: the latest moment is before the clock, or the meeting undated. */
export function requireOver(live: LiveMeeting, now: number): void {
  const when = whenOf(live);
  if (when === undefined || isOver(resolved(when, live), now)) return;
  throw new Rejected(
    'not-held-too-early',
    `The meeting may still take place (${resolved(when, live).display}): cancel or postpone it, or wait until its date is over.`,
  );
}

function isOver(date: ResolvedWhen, now: number): boolean {
  const latest = latestMs(date);
  return latest !== null && latest < now;
}

/** Rule date-passed: the date that reinstating would restore is not over. */
export function requireLastDateAhead(live: LiveMeeting, now: number): void {
  const when = lastWhenOf(live);
  if (when === undefined || !isOver(resolved(when, live), now)) return;
  throw new Rejected(
    'date-passed',
    `The last date (${resolved(when, live).display}) is over: give the new one in when.`,
  );
}
