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

const MEETING_ORDER = ['rank', 'latest', 'earliest', 'id'] as const;

/** The order of meetings for a sort, at one level. */
export function meetingKeyset(sort: Sort, level: number): Keyset {
  const descending = sort.startsWith('-');
  if (sort.endsWith('recordedAt'))
    return { columns: [`rec${level}`, 'id'], descending, parts: ['1'] };
  const parts = descending ? ['rank < 2', 'rank = 2'] : ['1'];
  return { columns: MEETING_ORDER, descending, parts };
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

export function encodeCursor(row: ViewRow, keyset: Keyset, part: number): string {
  return [part, ...keyset.columns.map((column) => String(row[column]))].join(SEPARATOR);
}

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

export interface PageQuery {
  readonly table: string;
  readonly where: Where;
  readonly keyset: Keyset;
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly all: (sql: string, params: readonly ViewValue[]) => ViewRow[];
}

/** Rows of one page in order, and the cursor of the next. */
export function readPage(query: PageQuery): Page<ViewRow> {
  const { keyset, limit } = query;
  const start = query.cursor === undefined ? undefined : decodeCursor(query.cursor, keyset);
  const rows: { row: ViewRow; part: number }[] = [];
  for (let part = start?.part ?? 0; part < keyset.parts.length && rows.length <= limit; part += 1) {
    const after = part === start?.part ? start.values : undefined;
    for (const row of readPart(query, part, after, limit + 1 - rows.length))
      rows.push({ row, part });
  }
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(({ row }) => row),
    next: last === undefined ? null : encodeCursor(last.row, keyset, last.part),
  };
}

function readPart(
  { table, where, keyset, all }: PageQuery,
  part: number,
  after: readonly ViewValue[] | undefined,
  limit: number,
): ViewRow[] {
  const { columns, descending } = keyset;
  const tuple = `(${columns.join(', ')})`;
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const beyond = after === undefined ? '' : ` AND ${tuple} ${descending ? '<' : '>'} ${marks}`;
  const order = columns.map((column) => (descending ? `${column} DESC` : column)).join(', ');
  const sql = `SELECT ${columns.join(', ')}, record FROM ${table}
    WHERE ${where.sql} AND ${keyset.parts[part]}${beyond} ORDER BY ${order} LIMIT ?`;
  return all(sql, [...where.params, ...(after ?? []), limit]);
}
