import { calendarQueries } from '../projections/calendar-queries.ts';
import { entryQueries } from '../projections/entry-queries.ts';
import type { CalendarQueries, Reader } from '../projections/types.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { createCalendars } from './calendars.ts';
import type { Clock } from './clock.ts';
import { FeedThread, type FeedThreadOptions } from './feed-thread.ts';
import type { Calendars } from './http/app.ts';
import { entryUid, releaseId } from './ids.ts';
import type { Projector } from './views/projector.ts';

export interface ViewReadersOptions {
  readonly projector: Projector;
  readonly clock: Clock;
  readonly publicUrl: string | undefined;
  /** Bytes of entries and feeds kept in memory. */
  readonly feedMemory: number;
  readonly log: FeedThreadOptions['log'];
  /** Whether a reader may know an event that the calendar's view has passed over. */
  readonly knows: (event: string, reader: Reader) => boolean;
}

interface Current {
  readonly db: ViewDatabase;
  readonly queries: CalendarQueries;
  readonly calendars: Calendars;
  readonly feeds: FeedThread;
}

/** What reads the calendar's view: one of each for an open file, since a rebuild changes it. */
export class ViewReaders {
  readonly #options: ViewReadersOptions;
  readonly #threads = new Set<FeedThread>();
  readonly #stopListening: () => void;
  #current: Current | undefined;
  #isClosed = false;

  constructor(options: ViewReadersOptions) {
    this.#options = options;
    // Without waiting for a request: a file that was replaced is to be let go of.
    this.#stopListening = options.projector.onBatch(() => void this.current);
  }

  /** Undefined while the view is being built. */
  get current(): Current | undefined {
    const { projector } = this.#options;
    if (this.#isClosed) return undefined;
    const db = projector.readable ? projector.reader() : undefined;
    if (this.#current !== undefined && this.#current.db === db) return this.#current;
    const before = this.#current;
    const { file } = projector.status();
    this.#current = db === undefined || file === undefined ? undefined : this.#open(db, file);
    // One that is no longer to be served is not to be read from, either.
    if (before !== undefined) void this.#end(before.feeds, db === undefined ? 'close' : 'retire');
    return this.#current;
  }

  /** Ends the threads, which lets go of the view's file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    await Promise.all([...this.#threads].map((feeds) => feeds.close()));
  }

  #open(db: ViewDatabase, file: string): Current {
    const { projector, clock, publicUrl, feedMemory: maxBytes, log, knows } = this.#options;
    const entries = entryQueries(db, entryUid);
    const skippedSeq = (event: string, reader: Reader) =>
      knows(event, reader) ? projector.ledger?.skippedSeq(event) : undefined;
    const queries = calendarQueries(db, releaseId, skippedSeq);
    const version = () => projector.version;
    const until = (reader: Reader, nowMs: number) => queries.boundary(reader, nowMs).untilMs;
    const fault = (error: unknown) => projector.readFault(error, file);
    const feeds = new FeedThread({ job: { file, publicUrl, maxBytes }, clock, log, fault });
    this.#threads.add(feeds);
    return {
      ...{ db, queries, feeds },
      calendars: createCalendars({ entries, feeds, version, until, publicUrl }),
    };
  }

  async #end(feeds: FeedThread, how: 'close' | 'retire'): Promise<void> {
    await feeds[how]();
    this.#threads.delete(feeds);
  }
}
