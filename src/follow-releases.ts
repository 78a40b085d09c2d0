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
  const applied = async (): Promise<void> => {
    let before: string | undefined;
    for (;;) {
      const last = await releases.recorded();
      // What is due although nothing more could be recorded stays so.
      if (last === undefined || last === before) return;
      await view.waitFor(last, WAIT_MS);
      before = last;
    }
  };
  return {
    applied: () => Promise.race([applied(), delay(WAIT_MS, undefined, { ref: false })]),
    close: () => releases.close(),
  };
}
