import type { Reader } from '../../projections/types.ts';
import type { ChangeFilters, ChangeReader } from './change-reader.ts';
import type { EventStream } from './event-stream.ts';

export interface FollowerOptions {
  readonly stream: EventStream;
  readonly filters: ChangeFilters;
  /** Where it begins. */
  readonly after: string;
  /** Who reads, asked each time. @throws when the caller's token holds no longer */
  readonly reader: () => Reader;
}

/** One stream of changes: where it stands and what it has sent. */
export class Follower {
  readonly stream: EventStream;
  readonly #filters: ChangeFilters;
  readonly #reader: () => Reader;
  #after: string;

  constructor({ stream, filters, after, reader }: FollowerOptions) {
    this.stream = stream;
    this.#filters = filters;
    this.#reader = reader;
    this.#after = after;
  }

  /**
   * Sends the next page, as far as the reader takes it; true: there may be more.
   * @throws what the token's end, a view of another log, or the view's database throws
   */
  step(changes: ChangeReader): boolean {
    const reader = this.#reader();
    if (this.stream.full) return false;
    const before = this.#after;
    const { events, cursor } = changes.page(reader, this.#filters, before);
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
