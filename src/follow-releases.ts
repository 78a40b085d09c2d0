import { setTimeout as delay } from 'node:timers/promises';
import { type ReleaseQueries, releaseQueries } from '../projections/releases.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { type Releases, type ReleasesOptions, startReleases } from './releases.ts';
import type { Projector } from './views/projector.ts';

export interface FollowedReleases extends Pick<Releases, 'close'> {
  /** Settles once all ends that have come are recorded and in the view, or when that takes too long. Never throws. */
  applied(): Promise<void>;
}

/** How long an answer waits for the view to have what has ended. */
const WAIT_MS = 2_000;

/** Records ends of embargoes as the calendar's view knows them, from when that has reached the log's end. */
export function followReleases(
  given: Pick<ReleasesOptions, 'store' | 'now' | 'log'>,
  view: Projector,
): FollowedReleases {
  const made = new WeakMap<ViewDatabase, ReleaseQueries>();
  const queries = () => {
    if (!view.readable) return undefined;
    const db = view.reader();
    const known = made.get(db) ?? releaseQueries(db);
    made.set(db, known);
    return known;
  };
  const releases = startReleases({ ...given, queries });
  view.ready.then(
    () => {
      view.onBatch(() => releases.wake());
      releases.wake();
    },
    () => {},
  );
  const hasAll = async (): Promise<boolean> => {
    const head = await given.store.head();
    return head !== undefined && (await view.waitFor(head.id, WAIT_MS));
  };
  const untilApplied = async (): Promise<void> => {
    let before = '';
    for (;;) {
      const due = (await releases.recorded()).join(' ');
      // What stays due in a view that has all there is cannot be recorded.
      if (due === '' || !(await hasAll()) || due === before) return;
      before = due;
    }
  };
  return {
    applied: () => withinTime(untilApplied),
    close: () => releases.close(),
  };
}

/** Settles with the work, or before it; a store that is away has nothing to wait for. */
async function withinTime(work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work(), delay(WAIT_MS, undefined, { signal: over.signal })]);
  } catch {
    // Told by whatever needs the store itself.
  } finally {
    over.abort();
  }
}
