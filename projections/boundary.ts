import type { Statements } from './lookup.ts';
import type { Reader } from './types.ts';
import type { ViewValue } from './view-database.ts';

/**
 * Between two instants at which a visible meeting changes sides or an embargo ends, every clock gives the
 * same lists. `nowMs` is the first instant of that stretch (or the start of the UTC day if later), `untilMs`
 * its end, exclusive.
 */
export function boundary(
  statements: Statements,
  reader: Reader,
  nowMs: number,
): { nowMs: number; untilMs: number } {
  const { level, clockMs } = reader;
  const one = (sql: string, ...params: ViewValue[]): number | undefined =>
    (statements.of(sql).get(...params)?.ms as number | null | undefined) ?? undefined;
  const day = utcDayOf(nowMs);
  const turned = one(
    `SELECT past_at AS ms FROM meetings WHERE past_at < ? AND past_at >= ? AND vis${level} <= ?
     ORDER BY past_at DESC LIMIT 1`,
    nowMs,
    day.start,
    clockMs,
  );
  const turns = one(
    `SELECT past_at AS ms FROM meetings WHERE past_at >= ? AND past_at < ? AND vis${level} <= ?
     ORDER BY past_at LIMIT 1`,
    nowMs,
    day.end,
    clockMs,
  );
  return {
    nowMs: turned === undefined ? day.start : turned + 1,
    untilMs: Math.min(day.end, turns === undefined ? day.end : turns + 1, embargoEnd(one, reader)),
  };
}

const DAY_MS = 86_400_000;

// An instant's UTC day is arithmetic: no zone, no leap seconds in POSIX time.
const utcDayOf = (ms: number) => {
  const start = Math.floor(ms / DAY_MS) * DAY_MS;
  return { start, end: start + DAY_MS };
};

/** The next embargo to end after the reader's clock; only level 0 waits for one. */
function embargoEnd(
  one: (sql: string, ...params: ViewValue[]) => number | undefined,
  { level, clockMs }: Reader,
): number {
  if (level !== 0) return Number.POSITIVE_INFINITY;
  const ends = ['meetings', 'announcements'].map(
    (table) =>
      one(`SELECT min(vis0) AS ms FROM ${table} WHERE vis0 > 0 AND vis0 > ?`, clockMs) ??
      Number.POSITIVE_INFINITY,
  );
  return Math.min(...ends);
}
