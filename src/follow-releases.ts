import { type ReleaseQueries, releaseQueries } from '../projections/releases.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { type Releases, type ReleasesOptions, startReleases } from './releases.ts';
import type { Projector } from './views/projector.ts';

/** Records ends of embargoes as the calendar's view knows them, from when that has reached the log's end. */
export function followReleases(
  given: Pick<ReleasesOptions, 'store' | 'now' | 'log'>,
  view: Projector,
): Releases {
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
  return releases;
}
