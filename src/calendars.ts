import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, gzip as gzipCallback } from 'node:zlib';
import type { EntryQueries } from '../projections/entry-queries.ts';
import type { Reader } from '../projections/types.ts';
import type { Clock } from './clock.ts';
import { addDays, resolveWhen, utcDay } from './domain/date/index.ts';
import type { Calendars, CalendarText, FeedAsk } from './http/app.ts';
import {
  type EntrySource,
  entryKey,
  FeedComposer,
  type FeedRequest,
  type FeedTools,
  filterOf,
  GONE_DAYS,
  renderSingle,
  zoneBlock,
} from './ical/index.ts';

const gzip = promisify(gzipCallback);
const deflate = promisify(deflateRaw);

/** How long feeds keep other work waiting at a time, in milliseconds. */
const TURN_MS = 2;
let turnBegan = 0;

const TOOLS: FeedTools = {
  sha256: (bytes) => hash('sha256', bytes, 'latin1'),
  deflate: (bytes) => deflate(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  crc32: (bytes) => crc32(bytes),
  due: () => performance.now() - turnBegan > TURN_MS,
  pause: async () => {
    await nextTurn();
    turnBegan = performance.now();
  },
};

export interface CalendarsOptions {
  /** Of one open view: a rebuilt view has calendars of its own. */
  readonly entries: EntryQueries;
  readonly clock: Clock;
  /** A number that changes with every batch applied. */
  readonly version: () => number;
  /** The instant after which this reader's answers may differ although nothing is applied (epoch ms). */
  readonly until: (reader: Reader, nowMs: number) => number;
  readonly publicUrl: string | undefined;
  /** Bytes of entries and feeds kept in memory. */
  readonly maxBytes?: number | undefined;
}

/** While the view has this version, and from then until then, a feed is what it was. */
interface Stamp {
  readonly version: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Reads one wall time and one zone: the first of each take a process some 100 ms. For the start, when nobody
 * waits.
 */
export function warmUp(): void {
  resolveWhen({ start: '2022-08-22T10:00', timezone: 'Europe/Zurich' });
  zoneBlock('Europe/Zurich');
}

/** What `.ics` addresses serve: feeds, and one public meeting. */
export function createCalendars(options: CalendarsOptions): Calendars {
  const { entries, version, until, publicUrl, maxBytes } = options;
  const addresses = publicUrl === undefined ? {} : { publicUrl };
  const composer = new FeedComposer(TOOLS, addresses, maxBytes);
  const sourceOf = sources(options);
  const requestAt = requests(publicUrl);
  const stamps = new WeakMap<FeedAsk, Stamp>();
  // Most requests find what the last one found: then no query is run.
  const unchanged = (ask: FeedAsk, nowMs: number): CalendarText | undefined => {
    const stamp = stamps.get(ask);
    if (stamp === undefined || stamp.version !== version()) return undefined;
    if (nowMs < stamp.fromMs || nowMs >= stamp.untilMs) return undefined;
    return composer.kept(sourceOf(ask), requestAt(ask, nowMs));
  };
  return {
    unchanged,
    feed: async (ask, nowMs) => {
      const known = unchanged(ask, nowMs);
      if (known !== undefined) return known;
      const now = version();
      const untilMs = until(readerAt(ask.level, nowMs), nowMs);
      const feed = await composer.read(sourceOf(ask), requestAt(ask, nowMs));
      stamps.set(ask, { version: now, fromMs: nowMs, untilMs });
      return feed;
    },
    one: async (meeting, nowMs) => {
      const row = entries.one(publicReader(nowMs), meeting);
      if (row === undefined) return undefined;
      const lastDay = row.goneAt === null ? null : addDays(utcDay(row.goneAt), GONE_DAYS);
      if (lastDay !== null && lastDay < dayOf(nowMs)) return `This meeting was ${row.status}.`;
      const single = renderSingle(row, addresses);
      return single.kind === 'nothing' ? single.reason : textOf(single.body);
    },
  };
}

const readerAt = (level: FeedAsk['level'], clockMs: number): Reader => ({
  level,
  editor: false,
  clockMs,
});

/** Whoever has no token. */
export const publicReader = (clockMs: number): Reader => readerAt(0, clockMs);

/** UTC date of an instant. The last one is remembered, since nearly all that follow have it too. */
function dayOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== lastDay.day) lastDay = { day, date: utcDay(new Date(ms).toISOString()) };
  return lastDay.date;
}

const DAY_MS = 86_400_000;
let lastDay = { day: Number.NaN, date: '' };

/** An ask as the composer takes it: the same object for a day, so that little is made for each request. */
function requests(publicUrl: string | undefined) {
  const made = new WeakMap<FeedAsk, FeedRequest>();
  return (ask: FeedAsk, nowMs: number): FeedRequest => {
    const todayUtc = dayOf(nowMs);
    const known = made.get(ask);
    if (known?.todayUtc === todayUtc) return known;
    const request = { ...requestOf(ask, publicUrl), todayUtc };
    made.set(ask, request);
    return request;
  };
}

function requestOf(
  { level: _, filters, path, ...ask }: FeedAsk,
  publicUrl: string | undefined,
): Omit<FeedRequest, 'todayUtc'> {
  const filter = filterOf(filters);
  const told = publicUrl === undefined || path === undefined ? undefined : `${publicUrl}${path}`;
  return {
    ...ask,
    ...(filter === undefined ? {} : { filter }),
    ...(told === undefined ? {} : { sourceUrl: told }),
  };
}

/** A source for each shelf: by level, and by what the bytes of entries depend on. */
function sources({ entries, clock }: CalendarsOptions) {
  const made = new Map<string, EntrySource>();
  const known = new WeakMap<FeedAsk, EntrySource>();
  return (ask: FeedAsk): EntrySource => {
    const found = known.get(ask);
    if (found !== undefined) return found;
    const key = `${ask.level} ${entryKey(ask.options)}`;
    const source = made.get(key) ?? sourceAt(entries, clock, ask.level);
    made.set(key, source);
    known.set(ask, source);
    return source;
  };
}

/**
 * The rows of a level as the source of one shelf. It remembers until when it has told of embargoes, which end
 * by the clock and without an event: such rows come under the version that was already read.
 */
function sourceAt(entries: EntryQueries, clock: Clock, level: FeedAsk['level']): EntrySource {
  let toldMs: number | undefined;
  return {
    key: `level ${level}`,
    changesAfter: (after, limit) => {
      const now = clock();
      const reader = readerAt(level, now);
      const changed = entries.changesAfter(reader, after, limit);
      const released = toldMs === undefined ? [] : entries.releasedBetween(reader, toldMs, now);
      // A clock that was set back tells nothing twice.
      toldMs = Math.max(toldMs ?? now, now);
      return [...released.map((change) => ({ ...change, version: after })), ...changed];
    },
  };
}

/** Of one entry; made anew for each request, so nothing of it is kept. */
const textOf = (body: Buffer): CalendarText => ({
  count: 1,
  length: body.length,
  plain: async () => [body],
  kept: (encoding) => (encoding === 'plain' ? [body] : undefined),
  etag: `"${hash('sha256', body, 'base64url')}"`,
  gzip: async () => [await gzip(body)],
});
