import type { MeetingEvent } from '../../../events/meeting.ts';
import type { Place, When } from '../../../events/values.ts';
import { nothingChanges, requireOnce, requirePlace, requireWhen } from '../checks.ts';
import { Rejected } from '../rules.ts';
import { changedFields } from '../values.ts';
import type { MeetingCommand } from './commands.ts';
import { requireBegun, sameDate, saysTheSame } from './guards.ts';
import { type LiveMeeting, whenOf } from './state.ts';

/** The commands that set several fields at once: their events keep what changes, and no more. */

type Command<T extends MeetingCommand['type']> = Extract<MeetingCommand, { type: T }>;

interface Dated {
  readonly when?: When | null | undefined;
  readonly place?: Place | null | undefined;
}

/** The place as it is after the changes. */
const placeAfter = ({ place }: Dated, live: LiveMeeting): Place | undefined =>
  place === undefined ? live.details.place : (place ?? undefined);

/** What differs from the meeting as it is. A date that is only spelled otherwise does not. */
function changesOf<T extends object>(changes: T, live: LiveMeeting): Partial<T> {
  const given: Dated = changes as Dated;
  const recorded = whenOf(live);
  const same = saysTheSame(given.when, recorded, placeAfter(given, live));
  return changedFields(changes, { ...live.details, when: same ? given.when : recorded });
}

/** Rule nothing-changes. */
export function someChange<T extends object>(changes: T, live: LiveMeeting): Partial<T> {
  const changed = changesOf(changes, live);
  if (Object.keys(changed).length === 0) throw nothingChanges();
  return changed;
}

/** @throws {InvalidInput} a date or time zone does not exist */
function requireValues(changes: Dated, live: LiveMeeting): void {
  requirePlace(changes.place, ['place']);
  requireWhen(changes.when, placeAfter(changes, live), ['when']);
}

export function announce({ changes }: Command<'announce'>, live: LiveMeeting): MeetingEvent {
  requireValues(changes, live);
  requireOnce(changes.participants ?? []);
  return { type: 'MeetingAnnounced', data: changesOf(changes, live) };
}

export function correct(
  { changes, reason }: Command<'correct'>,
  live: LiveMeeting,
  now: number,
): MeetingEvent {
  if (changes.when !== undefined && live.status === 'postponed') {
    throw new Rejected('correct-postponed-date', 'It has no date now: reschedule it instead.');
  }
  if (typeof changes.outcome === 'string' && live.status !== 'held') {
    throw new Rejected(
      'wrong-status',
      'Only a meeting that was held has an outcome: hold it first.',
    );
  }
  requireValues(changes, live);
  requireOnce(changes.participants ?? []);
  if (live.status === 'held') requireStillBegun(changes, live, now);
  return { type: 'MeetingCorrected', data: { ...someChange(changes, live), reason } };
}

/** A corrected date of a held meeting is one on which it can have been held; a place's zone moves it too. */
function requireStillBegun(changes: Dated, live: LiveMeeting, now: number): void {
  const before = whenOf(live);
  const after = changes.when === undefined ? before : (changes.when ?? undefined);
  const place = placeAfter(changes, live);
  if (sameDate(after, place, before, live.details.place)) return;
  requireBegun(after, place, now);
}
