import { DAY_MS, epochDayOf, instantMs, utcDay } from '../src/domain/date/index.ts';
import { hasStatedPlace, inStatedOrder, statedDay } from '../src/domain/stated.ts';
import type { KeptEvent } from './journal.ts';
import { NEVER } from './order.ts';
import { columnsOf } from './row-writer.ts';
import type { ViewDatabase, ViewValue } from './view-database.ts';

/**
 * Where lists place an entry as of any day: one row for each stretch of time through which that stays the
 * same, so that a list of the past is read in order, as the present one is.
 */

/**
 * Row i of entry n. Levels lo..hi find it for what was recorded by a moment from `begins` up to, not including,
 * `ends` (epoch ms), and for what was stated by a UTC day from `said` up to, not including, `unsaid` (the ms it
 * starts). Either may be empty.
 */
export const timesTable = (name: string, order: readonly string[], more: readonly string[]) => `
CREATE TABLE ${name} (
  n INTEGER NOT NULL, i INTEGER NOT NULL,
  ${order.map((key) => `${key} INTEGER NOT NULL`).join(', ')}, id TEXT NOT NULL,
  begins INTEGER NOT NULL, ends INTEGER NOT NULL, said INTEGER NOT NULL, unsaid INTEGER NOT NULL,
  lo INTEGER NOT NULL, hi INTEGER NOT NULL${more.map((key) => `, ${key} INTEGER NOT NULL`).join('')},
  PRIMARY KEY (n, i)
) STRICT, WITHOUT ROWID;
`;

/** The rows in the order of lists, whole: a list reads nothing but this and the entries that it finds. */
export const timesIndex = (name: string, order: readonly string[], more: readonly string[]) => `
CREATE INDEX ${name}_order ON ${name} (
  ${[...order, 'id', 'begins', 'ends', 'said', 'unsaid', 'lo', 'hi', ...more].join(', ')});
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

/** What times need to know of one event. Days are counted since 1970: so they take no room of their own. */
export interface Mark {
  readonly seq: number;
  /** Epoch ms. */
  readonly recorded: number;
  /** The UTC day it was stated. */
  readonly said: number;
  /** Whether it moves something at that place of stated time. */
  readonly placed: boolean;
  /** The UTC day on which what was said of the date by then was stated. */
  readonly dated: number;
  /** After it. */
  readonly key: OrderKey;
}

interface Seen {
  readonly levels: readonly number[];
  readonly since: number;
}

const sameKey = (a: OrderKey, b: OrderKey): boolean =>
  a === b || a.every((value, i) => value === b[i]);

/** An entry after one of its events, and its place then. */
interface Placed<F> {
  readonly facts: F;
  readonly key: OrderKey;
}

function placeAfter<E extends KeptEvent, F>(
  last: Placed<F> | undefined,
  event: E,
  course: Course<E, F>,
): Placed<F> {
  const facts = course.after(last?.facts, event);
  const still = last !== undefined && course.alike(last.facts, facts);
  return { facts, key: still ? last.key : course.key(facts) };
}

const dayOf = (stated: string): number => epochDayOf(utcDay(stated));

/** The entry after one more event. Throws what folding it throws. */
export function markAfter<E extends KeptEvent, F>(
  last: { readonly facts: F; readonly mark: Mark } | undefined,
  event: E,
  course: Course<E, F>,
): { facts: F; mark: Mark } {
  const before = last && { facts: last.facts, key: last.mark.key };
  const { facts, key } = placeAfter(before, event, course);
  const { recordedAt, statedAt } = event.meta;
  const recorded = instantMs(recordedAt);
  // Most events are stated when they are recorded, and leave the date alone.
  const said = statedAt === recordedAt ? Math.floor(recorded / DAY_MS) : dayOf(statedAt);
  const from = course.statedAt(facts);
  const known = last !== undefined && course.statedAt(last.facts) === from;
  const dated = known ? last.mark.dated : from === statedAt ? said : dayOf(from);
  const placed = hasStatedPlace(event);
  return { facts, mark: { seq: event.seq, recorded, said, placed, dated, key } };
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

const isInOrder = (marks: readonly Mark[]): boolean =>
  marks.every(({ said }, i) => i === 0 || said >= (marks[i - 1] as Mark).said);

/** The usual case: everybody who sees it saw all of it, and nobody spoke out of turn. */
function plainRows(marks: readonly Mark[], { levels }: Seen): TimeRow[] {
  const lo = Math.min(...levels);
  const turns = marks.map(({ recorded, said, key }) => ({
    begins: recorded,
    said: said * DAY_MS,
    lo,
    key,
  }));
  return rowsOf(turns, Math.max(...levels));
}

function recordedRows(marks: readonly Mark[], sights: readonly Seen[]): TimeRow[] {
  const turns = marks.map(({ seq, recorded, key }) => ({
    begins: recorded,
    said: 0,
    lo: lowestSeeing(seq, sights),
    key,
  }));
  return rowsOf(turns, 2).flatMap(recordedOnly);
}

/** A place in the order of what was stated. */
interface Said {
  readonly said: number;
  readonly key: OrderKey;
}

/** What has been stated from the day on from which a level's stated time begins, each with its day. */
function statedRows({ levels }: Seen, base: Mark, later: readonly Said[]): TimeRow[] {
  const lo = Math.min(...levels);
  let day = base.dated;
  const turns = [{ begins: 0, said: day * DAY_MS, lo, key: base.key }];
  for (const { said, key } of later) {
    // Events that hold for all stated time come last, and move nothing.
    day = Math.max(day, said);
    turns.push({ begins: 0, said: day * DAY_MS, lo, key });
  }
  return rowsOf(turns, Math.max(...levels)).flatMap(statedOnly);
}

/** Events in stated order, each with the place that the entry has by then: folded anew after the one with seq `since`. */
function restated<E extends KeptEvent, F>(
  events: readonly E[],
  since: number,
  course: Course<E, F>,
): Said[] {
  const counting = events.filter(({ ignored }) => ignored !== true);
  const index = counting.findIndex(({ seq }) => seq === since) + 1;
  let last: Placed<F> | undefined;
  for (const event of counting.slice(0, index)) last = placeAfter(last, event, course);
  if (last === undefined) return [];
  const notBefore = utcDay(course.statedAt(last.facts));
  return inStatedOrder(counting.slice(index), { notBefore }).map((event) => {
    last = placeAfter(last, event, course);
    return { said: epochDayOf(statedDay(event, notBefore)), key: last.key };
  });
}

/** What an entry's times are worked out from. */
export interface Timed<E extends KeptEvent, F> {
  readonly marks: readonly Mark[];
  readonly course: Course<E, F>;
  /** All its events. Asked for only when they were not recorded in the order in which they were stated. */
  readonly events: () => readonly E[];
}

function statedRowsOf<E extends KeptEvent, F>(
  { marks, course, events }: Timed<E, F>,
  sights: readonly Seen[],
): TimeRow[] {
  const known = isInOrder(marks) ? undefined : events();
  return sights.flatMap((sight) => {
    const index = marks.findIndex(({ seq }) => seq === sight.since);
    const base = marks[index];
    if (base === undefined) return [];
    const later =
      known === undefined
        ? marks.slice(index + 1).filter(({ placed }) => placed)
        : restated(known, sight.since, course);
    return statedRows(sight, base, later);
  });
}

/**
 * An entry's rows.
 * @param releaseMs when the clock releases it to level 0, which does not see it until then (epoch ms)
 */
export function timesOf<E extends KeptEvent, F>(
  timed: Timed<E, F>,
  sights: readonly Seen[],
  releaseMs: number | undefined,
): TimeRow[] {
  const { marks } = timed;
  const last = marks.at(-1);
  const [all] = sights;
  if (last === undefined || all === undefined) return [];
  const plain = sights.length === 1 && all.since === marks[0]?.seq && isInOrder(marks);
  const rows = plain
    ? plainRows(marks, all)
    : [...recordedRows(marks, sights), ...statedRowsOf(timed, sights)];
  if (releaseMs === undefined) return rows;
  const turn = { begins: releaseMs, said: last.dated * DAY_MS, lo: 0, key: last.key };
  return [...rows, ...rowsOf([turn], 0)];
}

/** Writes the rows of one table of times. */
export class TimeRows {
  readonly #remove;
  readonly #insert;
  readonly #order: number;

  /** `order`: how many of the keys are of the order; the others are the last columns. */
  constructor(db: ViewDatabase, table: string, order: number) {
    this.#order = order;
    this.#remove = db.prepare(`DELETE FROM ${table} WHERE n = ?`);
    const values = columnsOf(db, table).map(() => '?');
    this.#insert = db.prepare(`INSERT INTO ${table} VALUES (${values.join(', ')})`);
  }

  /** `stored`: whether the entry has rows already. */
  write(n: number, id: string, rows: readonly TimeRow[], stored: boolean): void {
    if (stored) this.#remove.run(n);
    for (const [i, { lo, hi, recorded, stated, key }] of rows.entries()) {
      const values: ViewValue[] = [n, i];
      for (let k = 0; k < this.#order; k += 1) values.push(key[k] ?? null);
      values.push(id, recorded[0], recorded[1], stated[0], stated[1], lo, hi);
      for (let k = this.#order; k < key.length; k += 1) values.push(key[k] ?? null);
      this.#insert.run(...values);
    }
  }
}
