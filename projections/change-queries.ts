import { changeMatches } from './change-filter.ts';
import { changeView } from './change-view.ts';
import { CHANGES_PER_EVENT, type EntityKind } from './changes.ts';
import { Lookup } from './lookup.ts';
import { visibleAnnouncement } from './meeting-view.ts';
import { type ChangeContext, pendingChange, pendingChanges } from './pending-changes.ts';
import {
  type CalendarQueries,
  type ChangeView,
  type Page,
  type Reader,
  UnknownCursor,
} from './types.ts';
import type { ViewRow, ViewValue } from './view-database.ts';

type HistoryPage = { readonly limit: number; readonly cursor?: string };

/** One entry as its history needs it. */
interface Told {
  readonly kind: EntityKind;
  readonly id: string;
  /** The release that the clock brought and no event says yet. */
  readonly pending: ViewRow | undefined;
}

/** The row number after which a page begins. @throws {UnknownCursor} */
function historyStart(
  { statements }: ChangeContext,
  { level }: Reader,
  { kind, id, pending }: Told,
  cursor: string | undefined,
): number {
  if (cursor === undefined) return 0;
  const row = statements
    .of(
      'SELECT n FROM changes WHERE event = ? AND entity = ? AND kind = ? AND known_lo <= ? AND hi >= ?',
    )
    .get(cursor, id, kind, level, level);
  const n = row?.n ?? (pending?.event === cursor ? pending.n : undefined);
  if (n === undefined) throw new UnknownCursor('this cursor is not of this history');
  return n as number;
}

function historyRows(
  context: ChangeContext,
  reader: Reader,
  told: Told,
  { limit, cursor }: HistoryPage,
): Page<ViewRow> {
  const start = historyStart(context, reader, told, cursor);
  const rows = context.statements
    .of(
      `SELECT * FROM changes WHERE entity = ? AND kind = ? AND n > ? AND lo <= ? AND hi >= ?
       AND body IS NOT NULL ORDER BY n LIMIT ?`,
    )
    .all(told.id, told.kind, start, reader.level, reader.level, limit + 1);
  const { pending } = told;
  if (pending !== undefined && (pending.n as number) > start) rows.push(pending);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit), next: last === undefined ? null : `${last.event}` };
}

function history(
  context: ChangeContext,
  reader: Reader,
  lookup: Lookup,
  told: Told,
  page: HistoryPage,
): Page<ChangeView> {
  const rows = historyRows(context, reader, told, page);
  return { ...rows, items: rows.items.map((row) => changeView(row, reader, lookup, true)) };
}

/** What the reader has seen of one meeting; undefined when it does not exist for them. */
export function meetingHistory(
  context: ChangeContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context.statements, reader);
  const visible = lookup.meeting(id);
  if (visible === undefined) return undefined;
  const pending = pendingChange(context, reader, 'meeting', visible);
  return history(context, reader, lookup, { kind: 'meeting', id, pending }, page);
}

export function announcementHistory(
  context: ChangeContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context.statements, reader);
  const record = lookup.announcement(id);
  const visible = record && visibleAnnouncement(record, reader);
  if (visible === undefined) return undefined;
  const pending = pendingChange(context, reader, 'announcement', visible);
  return history(context, reader, lookup, { kind: 'announcement', id, pending }, page);
}

/** How many rows one request reads at most: a filter that matches little answers with a short page. */
export const CHANGES_SCANNED = 2_000;

type ChangesRequest = Parameters<CalendarQueries['listChanges']>[0];

/** The row number to go on after. @throws {UnknownCursor} */
function startOf(
  { statements }: ChangeContext,
  reader: Reader,
  after: string | undefined,
  pending: readonly ViewRow[],
): number {
  if (after === undefined) return -1;
  const row = statements
    .of('SELECT n FROM changes WHERE event = ? AND known_lo <= ? AND hi >= ?')
    .get(after, reader.level, reader.level);
  const known = row ?? pending.find(({ event }) => event === after);
  if (known === undefined) throw new UnknownCursor(`no change ${after} is known here`);
  return known.n as number;
}

function scan({ statements }: ChangeContext, request: ChangesRequest, start: number): ViewRow[] {
  const { reader, after, filters } = request;
  const { meeting } = filters;
  const params: ViewValue[] = [start, reader.level, reader.level];
  // `removed` tells those who may have seen the entry that it went: they continue from between the two.
  const removed = after === undefined ? '0' : 'since <= ?';
  if (after !== undefined) params.push(Math.floor(start / CHANGES_PER_EVENT));
  const only =
    meeting === undefined
      ? ''
      : ` AND kind = 'meeting' AND entity IN (${meeting.map(() => '?').join(', ')})`;
  return statements
    .of(
      `SELECT * FROM changes WHERE n > ? AND lo <= ? AND hi >= ? AND (body IS NOT NULL OR ${removed})${only}
       ORDER BY n LIMIT ?`,
    )
    .all(...params, ...(meeting ?? []), CHANGES_SCANNED);
}

const byNumber = (a: ViewRow, b: ViewRow): number => (a.n as number) - (b.n as number);

/** The stored rows of a page with those among the pending ones that fall between or after them. */
function withPending(
  rows: readonly ViewRow[],
  pending: readonly ViewRow[],
  { filters: { meeting } }: ChangesRequest,
  start: number,
): ViewRow[] {
  const end = rows.length < CHANGES_SCANNED ? Infinity : (rows.at(-1)?.n as number);
  const fitting = pending.filter(({ n, kind, entity }) => {
    const asked = meeting === undefined || (kind === 'meeting' && meeting.includes(`${entity}`));
    return asked && (n as number) > start && (n as number) < end;
  });
  return [...rows, ...fitting].toSorted(byNumber);
}

/** The newest change this reader sees: where someone at the end goes on from. */
function newest(
  { statements }: ChangeContext,
  reader: Reader,
  pending: readonly ViewRow[],
): string | null {
  const row = statements
    .of(
      'SELECT n, event FROM changes WHERE lo <= ? AND hi >= ? AND body IS NOT NULL ORDER BY n DESC LIMIT 1',
    )
    .get(reader.level, reader.level);
  const last = [...(row === undefined ? [] : [row]), ...pending].toSorted(byNumber).at(-1);
  return (last?.event as string | undefined) ?? null;
}

export function listChanges(
  context: ChangeContext,
  request: ChangesRequest,
): { items: readonly ChangeView[]; cursor: string | null } {
  const { reader, after, filters, limit } = request;
  const pending = pendingChanges(context, reader);
  const start = startOf(context, reader, after, pending);
  const rows = withPending(scan(context, request, start), pending, request, start);
  const lookup = new Lookup(context.statements, reader);
  const matches = changeMatches(context.statements, reader, filters, pending);
  const items: ChangeView[] = [];
  let last: string | undefined;
  for (const row of rows) {
    if (items.length === limit) break;
    if (matches(row)) items.push(changeView(row, reader, lookup, false));
    last = row.event as string;
  }
  return { items, cursor: last ?? after ?? newest(context, reader, pending) };
}
