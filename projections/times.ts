import { instantMs, utcDay, utcMidnightMs } from '../src/domain/date/index.ts';
import { inStatedOrder, statedDay } from '../src/domain/stated.ts';
import type { KeptEvent } from './journal.ts';
import { NEVER } from './order.ts';
import type { ViewDatabase, ViewValue } from './view-database.ts';

/**
 * Where lists place an entry as of any day: one row for each stretch of time through which that stays the
 * same, so that a list of the past is read in order, as the present one is.
 */

/**
 * Levels lo..hi find the row for what was recorded by a moment from `begins` up to, not including, `ends`
 * (epoch ms), and for what was stated by a UTC day from `said` up to, not including, `unsaid` (the ms it
 * starts). Either may be empty. In the order of lists, so that they read it as it lies.
 */
export const timesTable = (name: string, order: readonly string[], more: readonly string[]) => `
CREATE TABLE ${name} (
  ${order.map((key) => `${key} INTEGER NOT NULL`).join(', ')}, id TEXT NOT NULL,
  begins INTEGER NOT NULL, said INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL,
  ends INTEGER NOT NULL, unsaid INTEGER NOT NULL, n INTEGER NOT NULL,
  ${more.map((key) => `${key} INTEGER NOT NULL, `).join('')}
  PRIMARY KEY (${order.join(', ')}, id, begins, said, lo)
) STRICT, WITHOUT ROWID;
CREATE INDEX ${name}_n ON ${name} (n);
`;

/** From a moment or day up to another. */
type Stretch = readonly [from: number, to: number];

const EMPTY: Stretch = [0, 0];

export interface TimeRow {
  readonly lo: number;
  readonly hi: number;
  readonly recorded: Stretch;
  readonly stated: Stretch;
  readonly key: OrderKey;
}

/** The values of an entry's order columns. */
export type OrderKey = readonly number[];

/** How a kind of entry is folded, and where a list places what comes of it. */
export interface Course<E extends KeptEvent, F> {
  after(before: F | undefined, event: E): F;
  key(facts: F): OrderKey;
  /** Whether the two have the same key, as far as that is cheap to tell. */
  alike(before: F, after: F): boolean;
  /** When what the facts say of its date was stated. */
  statedAt(facts: F): string;
}

/** An entry after one of its events. */
export interface Mark<E, F> {
  readonly event: E;
  readonly facts: F;
  readonly key: OrderKey;
}

interface Seen {
  readonly levels: readonly number[];
  readonly since: number;
}

const sameKey = (a: OrderKey, b: OrderKey): boolean =>
  a === b || a.every((value, i) => value === b[i]);

/** The entry after one more event. Throws what folding it throws. */
export function markAfter<E extends KeptEvent, F>(
  last: Mark<E, F> | undefined,
  event: E,
  course: Course<E, F>,
): Mark<E, F> {
  const facts = course.after(last?.facts, event);
  const still = last !== undefined && course.alike(last.facts, facts);
  return { event, facts, key: still ? last.key : course.key(facts) };
}

/** An entry after each of its events. */
export function marksOf<E extends KeptEvent, F>(
  events: readonly E[],
  course: Course<E, F>,
  start?: Mark<E, F>,
): Mark<E, F>[] {
  const marks: Mark<E, F>[] = [];
  let last = start;
  for (const event of events) {
    if (event.ignored === true) continue;
    last = markAfter(last, event, course);
    marks.push(last);
  }
  return marks;
}

/** A place in the order from some moment and some day on. */
interface Turn {
  readonly begins: number;
  readonly said: number;
  readonly lo: number;
  readonly key: OrderKey;
}

/** Rows from turns in order: each lasts until the next one that changes something. */
function rowsOf(turns: readonly Turn[], hi: number): TimeRow[] {
  const rows: TimeRow[] = [];
  let next: Turn | undefined;
  for (let i = turns.length - 1; i >= 0; i -= 1) {
    const turn = turns[i] as Turn;
    const before = turns[i - 1];
    if (before !== undefined && before.lo === turn.lo && sameKey(before.key, turn.key)) continue;
    const recorded = stretch(turn.begins, next?.begins);
    const stated = stretch(turn.said, next?.said);
    if (recorded !== EMPTY || stated !== EMPTY) {
      rows.push({ lo: turn.lo, hi, key: turn.key, recorded, stated });
    }
    next = turn;
  }
  return rows;
}

const stretch = (from: number, to = NEVER): Stretch => (to <= from ? EMPTY : [from, to]);

const recordedOnly = (row: TimeRow): TimeRow[] =>
  row.recorded === EMPTY ? [] : [{ ...row, stated: EMPTY }];
const statedOnly = (row: TimeRow): TimeRow[] =>
  row.stated === EMPTY ? [] : [{ ...row, recorded: EMPTY }];

const lowestSeeing = (seq: number, sights: readonly Seen[]): number =>
  Math.min(3, ...sights.filter(({ since }) => since <= seq).flatMap(({ levels }) => levels));

function isInOrder<E extends KeptEvent>(marks: readonly Mark<E, unknown>[]): boolean {
  let last = '';
  for (const { event } of marks) {
    const day = statedDay(event);
    if (day < last) return false;
    last = day;
  }
  return true;
}

/** The usual case: everybody who sees it saw all of it, and nobody spoke out of turn. */
function plainRows<E extends KeptEvent, F>(
  marks: readonly Mark<E, F>[],
  { levels }: Seen,
): TimeRow[] {
  const lo = Math.min(...levels);
  const turns = marks.map(({ event, key }) => ({
    begins: instantMs(event.meta.recordedAt),
    said: utcMidnightMs(statedDay(event)),
    lo,
    key,
  }));
  return rowsOf(turns, Math.max(...levels));
}

function recordedRows<E extends KeptEvent, F>(
  marks: readonly Mark<E, F>[],
  sights: readonly Seen[],
): TimeRow[] {
  const turns = marks.map(({ event, key }) => ({
    begins: instantMs(event.meta.recordedAt),
    said: 0,
    lo: lowestSeeing(event.seq, sights),
    key,
  }));
  return rowsOf(turns, 2).flatMap(recordedOnly);
}

/** What has been stated from the day on from which a level's stated time begins, each with its day. */
function statedRows<E extends KeptEvent, F>(
  marks: readonly Mark<E, F>[],
  { levels, since }: Seen,
  course: Course<E, F>,
): TimeRow[] {
  const index = marks.findIndex(({ event }) => event.seq === since);
  const base = marks[index];
  if (base === undefined) return [];
  const notBefore = utcDay(course.statedAt(base.facts));
  const later = marks.slice(index + 1).map(({ event }) => event);
  const ordered = marksOf(inStatedOrder(later, { notBefore }), course, base);
  const lo = Math.min(...levels);
  const turns = [{ begins: 0, said: utcMidnightMs(notBefore), lo, key: base.key }];
  for (const { event, key } of ordered) {
    // Events that hold for all stated time come last, and move nothing.
    const said = Math.max(utcMidnightMs(statedDay(event, notBefore)), turns.at(-1)?.said ?? 0);
    turns.push({ begins: 0, said, lo, key });
  }
  return rowsOf(turns, Math.max(...levels)).flatMap(statedOnly);
}

/**
 * An entry's rows.
 * @param releaseMs when the clock releases it to level 0, which does not see it until then (epoch ms)
 */
export function timesOf<E extends KeptEvent, F>(
  marks: readonly Mark<E, F>[],
  sights: readonly Seen[],
  releaseMs: number | undefined,
  course: Course<E, F>,
): TimeRow[] {
  const last = marks.at(-1);
  const [all] = sights;
  if (last === undefined || all === undefined) return [];
  const plain = sights.length === 1 && all.since === marks[0]?.event.seq && isInOrder(marks);
  const rows = plain
    ? plainRows(marks, all)
    : [
        ...recordedRows(marks, sights),
        ...sights.flatMap((sight) => statedRows(marks, sight, course)),
      ];
  if (releaseMs === undefined) return rows;
  const said = utcMidnightMs(utcDay(course.statedAt(last.facts)));
  return [...rows, ...rowsOf([{ begins: releaseMs, said, lo: 0, key: last.key }], 0)];
}

/** Writes the rows of one table. */
export class TimeRows {
  readonly #remove;
  readonly #insert;
  readonly #order: number;

  /** `order`: how many of the keys are of the order; `more`: how many follow. */
  constructor(db: ViewDatabase, table: string, order: number, more: number) {
    this.#order = order;
    this.#remove = db.prepare(`DELETE FROM ${table} WHERE n = ?`);
    this.#insert = db.prepare(
      `INSERT INTO ${table} VALUES (${Array(8 + order + more)
        .fill('?')
        .join(', ')})`,
    );
  }

  /** `stored`: whether the entry has rows already. */
  write(n: number, id: string, rows: readonly TimeRow[], stored: boolean): void {
    if (stored) this.#remove.run(n);
    for (const { lo, hi, recorded, stated, key } of rows) {
      const values: ViewValue[] = [];
      for (let i = 0; i < this.#order; i += 1) values.push(key[i] ?? null);
      values.push(id, recorded[0], stated[0], lo, hi, recorded[1], stated[1], n);
      for (let i = this.#order; i < key.length; i += 1) values.push(key[i] ?? null);
      this.#insert.run(...values);
    }
  }
}
