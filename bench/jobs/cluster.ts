import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent, NO_STREAM, streamNameFilter } from '@eventstore/db-client';
import type { EventStore } from '../../src/store/event-store.ts';
import { openClusterStore } from '../../src/store/eventstoredb/index.ts';
import { parsePosition } from '../../src/store/eventstoredb/position.ts';
import { clusterSettings } from '../../src/store/eventstoredb/settings.ts';
import { generateLog, type LogEvent } from '../generator/log.ts';
import { answer } from './answer.ts';

/**
 * The adapter and the bare driver on the same server, with the same events. The driver reads all in one call as
 * fast as it can, keeps nothing and makes nothing of it; the adapter gives pages and messages of our events.
 */

const EVENTS = 20_000;
/** A round of appends ends after this. */
const ROUND_MS = 600;
const PAGE = 1_000;
const TIMEOUT_MS = 60_000;

const events = [...generateLog({ seed: 4, size: { events: EVENTS }, alive: 3_000, perDay: 120 })];

type Append = (stream: string, event: LogEvent) => Promise<unknown>;

interface Side {
  readonly append: Append;
  close(): Promise<void>;
}

const open = (url: string, prefix: string): EventStore =>
  openClusterStore(clusterSettings(url, { prefix, timeoutMs: TIMEOUT_MS }));

function ours(url: string, prefix: string): Side {
  const store = open(url, prefix);
  return {
    append: (stream, { type, data, meta }) =>
      store.append(stream, [{ id: randomUUID(), type, data, meta }], 'none'),
    close: () => store.close(),
  };
}

function bare(url: string, prefix: string): Side {
  const client = EventStoreDBClient.connectionString(url);
  return {
    append: (stream, { type, data, meta }) => {
      const event = { id: randomUUID(), type, data, metadata: meta };
      return client.appendToStream(
        prefix + stream,
        jsonEvent(event as Parameters<typeof jsonEvent>[0]),
        { expectedRevision: NO_STREAM },
      );
    },
    close: () => client.dispose(),
  };
}

interface Callers {
  readonly url: string;
  readonly count: number;
  readonly bare: boolean;
}

/** So many callers, each of whom appends one event to a new stream and waits for it. @returns events a second */
async function callers({ url, count, bare: isBare }: Callers): Promise<number> {
  const side = (isBare ? bare : ours)(url, `bench-${randomUUID()}.`);
  let written = 0;
  const append = (event: LogEvent) => side.append(`meeting-${randomUUID()}`, event);
  await append(events[0] as LogEvent); // connects
  const begun = performance.now();
  const call = async () => {
    while (performance.now() - begun < ROUND_MS) {
      await append(events[written % events.length] as LogEvent);
      written += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, call));
  const rate = (written * 1_000) / (performance.now() - begun);
  await side.close();
  return rate;
}

interface Filled {
  readonly url: string;
  readonly prefix: string;
  /** The place of the first of its events. */
  readonly start: string;
}

/** A log under a prefix of its own, for reading. */
async function fill({ url }: { url: string }): Promise<Filled> {
  const prefix = `bench-${randomUUID()}.`;
  const store = open(url, prefix);
  const first = await store.append('meeting-first', [asNew(events[0] as LogEvent)], 'none');
  for (let start = 1; start < events.length; start += 500) {
    const batch = events.slice(start, start + 500).map(asNew);
    await store.append(`meeting-${start}`, batch, 'none');
  }
  await store.close();
  return { url, prefix, start: first.position };
}

const asNew = ({ type, data, meta }: LogEvent) => ({ id: randomUUID(), type, data, meta });

interface Reading extends Filled {
  readonly bare: boolean;
  readonly live: boolean;
}

/** @returns events a second; the first one is where it begins, and not counted */
async function read(reading: Reading): Promise<number> {
  const begun = performance.now();
  const counted = await (reading.bare ? readBare(reading) : readOurs(reading));
  return (counted * 1_000) / (performance.now() - begun);
}

async function readOurs({ url, prefix, start, live }: Reading): Promise<number> {
  const store = open(url, prefix);
  const count = await (live ? catchUp(store, start) : readPages(store, start));
  await store.close();
  return count;
}

async function catchUp(store: EventStore, start: string): Promise<number> {
  const ended = new AbortController();
  let count = 0;
  for await (const message of store.subscribe(start, ended.signal)) {
    if (message.kind === 'events') count += message.events.length;
    if (count >= EVENTS - 1) break;
  }
  ended.abort();
  return count;
}

async function readPages(store: EventStore, start: string): Promise<number> {
  let count = 0;
  for (let after: string | undefined = start; count < EVENTS - 1; ) {
    const page = await store.readAll({ after, limit: Math.min(PAGE, EVENTS - 1 - count) });
    if (page.length === 0) throw new Error(`only ${count} of ${EVENTS - 1} events are there`);
    after = page.at(-1)?.position;
    count += page.length;
  }
  return count;
}

async function readBare({ url, prefix, start, live }: Reading): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  const fromPosition = parsePosition(start);
  const filter = streamNameFilter({ prefixes: [`${prefix}meeting-`] });
  const found = live
    ? client.subscribeToAll({ fromPosition, filter })
    : client.readAll({ fromPosition });
  let count = 0;
  for await (const { event } of found) {
    if (event?.streamId.startsWith(prefix) === true) count += 1;
    if (count >= EVENTS - 1) break;
  }
  await client.dispose();
  return count;
}

const methods = { callers, fill, read };
export type ClusterJob = typeof methods;
answer(methods);
