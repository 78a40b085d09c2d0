import { type NewEvent, parseStream, type RecordedEvent } from '../../../events/envelope.ts';
import {
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type Head,
  InvalidEvent,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  StoreUnavailable,
  type SubscriptionMessage,
} from '../event-store.ts';
import {
  baseRevision,
  type SerialisedEvent,
  type StoreLimits,
  serialise,
  whole,
} from '../serialise.ts';
import { Appender } from './appender.ts';
import { Connection } from './connection.ts';
import { type Place, parsePosition } from './position.ts';
import { headOf, Reader } from './reader.ts';
import { namesUnder } from './recorded.ts';
import type { ClusterSettings } from './settings.ts';
import { Follower, type FollowOptions } from './subscription.ts';

/**
 * An EventStoreDB or KurrentDB cluster as our store: see EventStore for what it promises. One promise is the
 * server's to break: an id that was written into another stream, or that comes again at the stream's
 * present revision, is not noticed.
 */
export class ClusterStore implements EventStore {
  readonly #limits: StoreLimits;
  readonly #connection: Connection;
  readonly #reader: Reader;
  readonly #appender: Appender;
  readonly #following: FollowOptions;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(settings: ClusterSettings, limits: StoreLimits) {
    const { address, prefix, timeoutMs, quietMs, watchdogMs, longestPauseMs } = settings;
    const names = namesUnder(prefix);
    const connection = new Connection(address);
    const reader = new Reader(connection, names, timeoutMs);
    this.#limits = limits;
    this.#connection = connection;
    this.#reader = reader;
    this.#appender = new Appender(connection, names, reader, timeoutMs);
    this.#following = {
      ...{ connection, reader, names, timeoutMs, quietMs, watchdogMs, longestPauseMs },
    };
  }

  get awaySince(): number | undefined {
    return this.#connection.awaySince;
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<AppendResult> {
    this.#checkOpen();
    const rows = serialise(stream, events, this.#limits);
    requireOurs(stream);
    requireFit(stream, rows, this.#limits.bytesPerAppend);
    return this.#appender.append(stream, events, rows, baseRevision(expected));
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    this.#checkOpen();
    if (options.from !== undefined) whole('from', options.from, 0);
    if (options.limit !== undefined) whole('limit', options.limit, 1);
    return this.#reader.stream(stream, options);
  }

  async readAll(options: ReadAllOptions): Promise<RecordedEvent[]> {
    this.#checkOpen();
    const limit = whole('limit', options.limit, 1);
    const page = await this.#reader.page(placeOf(options.after), limit, options.backwards ?? false);
    return page.map(({ event }) => event);
  }

  subscribe(
    after: Position | 'end' | undefined,
    signal: AbortSignal,
  ): AsyncIterable<SubscriptionMessage> {
    this.#checkOpen();
    // Looked up now and not at the first `next`: what is appended in between belongs to the subscriber.
    const start = after === 'end' ? this.#reader.end() : Promise.resolve(placeOf(after));
    // Whoever iterates meets the error; who never does must not meet it as an unhandled one.
    start.catch(() => undefined);
    return new Follower(this.#following, [signal, this.#closed.signal]).follow(start);
  }

  async head(): Promise<Head | undefined> {
    this.#checkOpen();
    const found = await this.#reader.head();
    return found === undefined ? undefined : headOf(found);
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    this.#closed.abort();
    await this.#appender.idle();
    await this.#connection.close();
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new StoreUnavailable(
      `the connection to ${this.#connection.shown} is closed: open it again`,
      'not-written',
    );
  }
}

const placeOf = (position: Position | undefined): Place | undefined =>
  position === undefined ? undefined : parsePosition(position);

/** What is written elsewhere would never be read again. */
function requireOurs(stream: string): void {
  if (parseStream(stream) !== undefined) return;
  throw new InvalidEvent(`${stream} is no stream of Chancery: name one as its kind, - and an id`);
}

/** The server counts a type's name too, in UTF-16; and one command's events must fit one append. */
function requireFit(stream: string, rows: readonly SerialisedEvent[], allowed: number): void {
  const bytes = rows.reduce(
    (sum, { type, data, meta }) =>
      sum + 2 * type.length + Buffer.byteLength(data) + Buffer.byteLength(meta),
    0,
  );
  if (bytes <= allowed) return;
  throw new InvalidEvent(
    `an append to ${stream} takes ${bytes} bytes, ${allowed} are allowed: make it smaller`,
  );
}
