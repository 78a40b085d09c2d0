import { DAY_MS } from '../src/domain/date/index.ts';
import type { Statements } from './statements.ts';
import type { Reader } from './types.ts';
import type { ViewValue } from './view-database.ts';

/** The stretch around an instant in which lists stay the same: see CalendarQueries. `untilMs` is exclusive. */
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

// An instant's UTC day is arithmetic: no zone, no leap seconds in POSIX time.
const utcDayOf = (ms: number) => {
  const start = Math.floor(ms / DAY_MS) * DAY_MS;
  return { start, end: start + DAY_MS };
};

/** The next embargo to end after the reader's clock: whoever saw the entry before sees that it ended. */
function embargoEnd(
  one: (sql: string, ...params: ViewValue[]) => number | undefined,
  { clockMs }: Reader,
): number {
  const ends = ['meetings', 'announcements'].map(
    (table) =>
      one(`SELECT min(vis0) AS ms FROM ${table} WHERE vis0 > 0 AND vis0 > ?`, clockMs) ??
      Number.POSITIVE_INFINITY,
  );
  return Math.min(...ends);
}
