/** Somebody who waits for a place. */
export interface Waiter {
  /** The address they come from; undefined: no address is counted. */
  readonly from: string | undefined;
}

/** What of those waiting may be of one address, once half of the places are taken. */
const SHARE = 10;

/** Whether so many of one address wait already that another one of it may not, of `most` places in all. */
export function hasItsShare(waiting: readonly Waiter[], from: string | undefined, most: number) {
  if (from === undefined || waiting.length < most / 2) return false;
  return waiting.filter((other) => other.from === from).length >= most / SHARE;
}
