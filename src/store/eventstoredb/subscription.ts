import { START, streamNameFilter } from '@eventstore/db-client';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { StoreInvalid, type SubscriptionMessage } from '../event-store.ts';
import type { Connection } from './connection.ts';
import type { Driver } from './driver.ts';
import { isNotLeader } from './errors.ts';
import { Feed, type Said } from './feed.ts';
import { backoff, pause, silent } from './patience.ts';
import { comparePlaces, type Place } from './position.ts';
import type { Reader } from './reader.ts';
import { type Found, foundIn, type Names } from './recorded.ts';

/** Events in one message at most. */
const MESSAGE = 500;
/** Events that the driver reads ahead of the consumer. */
const READ_AHEAD = 1_000;
/** Events that the server looks through for ours at once, and such rounds between two checkpoints. */
const SEARCH_WINDOW = 500;
const CHECKPOINT_ROUNDS = 4;

export interface FollowOptions {
  readonly connection: Connection;
  readonly reader: Reader;
  readonly names: Names;
  /** How long the server may take to accept a subscription, in milliseconds. */
  readonly timeoutMs: number;
  /** Silence after which is asked whether there is anything to hear. */
  readonly quietMs: number;
  /** The same once all was heard. */
  readonly watchdogMs: number;
  /** Longest pause between two tries. */
  readonly longestPauseMs: number;
}

/**
 * Events after a place, for ever, from one call of the driver's after another. Ends on abort, and when the
 * log turns out not to hold any more what was heard last: then it is another one, or an older copy of it.
 * @throws {StoreInvalid} what trying again does not mend
 */
export class Follower {
  readonly #options: FollowOptions;
  readonly #signals: readonly AbortSignal[];
  /** Where to go on. */
  #after: Place | undefined;
  #last: Found | undefined;
  #failures = 0;

  constructor(options: FollowOptions, signals: readonly AbortSignal[]) {
    this.#options = options;
    this.#signals = signals;
  }

  async *follow(start: Promise<Place | undefined>): AsyncGenerator<SubscriptionMessage, void> {
    this.#after = await start;
    while (!this.#ended) {
      try {
        if (!(await this.#isSameLog())) return;
        yield* this.#once();
      } catch (error) {
        if (error instanceof StoreInvalid) throw error;
      }
      if (this.#ended) return;
      await pause(backoff(this.#failures, this.#options.longestPauseMs), this.#signals);
      this.#failures += 1;
    }
  }

  get #ended(): boolean {
    return this.#signals.some(({ aborted }) => aborted);
  }

  async #isSameLog(): Promise<boolean> {
    if (this.#last === undefined) return true;
    const { id, stream, revision, position } = this.#last.event;
    const [event] = await this.#options.reader.stream(stream, { from: revision, limit: 1 });
    return event?.id === id && event.position === position;
  }

  /** One call, until it is over or gone silent. */
  async *#once(): AsyncGenerator<SubscriptionMessage, void> {
    const { connection } = this.#options;
    const driver = connection.driver('following');
    const feed = this.#open(driver);
    try {
      yield* this.#messages(feed, driver);
    } finally {
      feed.close();
    }
    const error = feed.over?.error;
    if (error === undefined || this.#ended) return;
    if (isNotLeader(error)) throw error;
    throw connection.failed('following', driver, error);
  }

  #open(driver: Driver): Feed {
    const { names } = this.#options;
    return new Feed(
      (onCheckpoint) =>
        driver.subscribeToAll(
          {
            fromPosition: this.#after ?? START,
            requiresLeader: true,
            filter: streamNameFilter({
              prefixes: names.prefixes,
              maxSearchWindow: SEARCH_WINDOW,
              checkpointInterval: CHECKPOINT_ROUNDS,
              checkpointReached: (_, place) => onCheckpoint(place),
            }),
          },
          { highWaterMark: READ_AHEAD },
        ),
      driver.gone,
    );
  }

  async *#messages(feed: Feed, driver: Driver): AsyncGenerator<SubscriptionMessage, void> {
    const silence = new Silence(this.#options, feed, driver);
    for (let over = false; !over && !this.#ended; ) {
      const said = feed.take(MESSAGE);
      yield* this.#tell(said, silence);
      if (said.events.length > 0 || said.mark !== undefined) silence.broken();
      else over = feed.over !== undefined || (yield* silence.wait(this.#signals, this.#after));
    }
  }

  *#tell({ events, mark }: Said, silence: Silence): Generator<SubscriptionMessage, void> {
    const ours = events.flatMap((event) => this.#ours(foundIn(event, this.#options.names)) ?? []);
    if (ours.length > 0) yield { kind: 'events', events: ours };
    if (mark === undefined || this.#ended) return;
    this.#failures = 0;
    if (mark.kind === 'caught-up') yield* silence.caughtUp();
    else this.#after = mark.place;
  }

  /** Nothing is given twice, wherever the server begins. */
  #ours(found: Found | undefined): RecordedEvent | undefined {
    if (found === undefined) return undefined;
    if (this.#after !== undefined && comparePlaces(found.place, this.#after) <= 0) return undefined;
    this.#after = found.place;
    this.#last = found;
    this.#failures = 0;
    return found.event;
  }
}

/** What to make of it when nothing is said. */
class Silence {
  readonly #options: FollowOptions;
  readonly #feed: Feed;
  readonly #driver: Driver;
  #behind = true;
  #sinceMs = performance.now();
  /** There was something to hear when it was last asked. */
  #suspicious = false;

  constructor(options: FollowOptions, feed: Feed, driver: Driver) {
    this.#options = options;
    this.#feed = feed;
    this.#driver = driver;
  }

  broken(): void {
    this.#sinceMs = performance.now();
    this.#suspicious = false;
  }

  *caughtUp(): Generator<SubscriptionMessage, void> {
    this.#behind = false;
    yield { kind: 'caught-up' };
  }

  /**
   * Waits for something to be said; after too long a silence asks the log itself. Servers before 23.10 never
   * say that all was said, and a call can be dead without anybody noticing.
   * @returns true: give this call up
   */
  async *wait(
    signals: readonly AbortSignal[],
    heardTo: Place | undefined,
  ): AsyncGenerator<SubscriptionMessage, boolean> {
    const { reader, quietMs, watchdogMs } = this.#options;
    const patience = this.#behind || this.#suspicious ? quietMs : watchdogMs;
    await this.#feed.wait(patience, signals);
    this.#requireTaken();
    if (performance.now() - this.#sinceMs < patience || !this.#feed.confirmed) return false;
    const head = await reader.head();
    if (isBeyond(head, heardTo)) {
      if (this.#suspicious) return true;
      this.#suspicious = true;
    } else if (this.#behind) yield* this.caughtUp();
    this.#sinceMs = performance.now();
    return false;
  }

  /** @throws StoreUnavailable the server has not taken the call for too long */
  #requireTaken(): void {
    const { connection, timeoutMs } = this.#options;
    if (this.#feed.confirmed) connection.answered();
    if (this.#feed.confirmed || performance.now() - this.#sinceMs < timeoutMs) return;
    const error = silent(connection.shown, timeoutMs, 'not-written');
    throw connection.failed('following', this.#driver, error);
  }
}

const isBeyond = (head: Found | undefined, heardTo: Place | undefined): boolean =>
  head !== undefined && (heardTo === undefined || comparePlaces(head.place, heardTo) > 0);
