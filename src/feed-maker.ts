import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { EntryQueries } from '../projections/entry-queries.ts';
import type { Reader } from '../projections/types.ts';
import type { Clock } from './clock.ts';
import { DAY_MS, utcDay } from './domain/date/index.ts';
import type { FeedAsk } from './http/app.ts';
import {
  type ComposerOptions,
  type EntrySource,
  entryKey,
  type Feed,
  FeedComposer,
  type FeedRequest,
  type FeedTools,
  filterOf,
} from './ical/index.ts';

/** Where feeds are composed: in this thread, or in one of its own (FeedThread). */
export interface FeedMaker<Text = Feed> {
  /** The feed with all that the view holds by now: the same object while nothing of it changed. */
  read(ask: FeedAsk, nowMs: number): Promise<Text>;
  /** The feed as it was last read, if it is kept and of the same day: for whoever knows that nothing changed. */
  kept(ask: FeedAsk, nowMs: number): Text | undefined;
}

export interface FeedMakerOptions extends ComposerOptions {
  /** Of one open view: a rebuilt view has a maker of its own. */
  readonly entries: EntryQueries;
  /** At the moment of reading: it decides which embargoes have ended. */
  readonly clock: Clock;
  readonly publicUrl: string | undefined;
}

const deflate = promisify(deflateRaw);

/** How long feeds keep other work of their thread waiting at a time, in milliseconds. */
const TURN_MS = 2;
let turnBegan = 0;

/** The machine's, for one thread. */
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

/** Composes feeds from the rows of one open view, in this thread. */
export function createFeedMaker(options: FeedMakerOptions): FeedMaker {
  const { entries, clock, publicUrl, ...bounds } = options;
  const addresses = publicUrl === undefined ? {} : { publicUrl };
  const composer = new FeedComposer(TOOLS, addresses, bounds);
  const sourceOf = sources(entries, clock);
  return {
    read: (ask, nowMs) => composer.read(sourceOf(ask), requestOf(ask, nowMs, publicUrl)),
    kept: (ask, nowMs) => composer.kept(sourceOf(ask), requestOf(ask, nowMs, publicUrl)),
  };
}

/** Whoever reads at this level. */
export const readerAt = (level: FeedAsk['level'], clockMs: number): Reader => ({
  level,
  editor: false,
  clockMs,
});

/** UTC date of an instant. The last one is remembered, since nearly all that follow have it too. */
export function dayOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== lastDay.day) lastDay = { day, date: utcDay(new Date(ms).toISOString()) };
  return lastDay.date;
}

let lastDay = { day: Number.NaN, date: '' };

/** An ask as the composer takes it. */
function requestOf(
  { level: _, filters, path, ...ask }: FeedAsk,
  nowMs: number,
  publicUrl: string | undefined,
): FeedRequest {
  const filter = filterOf(filters);
  const told = publicUrl === undefined || path === undefined ? undefined : `${publicUrl}${path}`;
  return {
    ...ask,
    todayUtc: dayOf(nowMs),
    ...(filter === undefined ? {} : { filter }),
    ...(told === undefined ? {} : { sourceUrl: told }),
  };
}

/** A source for each shelf: by level, and by what the bytes of entries depend on. */
function sources(entries: EntryQueries, clock: Clock) {
  const made = new Map<string, EntrySource>();
  return (ask: FeedAsk): EntrySource => {
    const key = `${ask.level} ${entryKey(ask.options)}`;
    const source = made.get(key) ?? sourceAt(entries, clock, ask.level);
    made.set(key, source);
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
    inOneState: (work) => entries.inOneState(work),
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
