import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { calendar } from '../projections/calendar.ts';
import { BackgroundFailed } from './background.ts';
import { threadEnvironment } from './compile-cache.ts';
import { dayOf, type FeedMaker } from './feed-maker.ts';
import type { FeedsCall, FeedsJob, FeedsReply } from './feeds-worker.ts';
import type { CalendarText, FeedAsk } from './http/app.ts';
import type { Encoding } from './ical/index.ts';
import { ViewBehind } from './views/errors.ts';

const WORKER = new URL('./feeds-worker.ts', import.meta.url);

type Reply = Exclude<FeedsReply, { readonly kind: 'stale' }>;
type Told = FeedsReply & { readonly kind: 'feed' };
/** A call without its number. */
type Numbered<T> = T extends { readonly call: number } ? Omit<T, 'call'> : never;

/**
 * Feeds of one view file, composed in a thread that begins with the first of them. What is known of a feed here
 * is what it takes to answer: its tag, and its bytes once somebody wanted them.
 */
export class FeedThread implements FeedMaker<CalendarText> {
  readonly #job: FeedsJob;
  readonly #calls = new Map<number, PromiseWithResolvers<Reply>>();
  readonly #feeds = new Map<number, ThreadFeed>();
  readonly #read = new WeakMap<FeedAsk, { readonly feed: ThreadFeed; readonly day: string }>();
  /** Answered with since the last call. */
  readonly #used = new Set<number>();
  #latestUsed: number | undefined;
  #latestCall = 0;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(job: FeedsJob) {
    this.#job = job;
  }

  /** @throws ViewBehind when it was closed, and what fails in the thread */
  async read(ask: FeedAsk, nowMs: number): Promise<CalendarText> {
    const used = [...this.#used];
    this.#used.clear();
    this.#latestUsed = undefined;
    const told = await this.#call({ kind: 'read', ask, nowMs, used });
    const feed = this.#feedOf(told as Told);
    this.#read.set(ask, { feed, day: dayOf(nowMs) });
    return feed;
  }

  kept(ask: FeedAsk, nowMs: number): CalendarText | undefined {
    const known = this.#read.get(ask);
    if (known === undefined || known.feed.isStale || known.day !== dayOf(nowMs)) return undefined;
    this.#use(known.feed.number);
    return known.feed;
  }

  /** Ends the thread as soon as nobody waits for it: another view serves by now. Settles when it has ended. */
  async retire(): Promise<void> {
    while (this.#calls.size > 0) {
      await Promise.allSettled([...this.#calls.values()].map(({ promise }) => promise));
      // Whoever has just got a feed may ask for its bytes in this turn.
      await nextTurn();
    }
    await this.close();
  }

  /** Ends the thread, which lets go of the view's file. Whoever waits for a feed gets an error. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#worker?.postMessage({ kind: 'close' } satisfies FeedsCall);
    this.#worker = undefined;
    this.#fail(new ViewBehind(calendar.name));
    return this.#exited;
  }

  #use(number: number): void {
    if (number === this.#latestUsed) return;
    this.#used.delete(number);
    this.#used.add(number);
    this.#latestUsed = number;
  }

  #feedOf({ feed: number, etag, count, length }: Told): ThreadFeed {
    const known = this.#feeds.get(number);
    if (known !== undefined) return known;
    const feed = new ThreadFeed({ number, etag, count, length }, (encoding) =>
      this.#bytes(number, encoding),
    );
    this.#feeds.set(number, feed);
    return feed;
  }

  async #bytes(feed: number, encoding: Encoding): Promise<readonly Buffer[]> {
    const reply = await this.#call({ kind: 'bytes', feed, encoding });
    return (reply as Reply & { kind: 'bytes' }).buffers.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
  }

  #call(call: Numbered<FeedsCall>): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(new ViewBehind(calendar.name));
    this.#worker ??= this.#start();
    this.#latestCall += 1;
    const answered = Promise.withResolvers<Reply>();
    this.#calls.set(this.#latestCall, answered);
    this.#worker.postMessage({ call: this.#latestCall, ...call });
    return answered.promise;
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#job, env: threadEnvironment() });
    const gone = Promise.withResolvers<void>();
    this.#exited = gone.promise;
    worker.on('message', (reply: FeedsReply) => this.#take(worker, reply));
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', () => {
      this.#lost(worker, new Error('the thread of the feeds ended'));
      gone.resolve();
    });
    return worker;
  }

  #take(worker: Worker, reply: FeedsReply): void {
    if (reply.kind === 'stale') {
      this.#feeds.get(reply.feed)?.lapse();
      this.#feeds.delete(reply.feed);
      worker.postMessage({ kind: 'dropped', feeds: [reply.feed] } satisfies FeedsCall);
      return;
    }
    const waiting = this.#calls.get(reply.call);
    this.#calls.delete(reply.call);
    if (reply.kind !== 'failed') waiting?.resolve(reply);
    else waiting?.reject(new BackgroundFailed(reply.name, reply.message, reply.errcode));
  }

  /** The next call starts another. */
  #lost(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    for (const feed of this.#feeds.values()) feed.lapse();
    this.#feeds.clear();
    for (const waiting of this.#calls.values()) waiting.reject(error);
    this.#calls.clear();
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
  readonly #asked = new Map<Encoding, Promise<readonly Buffer[]>>();
  #bytes: Partial<Record<Encoding, readonly Buffer[]>> = {};
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
    return this.#get('plain');
  }

  gzip(): Promise<readonly Buffer[]> {
    return this.#get('gzip');
  }

  kept(encoding: Encoding): readonly Buffer[] | undefined {
    return this.#bytes[encoding];
  }

  /** Keeps its bytes no longer, so that their memory is free once they are sent. */
  lapse(): void {
    this.#isStale = true;
    this.#asked.clear();
    this.#bytes = {};
  }

  #get(encoding: Encoding): Promise<readonly Buffer[]> {
    const known = this.#asked.get(encoding);
    if (known !== undefined) return known;
    const asked = this.#fetch(encoding);
    this.#asked.set(encoding, asked);
    asked.then(
      (buffers) => {
        if (this.#asked.get(encoding) === asked) this.#bytes[encoding] = buffers;
      },
      () => this.#asked.delete(encoding), // not remembered: the next caller tries again
    );
    return asked;
  }
}
