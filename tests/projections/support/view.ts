import { DatabaseSync } from 'node:sqlite';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { upcast } from '../../../events/registry.ts';
import { calendar } from '../../../projections/calendar.ts';
import { calendarQueries } from '../../../projections/calendar-queries.ts';
import { entryQueries } from '../../../projections/entry-queries.ts';
import type { Applier, OpenOptions, ProjectedEvent } from '../../../projections/projection.ts';
import type { ViewDatabase, ViewValue } from '../../../projections/view-database.ts';
import { entryUid, releaseId } from '../../../src/ids.ts';

type Row = Record<string, ViewValue>;

/** The real projection over a database in memory, with its queries. */
export class View {
  readonly db = new DatabaseSync(':memory:');
  readonly queries;
  readonly entries;
  readonly #options: OpenOptions;
  #applier: Applier;
  #seq = 0;

  private constructor(options: OpenOptions) {
    const db = this.db as unknown as ViewDatabase;
    this.db.exec(calendar.tables);
    if (!options.build) this.db.exec(calendar.indexes);
    this.#options = options;
    this.#applier = calendar.open(db, options);
    this.queries = calendarQueries(db, releaseId);
    this.entries = entryQueries(db, entryUid);
  }

  static live(): View {
    return new View({ build: false, cacheBytes: 1_000_000 });
  }

  /** As a rebuild makes it: rows may wait in the cache over many flushes; `finish` ends it. */
  static build(cacheBytes: number): View {
    return new View({ build: true, cacheBytes });
  }

  /** One batch. */
  apply(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.#seq += 1;
      const known = upcast(event);
      if (known !== undefined) this.#applier.apply(known as ProjectedEvent, this.#seq);
    }
    this.#applier.flush();
  }

  /** What memory holds is gone, as after a restart or a failed batch: only the rows are left. */
  forget(): void {
    this.#applier = calendar.open(this.db as unknown as ViewDatabase, this.#options);
  }

  finish(): this {
    this.#applier.finish?.();
    this.#applier.flush();
    this.db.exec(calendar.indexes);
    return this;
  }

  quarantine(stream: string): void {
    this.#applier.quarantine(stream);
    this.#applier.flush();
  }

  has(eventId: string): boolean {
    return calendar.has?.(this.db as unknown as ViewDatabase, eventId) ?? false;
  }

  /** Every row of every table, and for each word of the texts the rows that have it. */
  contents(): Record<string, unknown> {
    const tables = this.#all("SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
    const texts = tables.filter((t) => String(t.sql).includes('VIRTUAL')).map((t) => `${t.name}`);
    const plain = tables
      .map((t) => `${t.name}`)
      .filter((name) => !texts.some((text) => name.startsWith(text)));
    return {
      ...Object.fromEntries(plain.map((name) => [name, this.#rows(name)])),
      ...Object.fromEntries(texts.map((name) => [name, this.#words(name)])),
    };
  }

  close(): void {
    this.db.close();
  }

  #all(sql: string): Row[] {
    return this.db.prepare(sql).all() as Row[];
  }

  #rows(table: string): Row[] {
    const columns = this.#all(`SELECT name FROM pragma_table_info('${table}')`);
    return this.#all(`SELECT * FROM ${table} ORDER BY ${columns.map((c) => c.name).join(', ')}`);
  }

  #words(table: string): Row[] {
    this.db.exec(`CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, ${table}, instance)`);
    const words = this.#all('SELECT term, doc FROM temp.words ORDER BY term, doc');
    this.db.exec('DROP TABLE temp.words');
    return words;
  }
}
