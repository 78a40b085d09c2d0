import { Journal, type KeptEvent } from './journal.ts';
import { RowCache } from './row-cache.ts';
import { type Plot, type Step, type Story, storyAfter, storyOf } from './story.ts';
import type { ViewDatabase } from './view-database.ts';

/** Entries of one kind in memory, and on their way from and to the rows of one database. */

/** Grows in place, event by event. */
export interface Entry<R, F, P> {
  readonly id: string;
  row: R;
  readonly story: Story<F, P>;
  /** How many of its events the journal has. */
  readonly stored: number;
  /** Those that it does not have yet: see textOf. */
  readonly added: string[];
  /** What it weighs in memory, about. */
  bytes: number;
}

const ENTRY_BYTES = 3_500;
/** What is gathered from an event, beside its text. */
const EVENT_BYTES = 300;

interface Row {
  readonly n: number;
  readonly id: string;
  readonly stale?: true;
}

/** The rows of a kind of entry. */
export interface Rows<R, E, F, P> {
  load(id: string): R | undefined;
  /** `events`: all of them, read when they are asked for. `stored`: whether rows of it are there already. */
  write(row: R, story: Story<F, P>, events: () => readonly E[], stored: boolean): void;
  /** Writes a row that no event of its own changed. */
  update(row: R): void;
  /** The id of a row that is there. */
  idAt(n: number): string;
}

export class Entries<R extends Row, E extends KeptEvent, F, P> {
  readonly #journal: Journal;
  readonly #rows: Rows<R, E, F, P>;
  readonly #plot: Plot<E, F, P>;
  readonly #cache: RowCache<Entry<R, F, P>>;

  /** `limit`: bytes that may stay in memory between flushes. */
  constructor(db: ViewDatabase, rows: Rows<R, E, F, P>, plot: Plot<E, F, P>, limit: number) {
    this.#journal = new Journal(db);
    this.#rows = rows;
    this.#plot = plot;
    this.#cache = new RowCache<Entry<R, F, P>>({
      load: (id) => this.#load(id),
      write: (entry) => this.#write(entry),
      placeOf: ({ row }) => row.n,
      limit,
    });
  }

  get(id: string): Entry<R, F, P> | undefined {
    return this.#cache.get(id);
  }

  /** The entry before an event of its own: nothing is looked up before the first. */
  before(id: string, { revision }: { readonly revision: number }): Entry<R, F, P> | undefined {
    return revision === 0 ? this.#cache.kept(id) : this.#cache.get(id);
  }

  idAt(n: number): string {
    return this.#cache.idAt(n) ?? this.#rows.idAt(n);
  }

  /** Takes one more event of an entry in. `step` is undefined of one that was ignored, which is never the first. */
  add(entry: Entry<R, F, P> | undefined, row: R, text: string, step: Step<F, P> | undefined): void {
    if (entry === undefined) {
      if (step !== undefined) this.#begin(row, text, step);
      return;
    }
    if (step !== undefined) storyAfter(entry.story, step);
    entry.added.push(text);
    entry.bytes += EVENT_BYTES + text.length;
    this.touch(entry, row);
  }

  #begin(row: R, text: string, step: Step<F, P>): void {
    const story = storyAfter(undefined, step);
    const bytes = ENTRY_BYTES + EVENT_BYTES + text.length;
    this.#cache.set({ id: row.id, row, story, stored: 0, added: [text], bytes }, bytes);
  }

  /** Gives the entry another row, which no event of its own changed. */
  touch(entry: Entry<R, F, P>, row: R): void {
    entry.row = row;
    this.#cache.set(entry, entry.bytes);
  }

  /** Marks the last good row of an entry as stale. */
  markStale(id: string): void {
    const entry = this.get(id);
    if (entry !== undefined) this.touch(entry, { ...entry.row, stale: true });
  }

  flush(): void {
    this.#cache.flush();
  }

  /** The end of a build: writes what is still in memory. */
  finish(): void {
    this.#cache.drain();
  }

  #load(id: string): Entry<R, F, P> | undefined {
    const row = this.#rows.load(id);
    if (row === undefined) return undefined;
    const events = this.#journal.read(row.n) as E[];
    const story = storyOf(events, this.#plot);
    if (story === undefined) throw new Error(`the journal has no events of ${id}`);
    const bytes = ENTRY_BYTES + EVENT_BYTES * events.length;
    return { id: row.id, row, story, stored: events.length, added: [], bytes };
  }

  #write({ row, story, stored, added }: Entry<R, F, P>): void {
    if (added.length === 0) {
      this.#rows.update(row);
      return;
    }
    this.#journal.add(row.n, stored, added);
    const events = () => this.#journal.read(row.n) as E[];
    this.#rows.write(row, story, events, stored > 0);
  }
}
