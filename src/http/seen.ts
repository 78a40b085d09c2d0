import { setTimeout as delay } from 'node:timers/promises';
import { type Reader, UnknownCursor } from '../../projections/types.ts';
import type { Caller } from './auth.ts';
import type { AppDeps, Limits } from './deps.ts';
import { Problem } from './problem.ts';

/** Reads that wait for a write: the event in `seen` or `after`. */
export interface Seen {
  /**
   * Waits for an event. One that the caller may not know is as one that does not come.
   * @throws {Problem} view-behind when it did not come in time
   */
  seen(eventId: string | undefined, caller: Caller): Promise<void>;
  /** As `seen`, also by the view of feeds and tokens, which may be behind that of the calendar. */
  seenByAccess(eventId: string, caller: Caller): Promise<void>;
  /**
   * Waits until an event is applied and found. Where it is not found, the wait is as long as for one that does not
   * come: its length tells nothing.
   */
  found(eventId: string, isFound: () => boolean): Promise<boolean>;
}

/** @param readerOf who a caller is to the queries */
export function createSeen(
  deps: AppDeps,
  { seenWaitMs }: Limits,
  readerOf: (caller: Caller) => Reader,
  signal: AbortSignal,
): Seen {
  const leftSince = (begun: number) => Math.max(0, begun + seenWaitMs - performance.now());
  const found: Seen['found'] = async (eventId, isFound) => {
    if (isFound()) return true;
    const begun = performance.now();
    if ((await deps.views.waitFor(eventId, seenWaitMs)) && isFound()) return true;
    await delay(leftSince(begun), undefined, { signal }).catch(() => {});
    return isFound();
  };
  const seen: Seen['seen'] = async (eventId, caller) => {
    if (eventId === undefined) return;
    const isSeen =
      caller.role === 'admin'
        ? await deps.views.waitFor(eventId, seenWaitMs)
        : await found(eventId, () => mayKnow(deps, readerOf(caller), eventId));
    if (!isSeen) throw notHere(eventId);
  };
  const seenByAccess: Seen['seenByAccess'] = async (eventId, caller) => {
    const begun = performance.now();
    await seen(eventId, caller);
    const { checkpoint } = deps.views.status();
    if (checkpoint === undefined) return;
    if (!(await deps.feeds.reached(checkpoint, leftSince(begun)))) throw notHere(eventId);
  };
  return { found, seen, seenByAccess };
}

const notHere = (eventId: string): Problem =>
  new Problem('view-behind', `event ${eventId} has not been applied here: try again`);

/** Whether an event is one that the caller could have been told of: it is, or was, visible to them. */
function mayKnow(deps: AppDeps, reader: Reader, after: string): boolean {
  try {
    return deps.queries()?.listChanges({ reader, filters: {}, limit: 1, after }) !== undefined;
  } catch (error) {
    if (error instanceof UnknownCursor) return false;
    throw error;
  }
}
