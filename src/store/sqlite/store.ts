import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NewEvent, RecordedEvent } from '../../../events/envelope.ts';
import {
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type Head,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  StoreUnavailable,
  type SubscriptionMessage,
} from '../event-store.ts';
import { baseRevision, type StoreLimits, serialise, whole } from '../serialise.ts';
import { translate, whenFree } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { parsePosition, Reader } from './reader.ts';
import { follow, SUBSCRIPTION_PAGE } from './subscription.ts';
import { Watch } from './watch.ts';

/** Events read at once; between two pages others get their turn of the event loop. */
const PAGE = 500;

/** The embedded store: see EventStore for what it promises. */
export class SqliteStore implements EventStore {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #limits: StoreLimits;
  readonly #reader: Reader;
  readonly #commits: GroupCommit;
  readonly #watch: Watch;
  #closing: Promise<void> | undefined;

  constructor(db: DatabaseSync, file: string, limits: StoreLimits, pollMs: number) {
    this.#db = db;
    this.#file = file;
    this.#limits = limits;
    this.#reader = new Reader(db, file);
    this.#watch = new Watch(() => this.#unlessAway(() => this.#reader.dataVersion()), pollMs);
    this.#commits = new GroupCommit(db, file, () => this.#watch.notify());
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<AppendResult> {
    this.#checkOpen();
    const rows = serialise(stream, events, this.#limits);
    const base = baseRevision(expected);
    return this.#commits.append({ stream, base, rows }, this.#limits.busyMs);
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    const { from, limit, backwards } = streamRange(options);
    const events: RecordedEvent[] = [];
    let next = from;
    for (;;) {
      const size = Math.min(PAGE, limit - events.length);
      const page = await this.#read(() => this.#reader.stream(stream, next, size, backwards));
      for (const event of page) events.push(event);
      const last = page.at(-1);
      if (last === undefined || page.length < size || events.length === limit) return events;
      next = last.revision + (backwards ? -1 : 1);
      await nextTurn();
    }
  }

  async readAll(options: ReadAllOptions): Promise<RecordedEvent[]> {
    const backwards = options.backwards ?? false;
    const limit = whole('limit', options.limit, 1);
    const start = backwards ? Number.MAX_SAFE_INTEGER : 0;
    const after = options.after === undefined ? start : parsePosition(options.after);
    const page = await this.#read(() => this.#reader.all(after, limit, backwards));
    // A loop over pages would otherwise keep the event loop from everyone else.
    await nextTurn();
    return page;
  }

  subscribe(
    after: Position | 'end' | undefined,
    signal: AbortSignal,
  ): AsyncIterable<SubscriptionMessage> {
    this.#checkOpen();
    // Looked up now and not at the first `next`: what is appended in between belongs to the subscriber.
    const start =
      after === 'end'
        ? this.#read(() => this.#reader.lastPosition())
        : Promise.resolve(after === undefined ? 0 : parsePosition(after));
    // Whoever iterates meets the error; who never does must not meet it as an unhandled one.
    start.catch(() => undefined);
    const page = (position: number) =>
      this.#unlessAway(() => this.#reader.all(position, SUBSCRIPTION_PAGE));
    return follow(start, page, this.#watch, signal);
  }

  async head(): Promise<Head | undefined> {
    return this.#read(() => this.#reader.head());
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    this.#watch.close();
    await this.#commits.idle();
    this.#db.close();
  }

  async #read<T>(task: () => T): Promise<T> {
    this.#checkOpen();
    return whenFree(
      () => {
        this.#checkOpen();
        return task();
      },
      this.#file,
      this.#limits.busyMs,
    );
  }

  /** The result, or undefined when the store is away for the moment. */
  #unlessAway<T>(task: () => T): T | undefined {
    try {
      return task();
    } catch (error) {
      const known = translate(error, this.#file);
      if (known instanceof StoreUnavailable) return undefined;
      throw known;
    }
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new StoreUnavailable(`${this.#file} is closed: open it again`, 'not-written');
  }
}

function streamRange(options: ReadStreamOptions): Required<ReadStreamOptions> {
  const backwards = options.backwards ?? false;
  const end = Number.MAX_SAFE_INTEGER;
  return {
    backwards,
    from: whole('from', options.from ?? (backwards ? end : 0), 0),
    limit: whole('limit', options.limit ?? end, 1),
  };
}
