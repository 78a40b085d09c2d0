import { ChangeTeller } from './change-teller.ts';
import { CHANGES_PER_EVENT } from './changes.ts';
import type { KeptEvent } from './journal.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import type { MeetingRow } from './meeting-record.ts';
import { pendingChanges } from './pending-changes.ts';
import { type CalendarQueries, type ChangeView, type Reader, UnknownCursor } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** How many changes one request looks at, at most: a filter that matches little answers with a short page. */
export const CHANGES_SCANNED = 2_000;

/** And how many rows, with those of what does not exist for the reader: no request may take seconds. */
export const ROWS_SCANNED = 5_000;

type ChangesRequest = Parameters<CalendarQueries['listChanges']>[0];

/** No event's id (RFC 9562 §5.9): the place before the first change, for who begins where there is none yet. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The row number to go on after. @throws {UnknownCursor} */
function startOf(
  { statements, skippedSeq }: QueryContext,
  reader: Reader,
  after: string | undefined,
): number {
  if (after === undefined || after === BEFORE_ALL) return -1;
  const row = statements
    .of('SELECT n FROM changes WHERE event = ? AND known_lo <= ? AND hi >= ?')
    .get(after, reader.level, reader.level);
  if (row !== undefined) return row.n as number;
  // Who wrote to a feed or a token has the event's id, and goes on from there: no change is of it.
  const seq = reader.editor ? skippedSeq(after, reader) : undefined;
  if (seq === undefined) throw new UnknownCursor(`no change ${after} is known here`);
  return seq * CHANGES_PER_EVENT;
}

/** Rows of one entry's events. */
function rowsOfMeeting(context: QueryContext, id: string): ViewRow[] {
  const { statements, tellings } = context;
  const row = new Lookup(context, ANYBODY).row<MeetingRow>('meeting', id);
  if (row === undefined) return [];
  const select = statements.of('SELECT * FROM changes WHERE n >= ? AND n < ?');
  return tellings
    .events(row)
    .flatMap(({ seq }: Pick<KeptEvent, 'seq'>) =>
      select.all(seq * CHANGES_PER_EVENT, (seq + 1) * CHANGES_PER_EVENT),
    );
}

/** Only rows are looked up for it. */
const ANYBODY: Reader = { level: 0, editor: false, clockMs: 0 };

/** The stored rows to go on with, oldest first. */
function rowsAfter(
  context: QueryContext,
  request: ChangesRequest,
  start: number,
): Iterable<ViewRow> {
  const { reader, after, filters } = request;
  // `removed` tells those who may have seen the entry that it went: they continue from between the two.
  const latest = after === undefined ? -1 : Math.floor(start / CHANGES_PER_EVENT);
  if (filters.meeting !== undefined) {
    const seen = ({ n, lo, hi, since }: ViewRow): boolean =>
      (n as number) > start &&
      (lo as number) <= reader.level &&
      (hi as number) >= reader.level &&
      (since === null || (since as number) <= latest);
    const rows = [...new Set(filters.meeting)].flatMap((id) => rowsOfMeeting(context, id));
    return rows.filter(seen).toSorted(byNumber);
  }
  return context.statements
    .of(
      `SELECT * FROM changes WHERE n > ? AND lo <= ? AND hi >= ? AND (since IS NULL OR since <= ?)
       ORDER BY n`,
    )
    .iterate(start, reader.level, reader.level, latest);
}

const byNumber = (a: ViewRow, b: ViewRow): number => (a.n as number) - (b.n as number);

/**
 * What the reader may know of rows, each with what it tells, if it matches. Rows that do not exist for them do not
 * count as changes: a page would be shorter for what is hidden, but where thousands are hidden in a row.
 */
function* told(rows: Iterable<ViewRow>, teller: ChangeTeller) {
  let known = 0;
  let scanned = 0;
  for (const row of rows) {
    scanned += 1;
    if (teller.exists(row)) {
      known += 1;
      yield { row, item: teller.tell(row) };
    }
    if (known === CHANGES_SCANNED) return;
    if (scanned < ROWS_SCANNED) continue;
    // Whoever has read nothing but these would never come past them.
    if (known === 0) yield { row, item: undefined };
    return;
  }
}

/** The newest change this reader sees, or one before it: where someone at the end goes on from. */
function newest({ statements }: QueryContext, reader: Reader, teller: ChangeTeller): string | null {
  const rows = statements
    .of('SELECT * FROM changes WHERE lo <= ? AND hi >= ? AND since IS NULL ORDER BY n DESC')
    .iterate(reader.level, reader.level);
  for (const { row } of told(rows, teller)) return row.event as string;
  return null;
}

/**
 * A release by the clock is none of them until an event says so: without one it has no place in the log, and whoever
 * went on from it would pass over what is recorded in front of that event.
 */
export function listChanges(
  context: QueryContext,
  request: ChangesRequest,
): { items: readonly ChangeView[]; cursor: string } {
  const { reader, after, filters, limit } = request;
  const lookup = new Lookup(context, reader);
  const start = startOf(context, reader, after);
  const teller = new ChangeTeller(context, lookup, filters);
  const items: ChangeView[] = [];
  let last: string | undefined;
  for (const { row, item } of told(rowsAfter(context, request, start), teller)) {
    if (items.length === limit) break;
    if (item !== undefined) items.push(item);
    last = row.event as string;
  }
  return { items, cursor: last ?? after ?? newest(context, reader, teller) ?? BEFORE_ALL };
}

export const isToCome = (context: QueryContext, reader: Reader, id: string): boolean =>
  pendingChanges(context, reader).some(({ event }) => event === id);

type NewestRequest = Parameters<CalendarQueries['newestChanges']>[0];

/** Those that the clock has made among them. Looks back over as many changes as one page of `listChanges` at most. */
export function newestChanges(
  context: QueryContext,
  request: NewestRequest,
): readonly ChangeView[] {
  const { reader, filters, limit } = request;
  const lookup = new Lookup(context, reader);
  const pending = pendingChanges(context, reader);
  const due = pendingOf(pending, filters.meeting, lookup).toReversed();
  const teller = new ChangeTeller(context, lookup, filters, pending);
  const items: ChangeView[] = [];
  for (const { item } of told(inTurn(due, newestRows(context, request)), teller)) {
    if (items.length === limit) break;
    if (item !== undefined) items.push(item);
  }
  return items;
}

const isLater = (a: ViewRow, b: ViewRow): boolean =>
  (a.recorded as number) >= (b.recorded as number);

/** Both newest first, by when they were recorded; a pending one is still to come, and so before its equals. */
function* inTurn(pending: readonly ViewRow[], rows: Iterable<ViewRow>): Generator<ViewRow> {
  let next = 0;
  for (const row of rows) {
    for (let due = pending[next]; due !== undefined && isLater(due, row); due = pending[next]) {
      yield due;
      next += 1;
    }
    yield row;
  }
  yield* pending.slice(next);
}

/** Those of the meetings asked for. */
function pendingOf(
  pending: readonly ViewRow[],
  meeting: readonly string[] | undefined,
  lookup: Lookup,
): readonly ViewRow[] {
  if (meeting === undefined) return pending;
  const asked = new Set(meeting.map((id) => lookup.meeting(id)?.row.n));
  return pending.filter(({ entity }) => asked.has(entity as number));
}

/** The stored rows, newest first. */
function newestRows(
  context: QueryContext,
  { reader: { level }, filters: { meeting } }: NewestRequest,
): Iterable<ViewRow> {
  if (meeting !== undefined) {
    const seen = ({ lo, hi, since }: ViewRow): boolean =>
      (lo as number) <= level && (hi as number) >= level && since === null;
    const rows = [...new Set(meeting)].flatMap((id) => rowsOfMeeting(context, id)).filter(seen);
    return rows.toSorted(byNumber).reverse();
  }
  return context.statements
    .of('SELECT * FROM changes WHERE lo <= ? AND hi >= ? AND since IS NULL ORDER BY n DESC')
    .iterate(level, level);
}
