import type { Meta } from '../events/envelope.ts';
import type { DomainEvent } from '../events/registry.ts';
import type { ProjectedEvent } from './projection.ts';
import type { ViewDatabase, ViewStatement } from './view-database.ts';

/**
 * The events of each entry as the view keeps them. What an entry tells of itself, its history and what was
 * known on another day are folded from them when somebody asks, and so are never stored beside them.
 */

interface Kept {
  /** The view's own order. */
  readonly seq: number;
  readonly id: string;
  readonly revision: number;
  readonly meta: Pick<Meta, 'recordedAt' | 'statedAt' | 'basedOn' | 'actor'>;
  /** A merge that would have closed a circle: the stream went on, and nothing else happened. */
  readonly ignored?: true;
}

/** An event without what only its writer needs. A union on `type`, as E is. */
export type KeptEvent<E = DomainEvent> = E & Kept;

export function keep<E>(event: ProjectedEvent & E, seq: number, ignored: boolean): KeptEvent<E> {
  const { id, revision, type, data } = event;
  const { recordedAt, statedAt, basedOn, actor } = event.meta;
  const meta =
    basedOn === undefined
      ? { recordedAt, statedAt, actor }
      : { recordedAt, statedAt, basedOn, actor };
  const kept = { seq, id, revision, type, data, meta };
  return (ignored ? { ...kept, ignored } : kept) as unknown as KeptEvent<E>;
}

/** An entry's events in parts of PART events: row `entity × PARTS + part`. */
export const JOURNAL_TABLES = `
CREATE TABLE journal (place INTEGER PRIMARY KEY, events TEXT NOT NULL) STRICT;
`;

/** Few enough that adding an event to the last part is cheap, many enough that most entries have one row. */
const PART = 32;
/** So an entry can have 131,072 events, and a log 2^41. */
const PARTS = 4_096;

export const JOURNAL_SELECT =
  'SELECT events FROM journal WHERE place >= ? AND place < ? ORDER BY place';

/** An event as it stands in the list of a part. */
export const textOf = (event: KeptEvent<unknown>): string => JSON.stringify(event);

const parse = <E>(text: unknown) => JSON.parse(text as string) as KeptEvent<E>[];

/** All kept events of an entry, in the order of its stream. `select`: a statement of JOURNAL_SELECT. */
export function readJournal<E>(select: ViewStatement, n: number): KeptEvent<E>[] {
  const [only, ...rest] = select.all(n * PARTS, (n + 1) * PARTS);
  const events = only === undefined ? [] : parse<E>(only.events);
  for (const row of rest) events.push(...parse<E>(row.events));
  return events;
}

/** @throws {RangeError} an entry with so many events has no room for another */
export function requireRoom(length: number): void {
  if (length >= PART * PARTS) throw new RangeError(`an entry has ${PART * PARTS} events already`);
}

/** Reads and adds to the journal of one database. */
export class Journal {
  readonly #select;
  readonly #part;
  readonly #put;

  constructor(db: ViewDatabase) {
    this.#select = db.prepare(JOURNAL_SELECT);
    this.#part = db.prepare('SELECT events FROM journal WHERE place = ?');
    this.#put = db.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?)');
  }

  read<E>(n: number): KeptEvent<E>[] {
    return readJournal(this.#select, n);
  }

  /**
   * Adds events, as textOf has them, to an entry that has `length` so far. The rows are the same however the
   * events were shared out over calls.
   */
  add(n: number, length: number, events: readonly string[]): void {
    for (let start = 0; start < events.length; ) {
      const at = length + start;
      const place = n * PARTS + Math.floor(at / PART);
      const room = PART - (at % PART);
      const more = events.slice(start, start + room).join(',');
      const before = at % PART === 0 ? '[' : `${this.#textAt(place).slice(0, -1)},`;
      this.#put.run(place, `${before}${more}]`);
      start += room;
    }
  }

  #textAt(place: number): string {
    return this.#part.get(place)?.events as string;
  }
}
