import { Statements } from './statements.ts';
import type { ViewDatabase } from './view-database.ts';

/** A public entry whose embargo has an end that no event has recorded yet. */
export interface PendingRelease {
  readonly kind: 'meeting' | 'announcement';
  readonly id: string;
  /** End of the embargo, epoch ms. */
  readonly atMs: number;
}

export interface ReleaseQueries {
  /** Those whose embargo ended by then, in the order (end, stream). */
  due(nowMs: number, limit: number): PendingRelease[];
  /** The next end after that instant, epoch ms; undefined: none is known. */
  nextAfter(nowMs: number): number | undefined;
}

const DUE = `
  SELECT 'announcement' AS kind, id, vis0 AS at_ms FROM announcements WHERE vis0 > 0 AND vis0 <= ?1
  UNION ALL SELECT 'meeting', id, vis0 FROM meetings WHERE vis0 > 0 AND vis0 <= ?1
  ORDER BY at_ms, kind, id LIMIT ?2`;
const NEXT = `
  SELECT min(at_ms) AS at_ms FROM (
    SELECT min(vis0) AS at_ms FROM announcements WHERE vis0 > 0 AND vis0 > ?1
    UNION ALL SELECT min(vis0) FROM meetings WHERE vis0 > 0 AND vis0 > ?1)`;

/** What an open calendar view says of embargoes. */
export function releaseQueries(db: ViewDatabase): ReleaseQueries {
  const statements = new Statements(db);
  return {
    due: (nowMs, limit) =>
      statements
        .of(DUE)
        .all(nowMs, limit)
        .map(({ kind, id, at_ms }) => ({
          kind: kind as PendingRelease['kind'],
          id: id as string,
          atMs: at_ms as number,
        })),
    nextAfter: (nowMs) => (statements.of(NEXT).get(nowMs)?.at_ms as number | null) ?? undefined,
  };
}
