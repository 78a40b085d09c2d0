import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { MeetingEvent } from '../../events/meeting.ts';
import { type EntryQueries, entryQueries } from '../../projections/entry-queries.ts';
import { createCalendars, warmUp } from '../../src/calendars.ts';
import { FeedThread } from '../../src/feed-thread.ts';
import type { Calendars, FeedAsk } from '../../src/http/app.ts';
import { DEFAULT_OPTIONS } from '../../src/ical/index.ts';
import { entryUid } from '../../src/ids.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import type { Projector } from '../../src/views/projector.ts';
import { type Folder, openCalendar } from '../calendar-view.ts';
import { Random } from '../random.ts';
import { answer } from './answer.ts';

/** The feed of everything public as the server composes it, without HTTP. */

const ASK: FeedAsk = {
  level: 0,
  name: 'Chancery',
  options: DEFAULT_OPTIONS,
  filters: {},
  path: '/calendar.ics',
};

interface Opened {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly entries: EntryQueries;
  readonly ids: readonly string[];
  readonly nowMs: number;
  readonly random: Random;
}

let opened: Opened;

async function open({ folder, nowMs }: Folder): Promise<void> {
  const { store, projector } = await openCalendar({ folder, nowMs });
  warmUp();
  const entries = entryQueries(projector.reader(), entryUid);
  const reader = { level: 0, editor: false, clockMs: nowMs } as const;
  const ids = entries.changesAfter(reader, 0, Number.MAX_SAFE_INTEGER).map(({ id }) => id);
  opened = { store, projector, entries, ids, nowMs, random: new Random(nowMs) };
}

const publicUrl = 'https://calendar.example.org';

/** With a thread of their own, as a server has them. */
function calendars({
  entries,
  projector,
  nowMs,
}: Opened): Calendars & { readonly feeds: FeedThread } {
  const { file } = projector.status();
  if (file === undefined) throw new Error('the view has no file');
  const job = { file, publicUrl, maxBytes: undefined };
  const feeds = new FeedThread({ job, clock: () => nowMs, log: console });
  const made = createCalendars({
    ...{ entries, feeds, publicUrl },
    // Always another, so that every read looks for changes.
    version: () => ++reads,
    until: () => Number.POSITIVE_INFINITY,
  });
  return { ...made, feeds };
}

interface Timed {
  readonly ms: number;
  /** The longest that other work had to wait meanwhile. */
  readonly loopMs: number;
}

const RESOLUTION_MS = 1;
const NS_PER_MS = 1_000_000;

async function timed(work: () => Promise<unknown>): Promise<Timed> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  // A first tick, from which the next is counted.
  await delay(5);
  loop.reset();
  const begun = performance.now();
  await work();
  const ms = performance.now() - begun;
  await delay(5);
  loop.disable();
  // It records the time between two ticks, of which the tick's own is no delay.
  return { ms, loopMs: Math.max(0, loop.max / NS_PER_MS - RESOLUTION_MS) };
}

/** From nothing kept, and no thread, to the whole feed. */
async function cold(): Promise<Timed> {
  const fresh = calendars(opened);
  const taken = await timed(() => fresh.feed(ASK, opened.nowMs));
  await fresh.feeds.close();
  return taken;
}

let kept: ReturnType<typeof createCalendars> | undefined;
let reads = 0;

const SAVED = 100;
const COUNTRIES = ['CH', 'AT', 'US', 'KE', 'JO', 'KZ', 'ID', 'PE', 'NO', 'OM', 'BE', 'AU'];
const TOPICS = ['water', 'trade', 'ceasefire', 'fisheries', 'borders', 'energy', 'health'];

/** Different feeds over the same meetings: a third by country, a third by topic, a third by both. */
const saved: readonly FeedAsk[] = Array.from({ length: SAVED }, (_, n) => ({
  ...ASK,
  name: `Feed ${n}`,
  path: `/feeds/feed-${n}.ics`,
  filters: {
    ...(n % 3 === 1 ? {} : { country: COUNTRIES.filter((_code, at) => (n + at) % 4 === 0) }),
    ...(n % 3 === 0 ? {} : { topic: TOPICS.filter((_topic, at) => (n + at) % 3 !== 0) }),
  },
}));

/** From a change in the view to all saved feeds with it, those that do not show it too. */
async function savedAfterChange(): Promise<Timed> {
  const { store, projector, nowMs } = opened;
  kept ??= calendars(opened);
  const calendar = kept;
  for (const ask of saved) await calendar.feed(ask, nowMs);
  await projector.waitFor(await change(store), 10_000);
  return timed(async () => {
    for (const ask of saved) await calendar.feed(ask, nowMs);
  });
}

/** From a change in the view to the whole feed with it. */
async function afterChange(): Promise<Timed> {
  const { store, projector, nowMs } = opened;
  kept ??= calendars(opened);
  const before = await kept.feed(ASK, nowMs);
  await projector.waitFor(await change(store), 10_000);
  const taken = await timed(async () => {
    const after = await kept?.feed(ASK, nowMs);
    if (after?.etag === before.etag) throw new Error('the change is not in the feed');
  });
  return taken;
}

/** One entry gets another title. @returns the event's id */
async function change(store: EventStore): Promise<string> {
  const { random, ids } = opened;
  const stream = `meeting-${random.pick(ids)}`;
  const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
  if (last === undefined) throw new Error(`${stream} has no events`);
  const id = random.uuid();
  const event: MeetingEvent = {
    type: 'MeetingCorrected',
    data: { title: `Talks ${random.hex(8)}`, reason: 'The title was misread.' },
  };
  await store.append(stream, [{ ...event, id, meta: last.meta }], last.revision);
  return id;
}

const methods = { open, cold, afterChange, savedAfterChange };
export type FeedJob = typeof methods;
answer(methods);
