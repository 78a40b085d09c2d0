import { LIMITS, type Participant, type Place, type When } from '../../events/values.ts';
import { checkWhen, instantMs, isoInstant } from './date/index.ts';
import { InvalidInput, pointer, Rejected } from './rules.ts';
import type { Access } from './visibility.ts';

/** Checks of values that mean the same in every command. Each throws. */

/**
 * @throws {InvalidInput} not a date of the accepted kinds
 * @throws {Rejected} end-before-start
 */
export function requireWhen(
  when: When | null | undefined,
  place: Place | null | undefined,
  path: readonly PropertyKey[],
): void {
  if (when === undefined || when === null) return;
  const problem = checkWhen(when, place?.timezone);
  if (problem === undefined) return;
  if (problem.code === 'end-before-start') throw new Rejected(problem.code, problem.message);
  throw new InvalidInput([{ path: pointer([...path, ...problem.path]), message: problem.message }]);
}

/** @throws {InvalidInput} the place's time zone does not exist */
export function requirePlace(place: Place | null | undefined, path: readonly PropertyKey[]): void {
  if (place?.timezone === undefined) return;
  const problem = checkWhen({ edtf: '2000', timezone: place.timezone });
  if (problem === undefined) return;
  throw new InvalidInput([{ path: pointer([...path, 'timezone']), message: problem.message }]);
}

/**
 * An embargo's end in the one form instants are stored in.
 * @throws {Rejected} embargo-passed
 */
export function futureEmbargo(embargoUntil: string | undefined, now: number): string | undefined {
  if (embargoUntil === undefined) return undefined;
  if (instantMs(embargoUntil) > now) return isoInstant(instantMs(embargoUntil));
  throw new Rejected(
    'embargo-passed',
    `The embargo ends at ${embargoUntil}, which is not in the future: leave it out to release at once, or give a later instant.`,
  );
}

/**
 * The end of what expires, in the one form instants are stored in.
 * @throws {Rejected} expiry-passed
 */
export function futureExpiry(expiresAt: string, now: number): string {
  if (instantMs(expiresAt) > now) return isoInstant(instantMs(expiresAt));
  throw new Rejected(
    'expiry-passed',
    `It would expire at ${expiresAt}, which is not in the future: give a later instant, or leave it out.`,
  );
}

export const nothingChanges = (): Rejected =>
  new Rejected(
    'nothing-changes',
    'This is what is recorded already: send at least one field that differs.',
  );

/**
 * The embargo that still stands: that of a public entry is over with its end, before that is recorded; no clock takes
 * it from any other.
 */
export const standingEmbargo = (
  { classification, embargoUntil }: Access,
  now: number,
): string | undefined => {
  const isOver =
    classification === 'public' && embargoUntil !== undefined && instantMs(embargoUntil) <= now;
  return isOver ? undefined : embargoUntil;
};

/**
 * Each party once in a list, and not more of them than fit.
 * @throws {Rejected} participant-already-there, too-many-participants
 */
export function requireOnce(participants: readonly Participant[]): void {
  if (participants.length > LIMITS.participants) throw tooMany();
  const seen = new Set<string>();
  for (const { party } of participants) {
    if (seen.has(party)) throw alreadyThere(party);
    seen.add(party);
  }
}

const tooMany = (): Rejected =>
  new Rejected(
    'too-many-participants',
    `A meeting has at most ${LIMITS.participants} participants: name delegations and not each of their members.`,
  );

const alreadyThere = (party: string): Rejected =>
  new Rejected(
    'participant-already-there',
    `${party} takes part already: name each party once, correct participants to change one, or give another person an id of their own in party.`,
  );
