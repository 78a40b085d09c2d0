import type { MeetingEvent } from '../events/meeting.ts';
import type { Place } from '../events/values.ts';
import { moved, type ResolvedWhen } from '../src/domain/date/index.ts';
import type { Snapshot } from './snapshot.ts';
import { sameDate } from './snapshot.ts';
import type { Diff } from './types.ts';

/** One English sentence for each change, saying what is known and no more. */

const FIELD_WORDS: Readonly<Record<string, string>> = {
  when: 'date',
  embargoUntil: 'embargo',
};

const words = (field: string): string => FIELD_WORDS[field] ?? field;

/** "a, b and c" */
function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

const fieldsOf = (diffs: readonly Diff[]): string => listed(diffs.map((d) => words(d.field)));

const forDate = (when: ResolvedWhen | null): string =>
  when === null ? ', no date yet' : ` for ${when.display}`;

/** "Geneva", "Tehran, IR", "online". */
export function placeWords(place: Place | null): string {
  if (place === null) return 'no place';
  const parts = [place.venue, place.name, place.name === undefined ? place.country : undefined];
  const named = parts.filter((part) => part !== undefined).join(', ');
  if (place.online === undefined) return named;
  return named === '' ? 'online' : `${named} and online`;
}

/** "Date moved from A to B", or "Date set to B" for a first date, a refinement, or the same one. */
function dateWords(before: ResolvedWhen | null, after: ResolvedWhen | null): string {
  if (after === null) return before === null ? 'No date' : `Date ${before.display} withdrawn`;
  if (before === null || moved(before, after).kind === 'refinement') {
    return `Date set to ${after.display}`;
  }
  return `Date moved from ${before.display} to ${after.display}`;
}

function placeSentence(before: Place | null, after: Place | null): string {
  if (before === null) return `Place set to ${placeWords(after)}`;
  return `Moved from ${placeWords(before)} to ${placeWords(after)}`;
}

function partyName(snapshot: Snapshot | undefined, party: string): string {
  return snapshot?.participants.find((p) => p.party === party)?.name ?? party;
}

function heldSentence(before: Snapshot | undefined, after: Snapshot): string {
  if (after.when === null) return 'Held, date not known';
  if (before === undefined || before.when === null || sameDate(before.when, after.when)) {
    return `Held: ${after.when.display}`;
  }
  return moved(before.when, after.when).kind === 'refinement'
    ? `Held. Date set to ${after.when.display}`
    : `Held. Date moved from ${before.when.display} to ${after.when.display}`;
}

function announced(before: Snapshot | undefined, after: Snapshot): string {
  if (before === undefined) return `Announced${forDate(after.when)}`;
  if (sameDate(before.when, after.when)) return 'Announced';
  return `Announced. ${dateWords(before.when, after.when)}`;
}

interface Change {
  readonly before: Snapshot | undefined;
  readonly after: Snapshot;
  readonly diffs: readonly Diff[];
}

type Writer<T extends MeetingEvent['type']> = (
  change: Change,
  data: Extract<MeetingEvent, { type: T }>['data'],
) => string;

const WRITERS: { readonly [T in MeetingEvent['type']]: Writer<T> } = {
  MeetingProposed: ({ after }) => `Proposed${forDate(after.when)}`,
  MeetingAnnounced: ({ before, after }) => announced(before, after),
  MeetingConfirmed: () => 'Confirmed',
  MeetingRescheduled: ({ before, after }) => dateWords(before?.when ?? null, after.when),
  MeetingRevised: ({ diffs }) => `Revised: ${fieldsOf(diffs)}`,
  MeetingPostponed: ({ before }) =>
    before === undefined || before.when === null
      ? 'Postponed without a new date'
      : `Postponed without a new date (was ${before.when.display})`,
  MeetingRelocated: ({ before, after }) => placeSentence(before?.place ?? null, after.place),
  MeetingCorrected: ({ diffs, before, after }) =>
    diffs.length === 1 && diffs[0]?.field === 'when'
      ? `Corrected: ${dateCorrection(before?.when ?? null, after.when)}`
      : `Corrected: ${fieldsOf(diffs)}`,
  MeetingParticipantAdded: (_, { participant }) => `${participant.name} added`,
  MeetingParticipantRemoved: ({ before }, { party }) => `${partyName(before, party)} removed`,
  MeetingHeld: ({ before, after }) => heldSentence(before, after),
  MeetingOutcomeRecorded: () => 'Outcome recorded',
  MeetingNotHeld: () => 'Not held',
  MeetingCancelled: () => 'Cancelled',
  MeetingReinstated: ({ after }) => `Reinstated${forDate(after.when)}`,
  MeetingReclassified: ({ before, after }) =>
    before === undefined || before.classification === after.classification
      ? 'Embargo changed'
      : `Classification changed from ${before.classification} to ${after.classification}`,
  MeetingReleased: () => 'Embargo ended',
  // The survivor may be hidden from the reader, so no sentence names it: queries add it when visible.
  MeetingMerged: () => 'Merged into another meeting',
  MeetingWithdrawn: () => 'Withdrawn: entered in error',
  MeetingRestored: ({ after }) => `Restored as ${after.status}`,
};

const dateCorrection = (before: ResolvedWhen | null, after: ResolvedWhen | null): string =>
  `the date is ${after?.display ?? 'not known'}, not ${before?.display ?? 'unknown'}`;

/** The sentence for a change; `before` is undefined for a stream's first event. */
export function meetingSentence(event: MeetingEvent, change: Change): string {
  const write = WRITERS[event.type] as Writer<MeetingEvent['type']>;
  return write(change, event.data as never);
}

/** The sentence with which an entry appears to a level that could not see it before. */
export const releasedSentence = (after: Snapshot): string =>
  after.when === null
    ? `Released as ${after.status}`
    : `Released as ${after.status}, ${after.when.display}`;
