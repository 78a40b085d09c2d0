import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Faults } from './faults.ts';
import type { Stored, WireLog } from './log.ts';
import * as messages from './messages.ts';

/** The Read call: streams, $all and subscriptions. */

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

export interface ReadingServer {
  readonly log: WireLog;
  readonly faults: Faults;
  /** Servers before 23.10 never say that all was said. */
  readonly saysCaughtUp: boolean;
}

export async function read(server: ReadingServer, call: ReadCall): Promise<void> {
  const options = call.request.getOptions();
  if (options === undefined) throw new Error('a read without options');
  if (options.hasSubscription()) return subscribe(server, call, options);
  const backwards = options.getReadDirection() === 1;
  const all = options.hasAll();
  const stream = messages.nameOf(options.getStream()?.getStreamIdentifier());
  const events = all ? server.log.events : server.log.stream(stream);
  if (!all && events.length === 0) {
    await write(call, messages.streamNotFound(stream));
    call.end();
    return;
  }
  const from = all
    ? allStart(options.getAll(), backwards)
    : streamStart(options.getStream(), backwards);
  const chosen = events.filter(({ position, revision }) => from(all ? position : BigInt(revision)));
  if (backwards) chosen.reverse();
  for (const event of chosen.slice(0, Number(options.getCount()))) {
    await beforeEvent(server);
    if (!(await write(call, messages.eventMessage(event)))) return;
  }
  call.end();
}

/** The place named is counted in. */
function allStart(options: ReadReq.Options.AllOptions | undefined, backwards: boolean) {
  const at = options?.getPosition()?.getCommitPosition();
  return comparison(at === undefined ? undefined : BigInt(at), backwards);
}

function streamStart(options: ReadReq.Options.StreamOptions | undefined, backwards: boolean) {
  const named = options !== undefined && !options.hasStart() && !options.hasEnd();
  return comparison(named ? BigInt(options.getRevision()) : undefined, backwards);
}

function comparison(from: bigint | undefined, backwards: boolean): (at: bigint) => boolean {
  if (from === undefined) return () => true;
  return backwards ? (at) => at <= from : (at) => at >= from;
}

/** -1, as a number without a sign. */
const NO_PLACE = 2n ** 64n - 1n;

interface Search {
  readonly start: number;
  readonly prefixes: readonly string[];
  /** A checkpoint comes after so many events looked at. */
  readonly every: number;
}

function searchOf(log: WireLog, options: ReadReq.Options): Search {
  const all = options.getAll();
  const filter = options.getFilter();
  const from = all?.getPosition()?.getCommitPosition();
  const first = from === undefined ? 0 : firstAfter(log.events, BigInt(from));
  return {
    start: all?.hasEnd() === true ? log.events.length : first,
    prefixes: filter?.getStreamIdentifier()?.getPrefixList() ?? [''],
    every: (filter?.getMax() ?? 32) * (filter?.getCheckpointintervalmultiplier() ?? 1),
  };
}

/** From 24.6.0: confirmation, events, a checkpoint now and then, caught up, events as they come. */
async function subscribe(
  server: ReadingServer,
  call: ReadCall,
  options: ReadReq.Options,
): Promise<void> {
  const { start, prefixes, every } = searchOf(server.log, options);
  await write(call, messages.confirmation(randomUUID()));
  let behind = true;
  let told = false;
  for (let looked = 0; !call.destroyed && !call.cancelled; ) {
    const event = server.faults.mute ? undefined : server.log.events[start + looked];
    if (event === undefined) {
      behind = await pauseAtEnd(server, call, behind, told);
      continue;
    }
    looked += 1;
    await beforeEvent(server);
    if (prefixes.some((prefix) => event.stream.startsWith(prefix))) {
      told = true;
      await write(call, messages.eventMessage(event));
    }
    if (looked % every === 0) await write(call, messages.checkpoint(event.position));
  }
}

/** Says once that all was said, then waits for more. */
async function pauseAtEnd(
  server: ReadingServer,
  call: ReadCall,
  behind: boolean,
  told: boolean,
): Promise<boolean> {
  const { mute } = server.faults;
  if (behind && !mute) {
    // A real one that has told of nothing yet says so with the end of all numbers.
    if (!told) await write(call, messages.checkpoint(NO_PLACE));
    if (server.saysCaughtUp) await write(call, messages.caughtUp());
  }
  await changed(server.log, call);
  return behind && mute;
}

function firstAfter(events: readonly Stored[], position: bigint): number {
  const index = events.findIndex((event) => event.position > position);
  return index < 0 ? events.length : index;
}

/** Settles with the next append, or when the call is over. */
async function changed(log: WireLog, call: ReadCall): Promise<void> {
  const appended = Promise.withResolvers<void>();
  const stop = log.onAppend(appended.resolve);
  call.once('cancelled', appended.resolve);
  call.once('close', appended.resolve);
  await appended.promise;
  call.off('cancelled', appended.resolve);
  call.off('close', appended.resolve);
  stop();
}

async function beforeEvent({ faults }: ReadingServer): Promise<void> {
  if (faults.slowReadMs > 0) await delay(faults.slowReadMs);
}

/** False: the caller is gone. */
async function write(call: ReadCall, message: ReadResp): Promise<boolean> {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(message)) return true;
  const over = new AbortController();
  const end = () => over.abort();
  call.once('cancelled', end);
  await once(call, 'drain', { signal: over.signal }).catch(() => undefined);
  call.off('cancelled', end);
  return !call.cancelled;
}
