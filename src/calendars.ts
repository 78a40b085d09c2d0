import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { goneAfter } from '../projections/entry.ts';
import type { EntryQueries } from '../projections/entry-queries.ts';
import type { Reader } from '../projections/types.ts';
import { resolveWhen } from './domain/date/index.ts';
import { dayOf, type FeedMaker, readerAt } from './feed-maker.ts';
import type { Calendars, CalendarText, FeedAsk } from './http/app.ts';
import { filterOf, renderSingle, zoneBlock } from './ical/index.ts';

const gzip = promisify(gzipCallback);

export interface CalendarsOptions {
  /** Of one open view: a rebuilt view has calendars of its own. */
  readonly entries: EntryQueries;
  /** Of the same view. */
  readonly feeds: FeedMaker<CalendarText>;
  /** A number that changes with every batch applied. */
  readonly version: () => number;
  /** The instant after which this reader's answers may differ although nothing is applied (epoch ms). */
  readonly until: (reader: Reader, nowMs: number) => number;
  readonly publicUrl: string | undefined;
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
  const { entries, feeds, version, until, publicUrl } = options;
  const addressesOf = (meeting: string) =>
    publicUrl === undefined ? {} : { publicUrl, sourceUrl: `${publicUrl}/meetings/${meeting}.ics` };
  const stamps = new WeakMap<FeedAsk, Stamp>();
  // Most requests find what the last one found: then no query is run.
  const unchanged = (ask: FeedAsk, nowMs: number): CalendarText | undefined => {
    const stamp = stamps.get(ask);
    if (stamp === undefined || stamp.version !== version()) return undefined;
    if (nowMs < stamp.fromMs || nowMs >= stamp.untilMs) return undefined;
    return feeds.kept(ask, nowMs);
  };
  return {
    unchanged,
    feed: async (ask, nowMs) => {
      const known = unchanged(ask, nowMs);
      if (known !== undefined) return known;
      // What is wrong with a filter is said here, before another thread takes it.
      filterOf(ask.filters);
      const now = version();
      const untilMs = until(readerAt(ask.level, nowMs), nowMs);
      const feed = await feeds.read(ask, nowMs);
      stamps.set(ask, { version: now, fromMs: nowMs, untilMs });
      return feed;
    },
    one: async (meeting, nowMs) => {
      const row = entries.one(readerAt(0, nowMs), meeting);
      if (row === undefined) return undefined;
      const lastDay = goneAfter(row);
      if (lastDay !== null && lastDay < dayOf(nowMs)) return `This meeting was ${row.status}.`;
      const single = renderSingle(row, addressesOf(row.id));
      return single.kind === 'nothing' ? single.reason : textOf(single.body);
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
