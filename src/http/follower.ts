import type { Reader } from '../../projections/types.ts';
import type { ChangeFilters, ChangeReader } from './change-reader.ts';
import type { EventStream } from './event-stream.ts';

export interface FollowerOptions {
  readonly stream: EventStream;
  readonly filters: ChangeFilters;
  /** Where it begins; undefined: before the first change. */
  readonly after: string | undefined;
  /** Who reads, asked each time. @throws when the caller's token holds no longer */
  readonly reader: () => Reader;
  /** The clock at its beginning: embargoes that had ended by then are over. */
  readonly begunMs: number;
}

/** One stream of changes: where it stands and what it has sent. */
export class Follower {
  readonly stream: EventStream;
  readonly #filters: ChangeFilters;
  readonly #reader: () => Reader;
  readonly #begunMs: number;
  #after: string | undefined;

  constructor({ stream, filters, after, reader, begunMs }: FollowerOptions) {
    this.stream = stream;
    this.#filters = filters;
    this.#reader = reader;
    this.#begunMs = begunMs;
    this.#after = after;
  }

  /**
   * Sends the next page, as far as the reader takes it; true: there may be more.
   * @param settledMs embargoes that ended up to this instant are changes, whether or not an event says so
   * @throws what the token's end, a view of another log, or the view's database throws
   */
  step(changes: ChangeReader, settledMs: number): boolean {
    const present = this.#reader();
    if (this.stream.full) return false;
    const before = this.#after;
    const settled = Math.max(this.#begunMs, settledMs);
    // A clock that is set back does not take back what was sent.
    const reader = { ...present, clockMs: Math.max(present.clockMs, settled) };
    const { events, cursor } = changes.page(reader, settled, this.#filters, before);
    for (const event of events) {
      if (this.stream.full) return false;
      this.stream.send(event.text);
      this.#after = event.cursor;
    }
    this.#after = cursor;
    return cursor !== before;
  }

  /**
   * Sends a heartbeat; false: the reader takes nothing.
   * @throws when the caller's token holds no longer
   */
  beat(): boolean {
    this.#reader();
    return this.stream.beat();
  }
}
