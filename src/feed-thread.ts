import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { BackgroundFailed } from './background-failed.ts';
import { type Clock, systemClock } from './clock.ts';
import { threadEnvironment } from './compile-cache.ts';
import { dayOf, type FeedMaker } from './feed-maker.ts';
import type { FeedsCall, FeedsJob, FeedsReply } from './feeds-worker.ts';
import type { CalendarText, FeedAsk } from './http/app.ts';
import { type Encoding, KeptBytes } from './ical/index.ts';
import type { ViewLog } from './views/status.ts';

const WORKER = new URL('./feeds-worker.ts', import.meta.url);
/** From the loss of a thread to the next: one that does not fit into memory is not to be tried without a pause. */
const PAUSE_MS = 1_000;

export interface FeedThreadOptions {
  readonly job: FeedsJob;
  /** That of the service. */
  readonly clock: Clock;
  readonly log: Pick<ViewLog, 'error'>;
  /** What the thread failed with; returns what the caller is to have. Default: the same. */
  readonly fault?: (error: unknown) => unknown;
  /** Default: the worker of this program. */
  readonly worker?: URL;
  /** Default: PAUSE_MS. */
  readonly pauseMs?: number;
}

/** The thread of the feeds was lost, or ended with its view: another is begun by who asks again. */
export class FeedsUnavailable extends Error {
  override readonly name = 'FeedsUnavailable';

  constructor() {
    super('feeds cannot be put together at this moment: try again in a few seconds');
  }
}

type Numbered<T> = T extends { readonly call: number } ? Omit<T, 'call'> : never;

/** Who waits for a reply: it is taken in at once, since what comes behind it may make it void. */
interface Waiting {
  readonly take: (reply: FeedsReply, worker: Worker) => void;
  readonly reject: (error: unknown) => void;
  readonly settled: Promise<unknown>;
}

/**
 * Feeds of one view file, composed in a thread that begins with the first of them. What is known of a feed here
 * is what it takes to answer: its tag, and its bytes once somebody wanted them.
 */
export class FeedThread implements FeedMaker<CalendarText> {
  readonly #options: FeedThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #feeds = new Map<number, ThreadFeed>();
  readonly #read = new WeakMap<FeedAsk, { readonly feed: ThreadFeed; readonly day: string }>();
  /** Answered with since the last call. */
  readonly #used = new Set<number>();
  #latestUsed: number | undefined;
  #latestCall = 0;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #lostAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: FeedThreadOptions) {
    this.#options = options;
  }

  /** @throws FeedsUnavailable, and what fails in the thread */
  read(ask: FeedAsk, nowMs: number): Promise<CalendarText> {
    const used = [...this.#used];
    this.#used.clear();
    this.#latestUsed = undefined;
    const aheadMs = this.#options.clock() - systemClock();
    return this.#call({ kind: 'read', ask, nowMs, aheadMs, used }, (reply, worker) => {
      if (reply.kind !== 'feed') throw new Error(`no feed but ${reply.kind} came back`);
      const feed = this.#feeds.get(reply.feed) ?? this.#newFeed(worker, reply);
      this.#read.set(ask, { feed, day: dayOf(nowMs) });
      return feed;
    });
  }

  kept(ask: FeedAsk, nowMs: number): CalendarText | undefined {
    const known = this.#read.get(ask);
    if (known === undefined || known.feed.isStale || known.day !== dayOf(nowMs)) return undefined;
    this.#use(known.feed.number);
    return known.feed;
  }

  /** Ends the thread as soon as nobody waits for it: another view serves by now. Settles when it has ended. */
  async retire(): Promise<void> {
    do {
      await Promise.allSettled([...this.#waiting.values()].map(({ settled }) => settled));
      // Whoever has just got a feed may ask for its bytes in this turn.
      await nextTurn();
    } while (this.#waiting.size > 0);
    await this.close();
  }

  /** Ends the thread, which lets go of the view's file. Whoever waits for a feed gets an error. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#worker?.postMessage({ kind: 'close' } satisfies FeedsCall);
    this.#worker = undefined;
    this.#fail(new FeedsUnavailable());
    return this.#exited;
  }

  /** Feeds that the thread has not yet told to be out of date. */
  get size(): number {
    return this.#feeds.size;
  }

  #use(number: number): void {
    if (number === this.#latestUsed) return;
    this.#used.delete(number);
    this.#used.add(number);
    this.#latestUsed = number;
  }

  #newFeed(worker: Worker, told: FeedsReply & { readonly kind: 'feed' }): ThreadFeed {
    const { feed: number, etag, count, length } = told;
    const described = { number, etag, count, length };
    const feed = new ThreadFeed(described, (encoding) => this.#bytes(worker, number, encoding));
    this.#feeds.set(number, feed);
    return feed;
  }

  // Another thread knows other feeds by the same numbers.
  #bytes(worker: Worker, feed: number, encoding: Encoding): Promise<readonly Buffer[]> {
    if (worker !== this.#worker) return Promise.reject(new FeedsUnavailable());
    return this.#call({ kind: 'bytes', feed, encoding }, (reply) => {
      if (reply.kind !== 'bytes') throw new Error(`no bytes but ${reply.kind} came back`);
      return reply.buffers.map(({ buffer }) => Buffer.from(buffer));
    });
  }

  #call<T>(call: Numbered<FeedsCall>, take: (reply: FeedsReply, worker: Worker) => T): Promise<T> {
    const paused = performance.now() - this.#lostAt < (this.#options.pauseMs ?? PAUSE_MS);
    if (this.#isClosed || paused) return Promise.reject(new FeedsUnavailable());
    this.#worker ??= this.#start();
    this.#latestCall += 1;
    this.#worker.postMessage({ call: this.#latestCall, ...call });
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.set(this.#latestCall, {
      take: (reply, worker) => {
        try {
          resolve(take(reply, worker));
        } catch (error) {
          reject(error);
        }
      },
      reject,
      settled: promise,
    });
    return promise;
  }

  #start(): Worker {
    const { worker: url = WORKER, job } = this.#options;
    const worker = new Worker(url, { workerData: job, env: threadEnvironment() });
    const gone = Promise.withResolvers<void>();
    this.#exited = gone.promise;
    worker.on('message', (reply: FeedsReply) => this.#take(worker, reply));
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', () => {
      this.#lost(worker, new Error('it ended by itself'));
      gone.resolve();
    });
    return worker;
  }

  #take(worker: Worker, reply: FeedsReply): void {
    if (worker !== this.#worker) return;
    if (reply.kind === 'stale') {
      this.#feeds.get(reply.feed)?.lapse();
      this.#feeds.delete(reply.feed);
      worker.postMessage({ kind: 'dropped', feed: reply.feed } satisfies FeedsCall);
      return;
    }
    const waiting = this.#waiting.get(reply.call);
    this.#waiting.delete(reply.call);
    if (reply.kind !== 'failed') waiting?.take(reply, worker);
    else waiting?.reject(this.#faultOf(new BackgroundFailed(reply)));
  }

  #faultOf(error: Error): unknown {
    const { fault = (same) => same } = this.#options;
    return fault(error);
  }

  #lost(worker: Worker, err: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#lostAt = performance.now();
    this.#options.log.error({ err }, 'the thread of the feeds was lost');
    this.#fail(new FeedsUnavailable());
  }

  #fail(error: unknown): void {
    for (const feed of this.#feeds.values()) feed.lapse();
    this.#feeds.clear();
    this.#used.clear();
    this.#latestUsed = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

interface Described {
  readonly number: number;
  readonly etag: string;
  readonly count: number;
  readonly length: number;
}

class ThreadFeed implements CalendarText {
  readonly number: number;
  readonly etag: string;
  readonly count: number;
  readonly length: number;
  readonly #fetch: (encoding: Encoding) => Promise<readonly Buffer[]>;
  readonly #bytes = new KeptBytes();
  #isStale = false;

  constructor(
    { number, etag, count, length }: Described,
    fetch: (encoding: Encoding) => Promise<readonly Buffer[]>,
  ) {
    this.number = number;
    this.etag = etag;
    this.count = count;
    this.length = length;
    this.#fetch = fetch;
  }

  /** Replaced by another, or no longer kept by its thread. */
  get isStale(): boolean {
    return this.#isStale;
  }

  plain(): Promise<readonly Buffer[]> {
    return this.#bytes.get('plain', () => this.#fetch('plain'));
  }

  gzip(): Promise<readonly Buffer[]> {
    return this.#bytes.get('gzip', () => this.#fetch('gzip'));
  }

  kept(encoding: Encoding): readonly Buffer[] | undefined {
    return this.#bytes.atHand(encoding);
  }

  /** Keeps its bytes no longer, so that their memory is free once they are sent. */
  lapse(): void {
    this.#isStale = true;
    this.#bytes.clear();
  }
}
