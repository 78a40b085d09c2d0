import type { Position } from '../event-store.ts';

/** A place in the cluster's own order of all events: byte offsets, so they say nothing about how many. */
export interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** A server's word for no place, -1, as the driver reads it: after it, everything would be behind. */
const NO_PLACE = 2n ** 64n - 1n;

/** False: a checkpoint of a subscription that has looked at nothing yet. Seen of a real 24.6 whose log was empty. */
export const isPlace = ({ commit }: Place): boolean => commit !== NO_PLACE;

/** One number for what is almost always the same twice. */
export const formatPosition = ({ commit, prepare }: Place): Position =>
  commit === prepare ? String(commit) : `${commit}.${prepare}`;

/** @throws {RangeError} it is no position of such a store */
export function parsePosition(position: Position): Place {
  const match = /^(\d{1,20})(?:\.(\d{1,20}))?$/.exec(position);
  if (match?.[1] !== undefined) {
    const commit = BigInt(match[1]);
    return { commit, prepare: match[2] === undefined ? commit : BigInt(match[2]) };
  }
  throw new RangeError(`'${position}' is not a position of this store: use one that it gave out`);
}

/** Negative when `a` comes first, 0 for the same place. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  if (a.prepare !== b.prepare) return a.prepare < b.prepare ? -1 : 1;
  return 0;
}
