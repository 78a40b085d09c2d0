import { EventEmitter, once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { upcast } from '../../../events/registry.ts';
import { calendar } from '../../../projections/calendar.ts';
import { calendarQueries } from '../../../projections/calendar-queries.ts';
import { type EntryQueries, entryQueries } from '../../../projections/entry-queries.ts';
import type { Applier, ProjectedEvent } from '../../../projections/projection.ts';
import type { CalendarQueries } from '../../../projections/types.ts';
import type { ViewDatabase } from '../../../projections/view-database.ts';
import type { Views } from '../../../src/http/deps.ts';
import { entryUid, releaseId } from '../../../src/ids.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openLive, transaction } from '../../../src/views/database.ts';
import type { ViewStatus } from '../../../src/views/status.ts';

/**
 * The real calendar projection and queries on a real database file, applied when somebody waits and not in
 * the background, so that a test decides how far behind the view is.
 */
export class TestViews implements Views {
  version = 1;
  /** `waiting`: somebody has begun to wait; `applied`: a batch is in. */
  readonly signs = new EventEmitter().setMaxListeners(0);
  /** Set: the view does not move. */
  held = false;
  /** Set: nothing can be read. */
  building = false;
  readonly #db: DatabaseSync;
  readonly #applier: Applier;
  readonly #store: EventStore;
  readonly #queries: CalendarQueries;
  #position: string | undefined;
  #last: string | undefined;
  #seq = 0;
  #work = Promise.resolve();

  constructor(file: string, store: EventStore) {
    this.#db = openLive(file);
    this.#db.exec(calendar.tables);
    this.#db.exec(calendar.indexes);
    const db = this.#db as unknown as ViewDatabase;
    this.#applier = calendar.open(db, { build: false, cacheBytes: 1_000_000 });
    this.#queries = calendarQueries(db, releaseId);
    this.#store = store;
  }

  /** What feeds read of the view. */
  entries(): EntryQueries {
    return entryQueries(this.#db as unknown as ViewDatabase, entryUid);
  }

  queries(): CalendarQueries | undefined {
    return this.building ? undefined : this.#queries;
  }

  async waitFor(eventId: string, timeoutMs: number): Promise<boolean> {
    await this.catchUp();
    if (this.#has(eventId)) return true;
    const given = new AbortController();
    const timer = setTimeout(() => given.abort(), timeoutMs);
    const applied = once(this.signs, 'applied', { signal: given.signal });
    this.signs.emit('waiting');
    await applied.catch(() => undefined);
    clearTimeout(timer);
    return this.#has(eventId);
  }

  onBatch(listener: () => void): () => void {
    this.signs.on('applied', listener);
    return () => this.signs.off('applied', listener);
  }

  #has(eventId: string): boolean {
    return calendar.has?.(this.#db as unknown as ViewDatabase, eventId) ?? false;
  }

  /** One after the other: two that wait at once must not apply the same events. */
  catchUp(): Promise<void> {
    this.#work = this.#work.then(() => this.#apply());
    return this.#work;
  }

  async #apply(): Promise<void> {
    if (this.held) return;
    const events = await this.#store.readAll({ after: this.#position, limit: 100_000 });
    if (events.length === 0) return;
    transaction(this.#db, () => {
      for (const event of events) this.#applyOne(event);
      this.#applier.flush();
    });
    this.version += 1;
    this.signs.emit('applied');
  }

  #applyOne(event: RecordedEvent): void {
    this.#seq += 1;
    const current = upcast(event);
    if (current !== undefined && !/^(token|feed)-/.test(event.stream)) {
      this.#applier.apply(current as ProjectedEvent, this.#seq);
    }
    this.#position = event.position;
    this.#last = event.id;
  }

  status(): ViewStatus {
    return {
      view: 'calendar',
      state: this.building ? 'building' : 'live',
      readable: !this.building,
      definition: 'test',
      checkpoint:
        this.#last === undefined
          ? undefined
          : {
              position: this.#position ?? '',
              id: this.#last,
              stream: '',
              revision: 0,
              seq: this.#seq,
            },
      appliedAt: undefined,
      caughtUp: !this.held,
      version: this.version,
      build: undefined,
      problem: undefined,
      deadLetters: 0,
      quarantined: [],
      unknown: {},
    };
  }

  close(): void {
    this.#db.close();
  }
}
