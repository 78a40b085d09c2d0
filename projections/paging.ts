import { MEETING_ORDER } from './order.ts';
import type { Statements } from './statements.ts';
import { type Page, type Sort, UnknownCursor } from './types.ts';
import type { ViewRow, ViewValue } from './view-database.ts';
import type { Where } from './where.ts';

/**
 * Keyset paging: a page continues after the last row's own sort values, so that an item which did not
 * change is never lost or repeated, whatever came in between. The order has two parts, of which the second
 * holds what sorts last in both directions (undated).
 */
export interface Keyset {
  readonly columns: readonly string[];
  readonly descending: boolean;
  /** Conditions of the parts, read one after the other; the last value of a cursor tells which. */
  readonly parts: readonly string[];
}

/** The order of meetings for a sort, at one level. */
export function meetingKeyset(sort: Sort, level: number): Keyset {
  const descending = sort.startsWith('-');
  if (sort.endsWith('recordedAt'))
    return { columns: [`rec${level}`, 'id'], descending, parts: ['1'] };
  const parts = descending ? ['rank < 2', 'rank = 2'] : ['1'];
  return { columns: [...MEETING_ORDER, 'id'], descending, parts };
}

export function announcementKeyset(sort: Sort, level: number): Keyset {
  const key = sort.endsWith('recordedAt') ? `rec${level}` : 'published';
  return { columns: [key, 'id'], descending: sort.startsWith('-'), parts: ['1'] };
}

interface Cursor {
  readonly part: number;
  readonly values: readonly ViewValue[];
}

const SEPARATOR = '~';

interface Place {
  readonly row: ViewRow;
  readonly part: number;
}

export const encodeCursor = ({ row, part }: Place, keyset: Keyset): string =>
  [part, ...keyset.columns.map((column) => String(row[column]))].join(SEPARATOR);

/** @throws {UnknownCursor} the text is no cursor of this order */
export function decodeCursor(text: string, keyset: Keyset): Cursor {
  const [part, ...values] = text.split(SEPARATOR);
  const known = Number(part) in keyset.parts && values.length === keyset.columns.length;
  if (!known) throw new UnknownCursor('this cursor does not belong to this list: start again');
  return { part: Number(part), values: values.map((value, i) => typed(value, keyset.columns[i])) };
}

function typed(value: string, column: string | undefined): ViewValue {
  if (column === 'id') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new UnknownCursor('this cursor does not belong to this list: start again');
}

export interface PageQuery<T> {
  readonly statements: Statements;
  /** A table or a subquery. */
  readonly from: string;
  readonly where: Where;
  readonly keyset: Keyset;
  readonly limit: number;
  readonly cursor: string | undefined;
  /** Columns to read besides `record` and those of the keyset. */
  readonly more?: readonly string[];
  /** The item of a row; undefined leaves it out. */
  readonly accept: (row: ViewRow) => T | undefined;
}

/** Items of one page in order, and the cursor of the next. */
export function readPage<T>(query: PageQuery<T>): Page<T> {
  const { keyset, limit, accept } = query;
  const items: T[] = [];
  let last: Place | undefined;
  for (const place of rowsOf(query)) {
    const item = accept(place.row);
    if (item === undefined) continue;
    if (items.length === limit) {
      return { items, next: last === undefined ? null : encodeCursor(last, keyset) };
    }
    items.push(item);
    last = place;
  }
  return { items, next: null };
}

/** All rows from the cursor on. */
function* rowsOf<T>(query: PageQuery<T>): Generator<Place> {
  const { keyset, cursor } = query;
  const start = cursor === undefined ? undefined : decodeCursor(cursor, keyset);
  const first = start?.part ?? 0;
  for (let part = first; part < keyset.parts.length; part += 1) {
    yield* rowsOfPart(query, part, part === first ? start?.values : undefined);
  }
}

/** Rows that one statement sorts at most: some megabytes. */
const SORTED = 2_000;

/** The rows of one part, read as far as they are asked for: where many are left out, many are. */
function* rowsOfPart<T>(
  query: PageQuery<T>,
  part: number,
  start: readonly ViewValue[] | undefined,
): Generator<Place> {
  const { columns } = query.keyset;
  let after = start;
  for (;;) {
    let count = 0;
    let last: ViewRow = {};
    for (const row of readPart(query, part, after)) {
      count += 1;
      last = row;
      yield { row, part };
    }
    if (count < SORTED) return;
    after = columns.map((column) => last[column] ?? null);
  }
}

function readPart<T>(
  { statements, from, where, keyset, more = [] }: PageQuery<T>,
  part: number,
  after: readonly ViewValue[] | undefined,
): Iterable<ViewRow> {
  const { columns, descending } = keyset;
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const beyond =
    after === undefined ? '' : ` AND (${columns.join(', ')}) ${descending ? '<' : '>'} ${marks}`;
  const order = columns.map((column) => (descending ? `${column} DESC` : column)).join(', ');
  const selected = [...new Set([...columns, ...more, 'record'])].join(', ');
  const sql = `SELECT ${selected} FROM ${from}
    WHERE ${where.sql} AND ${keyset.parts[part]}${beyond} ORDER BY ${order} LIMIT ${SORTED}`;
  return statements.of(sql).iterate(...where.params, ...(after ?? []));
}
