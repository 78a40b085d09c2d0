import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, gzip as gzipCallback } from 'node:zlib';
import type { EntryQueries } from '../projections/entry-queries.ts';
import type { Reader } from '../projections/types.ts';
import type { Clock } from './clock.ts';
import { addDays, utcDay } from './domain/date/index.ts';
import type { Calendars, CalendarText } from './http/app.ts';
import {
  DEFAULT_OPTIONS,
  type EntrySource,
  FeedComposer,
  type FeedTools,
  GONE_DAYS,
  renderSingle,
} from './ical/index.ts';

const gzip = promisify(gzipCallback);
const deflate = promisify(deflateRaw);

/** How long feeds keep other work waiting at a time, in milliseconds. */
const TURN_MS = 4;
let turnBegan = 0;

const TOOLS: FeedTools = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  deflate: (bytes) => deflate(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  crc32: (bytes) => crc32(bytes),
  due: () => performance.now() - turnBegan > TURN_MS,
  pause: async () => {
    await nextTurn();
    turnBegan = performance.now();
  },
};

const NAME = 'Chancery';
const DESCRIPTION =
  'Diplomatic meetings as announced and as held. A date is shown as exactly as it is known.';

export interface CalendarsOptions {
  /** Of one open view: a rebuilt view has calendars of its own. */
  readonly entries: EntryQueries;
  readonly clock: Clock;
  /** A number that changes with every batch applied. */
  readonly version: () => number;
  /** The instant after which public answers may differ although nothing is applied (epoch ms). */
  readonly until: (nowMs: number) => number;
  readonly publicUrl: string | undefined;
  /** Bytes of entries and feeds kept in memory. */
  readonly maxBytes?: number | undefined;
}

/** What `.ics` addresses serve: everything public, and one public meeting. */
export function createCalendars(options: CalendarsOptions): Calendars {
  const { entries, clock, version, until, publicUrl, maxBytes } = options;
  const addresses = publicUrl === undefined ? {} : { publicUrl };
  const composer = new FeedComposer(TOOLS, addresses, maxBytes);
  const source = publicEntries(entries, clock);
  const compose = (nowMs: number) =>
    composer.read(source, {
      name: NAME,
      description: DESCRIPTION,
      options: DEFAULT_OPTIONS,
      todayUtc: dayOf(nowMs),
      ...(publicUrl === undefined ? {} : { sourceUrl: `${publicUrl}/calendar.ics` }),
    });
  // Most requests find what the last one found: then no query is run.
  let kept: { version: number; fromMs: number; untilMs: number; feed: CalendarText } | undefined;
  const unchanged = (nowMs: number): CalendarText | undefined => {
    const fresh = kept?.version === version() && kept.fromMs <= nowMs && nowMs < kept.untilMs;
    return fresh ? kept?.feed : undefined;
  };
  return {
    unchanged,
    everything: async (nowMs) => {
      const known = unchanged(nowMs);
      if (known !== undefined) return known;
      const now = version();
      const untilMs = until(nowMs);
      const feed = await compose(nowMs);
      kept = { version: now, fromMs: nowMs, untilMs, feed };
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

/** Whoever has no token. */
export const publicReader = (clockMs: number): Reader => ({ level: 0, editor: false, clockMs });

const dayOf = (ms: number): string => utcDay(new Date(ms).toISOString());

/**
 * The public rows as a source. It is for the one shelf of the one feed here, and remembers until when it has told of
 * embargoes, which end by the clock and without an event: such rows come under the
 * version that was already read.
 */
function publicEntries(entries: EntryQueries, clock: Clock): EntrySource {
  let toldMs: number | undefined;
  return {
    key: 'public',
    changesAfter: (after, limit) => {
      const now = clock();
      const reader = publicReader(now);
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
  chunks: [body],
  length: body.length,
  etag: `"${hash('sha256', body, 'base64url')}"`,
  gzip: async () => [await gzip(body)],
});
