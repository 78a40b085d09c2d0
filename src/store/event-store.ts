import type { NewEvent, RecordedEvent } from '../../events/envelope.ts';

/** The store port: the same on every adapter, fixed by the contract suite in tests/store/contract.ts. */

/** Opaque place in one store's global order. Only the same store can compare two of them. */
export type Position = string;

/** Revision the stream must be at: that of its last event, or `none` for a stream without events. */
export type ExpectedRevision = number | 'none';

export interface AppendResult {
  /** Revision of the last event appended. */
  readonly revision: number;
  /** Position of the last event appended. */
  readonly position: Position;
}

export interface Head {
  readonly position: Position;
  readonly id: string;
  readonly recordedAt: string;
}

export type SubscriptionMessage =
  /** In order, never empty, at most a few hundred at once. */
  | { readonly kind: 'events'; readonly events: readonly RecordedEvent[] }
  /** The subscriber has seen all there was a moment ago. Comes again each time after it fell behind. */
  | { readonly kind: 'caught-up' };

export interface ReadStreamOptions {
  /** First revision to read; default 0, or the last one when backwards. */
  readonly from?: number;
  readonly limit?: number;
  readonly backwards?: boolean;
}

export interface ReadAllOptions {
  /** Exclusive; absent = from the start (from the end when backwards). */
  readonly after?: Position | undefined;
  readonly limit: number;
  readonly backwards?: boolean;
}

export interface EventStore {
  /**
   * Appends all events or none, durably: it has reached the disk when the promise settles.
   * Repeating an append with the same ids and the same expected revision returns the first result and
   * writes nothing. So does repeating a part of it without a gap, at the revision that this part was
   * written at: the first of its events at the same expected revision, or its last ones at the revision
   * before them. The result is then that of the part's last event.
   * @throws {RevisionConflict} the stream is at another revision
   * @throws {PartialAppend} some of the ids, not all and in order, are already written
   * @throws {InvalidEvent} an event is not JSON or too large; nothing was sent
   * @throws {StoreUnavailable} not now; `outcome` says whether it may have been written. Retry with the
   *   same ids and revision, never with new ones.
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<AppendResult>;
  /** The events of one stream, in order; empty for a stream that does not exist. */
  readStream(stream: string, options?: ReadStreamOptions): Promise<RecordedEvent[]>;
  /** One page of all events in global order. */
  readAll(options: ReadAllOptions): Promise<RecordedEvent[]>;
  /**
   * Events after a position (undefined: from the start; `end`: from the live end as it is at the call),
   * for ever: it ends when `signal` aborts or the store is closed. Resumes by itself after the store was
   * away; it ends, too, when the store has then lost what was given last: whoever goes on must look whose log
   * it is. End it by the signal: a `return()` while it waits is heard only at the next event.
   */
  subscribe(
    after: Position | 'end' | undefined,
    signal: AbortSignal,
  ): AsyncIterable<SubscriptionMessage>;
  /** The last event, or undefined for an empty store. */
  head(): Promise<Head | undefined>;
  /** Since when the store does not answer, in milliseconds since 1970; absent where it always does. */
  readonly awaySince?: number | undefined;
  /** Finishes what was appended, ends subscriptions; anything asked later is StoreUnavailable. */
  close(): Promise<void>;
}

/** The stream is not at the revision that the append expected. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly actual: ExpectedRevision;

  constructor(stream: string, expected: ExpectedRevision, actual: ExpectedRevision) {
    super(`stream ${stream} is at ${actual}, not at ${expected}: read it again and decide again`);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Some of the events of this append are already written, others are not: the batch is not the first one. */
export class PartialAppend extends Error {
  override readonly name = 'PartialAppend';
}

/** An event that no store would take: not JSON, or larger than the limit. Nothing was written. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
}

/** The store cannot be reached or is busy. */
export class StoreUnavailable extends Error {
  override readonly name: 'StoreUnavailable' | 'StoreFenced' | 'StoreContended' =
    'StoreUnavailable';
  /** `unknown`: an append may or may not have been written. */
  readonly outcome: 'not-written' | 'unknown';

  constructor(message: string, outcome: 'not-written' | 'unknown', options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** The store takes no more events, since it was copied to another one; nothing was written. */
export class StoreFenced extends StoreUnavailable {
  override readonly name = 'StoreFenced';

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'not-written', options);
  }
}

/** Others write to the same stream all the time; nothing was written. The message says so to whoever writes. */
export class StoreContended extends StoreUnavailable {
  override readonly name = 'StoreContended';

  constructor(stream: string, options?: ErrorOptions) {
    super(`${stream} is being written by others all the time: try again.`, 'not-written', options);
  }
}

/**
 * The file or server cannot be used as our store until somebody does something: foreign, damaged, newer, or
 * without the right to write. The message says what to do; trying again does not help.
 */
export class StoreInvalid extends Error {
  override readonly name = 'StoreInvalid';
}
