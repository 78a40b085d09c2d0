import { parentPort, workerData } from 'node:worker_threads';
import { entryQueries } from '../projections/entry-queries.ts';
import { type Failure, failureOf } from './background-failed.ts';
import { systemClock } from './clock.ts';
import { createFeedMaker } from './feed-maker.ts';
import type { FeedAsk } from './http/app.ts';
import type { Encoding, Feed } from './ical/index.ts';
import { entryUid } from './ids.ts';
import { openReader } from './views/database.ts';

/**
 * Composes feeds in a thread of its own, from a handle of its own on the view's file: a first load of 50,000
 * entries leaves the collector pauses that no request should meet. Bytes are handed over, and only counted here.
 */

export interface FeedsJob {
  /** The view's file. */
  readonly file: string;
  readonly publicUrl: string | undefined;
  readonly maxBytes: number | undefined;
}

interface Read {
  readonly kind: 'read';
  readonly call: number;
  readonly ask: FeedAsk;
  readonly nowMs: number;
  /** How far the clock of the service is ahead of the machine's. */
  readonly aheadMs: number;
  /** What was answered with since the last call, the latest last: it is in use, too. */
  readonly used: readonly number[];
}

interface Bytes {
  readonly kind: 'bytes';
  readonly call: number;
  /** The number under which this thread told of a feed. */
  readonly feed: number;
  readonly encoding: Encoding;
}

export type FeedsCall =
  | Read
  | Bytes
  /** Nobody asks for it any more. */
  | { readonly kind: 'dropped'; readonly feed: number }
  | { readonly kind: 'close' };

export type FeedsReply =
  | {
      readonly kind: 'feed';
      readonly call: number;
      readonly feed: number;
      readonly etag: string;
      readonly count: number;
      readonly length: number;
    }
  | {
      readonly kind: 'bytes';
      readonly call: number;
      readonly buffers: readonly Uint8Array<ArrayBuffer>[];
    }
  | ({ readonly kind: 'failed'; readonly call: number } & Failure)
  /** It is out of date, or its bytes are no longer to be kept: it is to be read again. */
  | { readonly kind: 'stale'; readonly feed: number };

interface Told {
  readonly feed: Feed;
  readonly ask: FeedAsk;
  readonly nowMs: number;
}

const { file, publicUrl, maxBytes } = workerData as FeedsJob;
const db = openReader(file);
const numbers = new WeakMap<Feed, number>();
/** Kept until the other side says that it asks for it no more: its calls may be on their way. */
const told = new Map<number, Told>();
let latest = 0;
let aheadMs = 0;
const maker = createFeedMaker({
  ...{ entries: entryQueries(db, entryUid), publicUrl, maxBytes },
  clock: () => systemClock() + aheadMs,
  onDrop: drop,
});

function say(reply: FeedsReply, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, handedOver);
}

function drop(feed: Feed): void {
  const number = numbers.get(feed);
  numbers.delete(feed);
  if (number !== undefined) say({ kind: 'stale', feed: number });
}

async function read({ call, ask, nowMs }: Read): Promise<void> {
  const feed = await maker.read(ask, nowMs);
  let number = numbers.get(feed);
  if (number === undefined) {
    latest += 1;
    number = latest;
    numbers.set(feed, number);
  }
  told.set(number, { feed, ask, nowMs });
  const { etag, count, length } = feed;
  say({ kind: 'feed', call, feed: number, etag, count, length });
  // Replaced meanwhile, before it had a number by which that could be said.
  if (maker.kept(ask, nowMs) !== feed) drop(feed);
}

async function bytes({ call, feed: number, encoding }: Bytes): Promise<void> {
  const known = told.get(number);
  if (known === undefined) throw new Error(`feed ${number} was asked for after it was dropped`);
  const buffers = await known.feed.handOver(encoding);
  say(
    { kind: 'bytes', call, buffers },
    buffers.map(({ buffer }) => buffer),
  );
}

async function answer(call: Read | Bytes): Promise<void> {
  try {
    await (call.kind === 'read' ? read(call) : bytes(call));
  } catch (error) {
    say({ kind: 'failed', call: call.call, ...failureOf(error) });
  }
}

/** So that the bound on memory lets go of what is really used least. */
function touch(used: readonly number[]): void {
  for (const number of used) {
    const known = told.get(number);
    if (known !== undefined) maker.kept(known.ask, known.nowMs);
  }
}

function take(call: FeedsCall): void {
  if (call.kind === 'close') {
    db.close();
    // Also while feeds are compressed, which takes no database: nobody waits for them.
    process.exit();
  } else if (call.kind === 'dropped') {
    told.delete(call.feed);
  } else {
    if (call.kind === 'read') {
      ({ aheadMs } = call);
      touch(call.used);
    }
    void answer(call);
  }
}

parentPort?.on('message', take);
