import {
  type AppendResult as DriverResult,
  type EventData,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { NewEvent, RecordedEvent } from '../../../events/envelope.ts';
import {
  type AppendResult,
  type ExpectedRevision,
  InvalidEvent,
  PartialAppend,
  RevisionConflict,
} from '../event-store.ts';
import type { SerialisedEvent } from '../serialise.ts';
import type { Connection } from './connection.ts';
import { isNotLeader } from './errors.ts';
import { onLeader, silent, within } from './patience.ts';
import { formatPosition } from './position.ts';
import { Queue } from './queue.ts';
import type { Reader } from './reader.ts';
import type { Names } from './recorded.ts';

/** Appends handed to the driver at once: beyond it more of them only take more memory. */
const AT_ONCE = 500;

/**
 * Milliseconds that the server is told it may take, by the caller's clock: since it compares that with its
 * own, a caller whose clock is behind would otherwise be refused every time. How long is waited here is the
 * appender's own affair.
 */
const DEADLINE_MS = 600_000;

const encoder = new TextEncoder();

/** Writes appends; see EventStore.append for what it promises. */
export class Appender {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #reader: Reader;
  readonly #timeoutMs: number;
  /** Of one stream one at a time: the driver keeps no order, and a repetition under way times out at the server. */
  readonly #queue = new Queue(AT_ONCE);

  constructor(connection: Connection, names: Names, reader: Reader, timeoutMs: number) {
    this.#connection = connection;
    this.#names = names;
    this.#reader = reader;
    this.#timeoutMs = timeoutMs;
  }

  /** @param rows the same events as JSON texts */
  append(
    stream: string,
    events: readonly NewEvent[],
    rows: readonly SerialisedEvent[],
    base: number,
  ): Promise<AppendResult> {
    const data = events.map(({ id, type, data }, index) => {
      // As bytes, which the driver does not make into JSON a second time; for data it has no such way.
      const metadata = encoder.encode(rows[index]?.meta);
      return jsonEvent({ id, type, data, metadata } as Parameters<typeof jsonEvent>[0]);
    });
    return this.#queue.run(stream, async (waitedMs) => {
      if (waitedMs > this.#timeoutMs) {
        throw silent(this.#connection.shown, this.#timeoutMs, 'not-written');
      }
      return this.#write(stream, data, base, events);
    });
  }

  /** Settles when nothing is under way. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #write(
    stream: string,
    data: EventData[],
    base: number,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    try {
      const { nextExpectedRevision, position } = await onLeader(() =>
        this.#send(stream, data, base),
      );
      const revision = Number(nextExpectedRevision);
      if (position !== undefined) return { revision, position: formatPosition(position) };
      return { revision, position: await this.#positionAt(stream, revision) };
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      return this.#repeatOrRefuse(stream, events, base, error);
    }
  }

  async #send(stream: string, data: EventData[], base: number): Promise<DriverResult> {
    const { shown } = this.#connection;
    const driver = this.#connection.driver('writing');
    const sent = driver.appendToStream(this.#names.outside(stream), data, {
      expectedRevision: base < 0 ? NO_STREAM : BigInt(base),
      requiresLeader: true,
      deadline: DEADLINE_MS,
    });
    try {
      const result = await within(this.#timeoutMs, sent, shown, 'unknown');
      this.#connection.answered();
      return result;
    } catch (error) {
      if (error instanceof WrongExpectedVersionError || isNotLeader(error)) throw error;
      if (error instanceof MaxAppendSizeExceededError) throw tooLarge(stream, error);
      throw this.#connection.failed('writing', driver, error, 'unknown');
    }
  }

  async #positionAt(stream: string, revision: number): Promise<string> {
    const [event] = await this.#reader.stream(stream, { from: revision, limit: 1 });
    if (event !== undefined) return event.position;
    throw new Error(`${stream} lacks revision ${revision}, which was just written`);
  }

  /** The server says only that the revision is another one; whose events are there is ours to find out. */
  async #repeatOrRefuse(
    stream: string,
    events: readonly NewEvent[],
    base: number,
    error: WrongExpectedVersionError,
  ): Promise<AppendResult> {
    const there = new Map(
      (await this.#reader.stream(stream, {})).map((event) => [event.id, event] as const),
    );
    const places = events.map(({ id }) => there.get(id));
    const [first] = places;
    const last = places.at(-1);
    if (places.every((place) => place === undefined)) throw conflict(stream, base, error);
    if (first === undefined || last === undefined || !inOrder(first, places)) {
      throw partial(stream, places);
    }
    // Written as a whole, but elsewhere: by another who met the same conflict and decided again.
    if (first.revision !== base + 1) throw conflict(stream, base, error);
    return { revision: last.revision, position: last.position };
  }
}

function inOrder(first: RecordedEvent, places: readonly (RecordedEvent | undefined)[]): boolean {
  return places.every((place, index) => place?.revision === first.revision + index);
}

function conflict(
  stream: string,
  base: number,
  { actualVersion }: WrongExpectedVersionError,
): RevisionConflict {
  const actual = typeof actualVersion === 'bigint' ? Number(actualVersion) : 'none';
  return new RevisionConflict(stream, named(base), actual);
}

const named = (revision: number): ExpectedRevision => (revision < 0 ? 'none' : revision);

function partial(stream: string, places: readonly (RecordedEvent | undefined)[]): PartialAppend {
  const place = places.find((found) => found !== undefined);
  return new PartialAppend(
    `event ${place?.id} is already written, at revision ${place?.revision} of ${stream}, ` +
      'and not as part of this append: repeat an append with exactly its first events, or give new ids',
  );
}

const tooLarge = (stream: string, error: MaxAppendSizeExceededError): InvalidEvent =>
  new InvalidEvent(
    `an append to ${stream} is larger than the ${error.maxAppendSize} bytes that the server takes: make it smaller, or raise MaxAppendSize there`,
    { cause: error },
  );
