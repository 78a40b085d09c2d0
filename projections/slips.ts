import type { MeetingEvent } from '../events/meeting.ts';
import { type EndedDate, endedDate } from './ended-date.ts';
import type { KeptEvent } from './journal.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import type { MeetingFacts } from './meeting-facts.ts';
import type { MeetingRow } from './meeting-record.ts';
import { snapshotAfter } from './meeting-telling.ts';
import { readPage } from './paging.ts';
import type { Sight } from './transition.ts';
import type {
  MeetingSlips,
  Page,
  Reader,
  SlipFilters,
  SlipSums,
  SlipsRequest,
  TrackSlips,
} from './types.ts';
import type { ViewDatabase, ViewRow } from './view-database.ts';
import { addMeetingFilters, visibleTo, Where } from './where.ts';

/**
 * How meetings slipped: one row for each group of levels that has seen dates end, from what its previousDates
 * say. `days`, `least` and `most` are sums over the moves; a postponement is open-ended and only counted.
 */
export const SLIP_TABLES = `
CREATE TABLE slips (
  n INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, id TEXT NOT NULL,
  moves INTEGER NOT NULL, postponements INTEGER NOT NULL,
  days INTEGER NOT NULL, least INTEGER NOT NULL, most INTEGER NOT NULL,
  PRIMARY KEY (n, lo)
) STRICT, WITHOUT ROWID;
`;

export const SLIP_INDEXES = `
CREATE INDEX slips_days ON slips (days, moves, id);
CREATE INDEX slips_moves ON slips (moves, days, id);
`;

interface SlipRow {
  readonly lo: number;
  readonly hi: number;
  readonly moves: number;
  readonly postponements: number;
  readonly days: number;
  readonly least: number;
  readonly most: number;
}

/** A date that slipped with the event with that seq; see PreviousDate. */
export interface Slip extends Pick<EndedDate, 'days' | 'range'> {
  readonly seq: number;
  /** Given up without another. */
  readonly postponed: boolean;
}

/** The date that slipped with an event; a refinement is no slip. */
export function slipOf(
  event: KeptEvent<MeetingEvent>,
  before: MeetingFacts | undefined,
  after: MeetingFacts,
): Slip | undefined {
  const ended = endedDate(event, before, after);
  return ended?.slip === true
    ? { seq: event.seq, postponed: after.when === null, days: ended.days, range: ended.range }
    : undefined;
}

function slipRow(slips: readonly Slip[], { levels, since }: Sight): SlipRow | undefined {
  const sums = { moves: 0, postponements: 0, days: 0, least: 0, most: 0 };
  for (const { seq, postponed, days, range } of slips) {
    if (seq <= since) continue;
    if (postponed) sums.postponements += 1;
    else sums.moves += 1;
    // To an open interval it is not known how far.
    sums.days += days ?? 0;
    sums.least += range?.[0] ?? days ?? 0;
    sums.most += range?.[1] ?? days ?? 0;
  }
  if (sums.moves + sums.postponements === 0) return undefined;
  return { lo: Math.min(...levels), hi: Math.max(...levels), ...sums };
}

/** Writes rows of slips of one database. */
export class SlipRows {
  readonly #remove;
  readonly #insert;

  constructor(db: ViewDatabase) {
    this.#remove = db.prepare('DELETE FROM slips WHERE n = ?');
    this.#insert = db.prepare('INSERT INTO slips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  }

  /** `stored`: whether there may be rows already. */
  write({ n, id, sights }: MeetingRow, slips: readonly Slip[], stored: boolean): void {
    if (stored) this.#remove.run(n);
    for (const sight of sights) {
      const row = slipRow(slips, sight);
      if (row === undefined) continue;
      const { lo, hi, moves, postponements, days, least, most } = row;
      this.#insert.run(n, lo, hi, id, moves, postponements, days, least, most);
    }
  }
}

const SLIPS = `(SELECT s.lo, s.hi, s.moves, s.postponements, s.days, s.least, s.most, m.*
  FROM slips s JOIN meetings m ON m.n = s.n)`;

/** Filters of lists but for `q`, which the rows of meetings cannot answer exactly. */
function seenBy(reader: Reader, filters: SlipFilters): Where {
  const { participant, topic } = filters;
  return addMeetingFilters(visibleTo(reader), filters)
    .add('lo <= ?', reader.level)
    .add('hi >= ?', reader.level)
    .anyOf('SELECT 1 FROM (SELECT value ->> 0 AS value FROM json_each(parties))', participant)
    .anyOf('SELECT 1 FROM json_each(topics)', topic);
}

const SORTS = { days: ['days', 'moves'], moves: ['moves', 'days'] } as const;
const SUMS = ['moves', 'postponements', 'days', 'least', 'most'] as const;

function sumsOf(row: ViewRow): SlipSums {
  const { moves, postponements, days, least, most } = row as unknown as SlipRow;
  const exact = least === days && most === days;
  return { moves, postponements, days, range: exact ? null : [least, most] };
}

/** Meetings by how far, or how often, they moved, the greatest first. */
export function meetingSlips(context: QueryContext, request: SlipsRequest): Page<MeetingSlips> {
  const { reader, filters, limit, cursor, sort = 'days' } = request;
  const lookup = new Lookup(context, reader);
  return readPage({
    statements: context.statements,
    from: SLIPS,
    where: seenBy(reader, filters),
    keyset: { columns: [...SORTS[sort], 'id'], descending: true, parts: ['1'] },
    more: SUMS,
    ...{ limit, cursor },
    accept: (row) => {
      const visible = lookup.seen(JSON.parse(row.record as string) as MeetingRow);
      if (visible === undefined) return undefined;
      const { title, track, status, when } = snapshotAfter(visible.told.facts);
      const self = `/meetings/${visible.row.id}`;
      return {
        ...{ meeting: visible.row.id, title, track, status, when },
        ...sumsOf(row),
        links: { self, history: `${self}/history` },
      };
    },
  });
}

/** Tracks by how far, or how often, their meetings moved, the greatest first. */
export function trackSlips(
  { statements }: QueryContext,
  { reader, filters, limit, cursor, sort = 'days' }: SlipsRequest,
): Page<TrackSlips> {
  const where = seenBy(reader, filters).add('track IS NOT NULL');
  const sums = SUMS.map((column) => `sum(${column}) AS ${column}`).join(', ');
  return readPage({
    statements,
    from: `(SELECT track AS id, count(*) AS meetings, ${sums}, '' AS record FROM ${SLIPS}
      WHERE ${where.sql} GROUP BY track)`,
    where: new Where().add('1', ...where.params),
    keyset: { columns: [...SORTS[sort], 'id'], descending: true, parts: ['1'] },
    more: ['meetings', ...SUMS],
    ...{ limit, cursor },
    accept: (row) => ({
      track: row.id as string,
      meetings: row.meetings as number,
      ...sumsOf(row),
      links: { meetings: `/meetings?track=${row.id}` },
    }),
  });
}
