import { on } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryQueries } from '../projections/entry-queries.ts';
import { createFeedMaker } from '../src/feed-maker.ts';
import { FeedThread, type FeedThreadOptions } from '../src/feed-thread.ts';
import type { FeedsCall, FeedsReply } from '../src/feeds-worker.ts';
import type { CalendarText, FeedAsk } from '../src/http/app.ts';
import { DEFAULT_OPTIONS, lint } from '../src/ical/index.ts';
import { entryUid } from '../src/ids.ts';
import { openLive, openReader } from '../src/views/database.ts';
import type { Projector } from '../src/views/projector.ts';
import { type Bench, NOW, openBench } from './views/support.ts';

/** Feeds from a thread of their own, beside the one that applies events to the same view file. */

const ASK: FeedAsk = { level: 0, name: 'Chancery', options: DEFAULT_OPTIONS, filters: {} };
const named = (name: string): FeedAsk => ({ ...ASK, name });
const publicUrl = 'https://calendar.example.org';

let bench: Bench;
let projector: Projector;
/** The one of most tests: it takes some 100 ms to begin. */
let feeds: FeedThread;
const open: FeedThread[] = [];
beforeAll(async () => {
  bench = await openBench();
  for (let day = 10; day < 20; day += 1) await announce(`m-${day}`, day);
  projector = bench.project();
  await projector.ready;
  feeds = thread();
});
afterAll(async () => {
  for (const each of open) await each.close();
  await bench.close();
});

const announceMore = (id: string, more: object) =>
  bench.announce(id, { when: { edtf: '2021-12-09' }, ...more });
const announce = (id: string, day: number) =>
  bench.announce(id, { when: { edtf: `2021-12-${day}` } });

async function applied(event: Promise<string>): Promise<void> {
  expect(await projector.waitFor(await event, 5_000)).toBe(true);
}

const fileOf = (): string => projector.status().file ?? 'none';

/** The clock of the service: it does not stand still in the thread. */
const clock = () => NOW;
const lost: unknown[] = [];

function thread(
  maxBytes?: number,
  more: Pick<FeedThreadOptions, 'worker' | 'pauseMs'> = {},
): FeedThread {
  const feeds = new FeedThread({
    ...{ job: { file: fileOf(), publicUrl, maxBytes }, clock, ...more },
    log: { error: ({ err }: { readonly err?: unknown }) => lost.push(err) },
  });
  open.push(feeds);
  return feeds;
}

/** The same feed as this thread makes it. */
const here = (ask = ASK) =>
  createFeedMaker({ entries: entryQueries(projector.reader(), entryUid), clock, publicUrl }).read(
    ask,
    NOW,
  );

const joined = async (text: Promise<readonly Buffer[]>) => Buffer.concat(await text).toString();

async function expectSame(text: CalendarText, wanted: CalendarText): Promise<void> {
  const bytes = await joined(wanted.plain());
  expect(lint(Buffer.from(bytes))).toEqual([]);
  expect(await joined(text.plain())).toBe(bytes);
  expect(gunzipSync(Buffer.concat(await text.gzip())).toString()).toBe(bytes);
  const { etag, count, length } = wanted;
  expect(text).toMatchObject({ etag, count, length });
}

describe('a feed from its thread', () => {
  test('is to the byte what this thread would make', async () => {
    const text = await feeds.read(ASK, NOW);
    expect(text.count).toBe(10);
    await expectSame(text, await here());
  });

  test('has what was applied before it was asked for, and the one before is out of date', async () => {
    const before = await feeds.read(ASK, NOW);
    expect(feeds.kept(ASK, NOW)).toBe(before);
    await applied(announce('m-20', 20));
    const after = await feeds.read(ASK, NOW);
    expect(after.count).toBe(before.count + 1);
    await expectSame(after, await here());
    expect(feeds.kept(ASK, NOW)).toBe(after);
  });

  test('is the same object while nothing changed, and its bytes are at hand', async () => {
    const ask = named('nobody had its bytes yet');
    const text = await feeds.read(ask, NOW);
    expect(text.kept('plain')).toBeUndefined();
    const bytes = await text.plain();
    expect(await feeds.read(ask, NOW)).toBe(text);
    expect(text.kept('plain')).toBe(bytes);
    expect(await text.plain()).toBe(bytes);
    expect(text.kept('gzip')).toBeUndefined();
  });

  test('its bytes are in memory that the collector of this thread counts', async () => {
    const text = await feeds.read(ASK, NOW);
    for (const encoding of ['plain', 'gzip'] as const) {
      for (const { buffer, length } of await text[encoding]()) {
        expect(buffer).toBeInstanceOf(ArrayBuffer);
        expect(buffer.byteLength).toBe(length);
      }
    }
  });

  test('of yesterday is asked for again', async () => {
    await feeds.read(ASK, NOW);
    expect(feeds.kept(ASK, NOW + 86_400_000)).toBeUndefined();
  });

  test('its bytes can be had by whoever got it just before it was replaced', async () => {
    const wanted = await joined((await here()).plain());
    const text = await feeds.read(named('asked for late'), NOW);
    const before = await joined((await here(named('asked for late'))).plain());
    await applied(announce('m-21', 21));
    const next = feeds.read(named('asked for late'), NOW);
    const bytes = joined(text.plain());
    expect((await next).etag).not.toBe(text.etag);
    expect(await bytes).toBe(before);
    expect(before).not.toBe(wanted);
  });

  test('is forgotten on both sides when it was replaced', async () => {
    const other = thread();
    for (let n = 0; n < 5; n += 1) {
      await applied(bench.command('/meetings/m-10/revise', { title: `Title ${n}` }));
      await other.read(ASK, NOW);
      await other.read(named('b'), NOW);
    }
    expect(other.size).toBe(2);
  });

  test('asked for by many while events are applied, each shows what was applied before it', async () => {
    const { count } = await feeds.read(ASK, NOW);
    const asked: Promise<void>[] = [];
    for (let n = 0; n < 30; n += 1) {
      await applied(announce(`more-${n}`, 10 + (n % 20)));
      asked.push(
        feeds.read(ASK, NOW).then(async (text) => {
          expect(text.count).toBeGreaterThan(count + n);
          const bytes = await joined(text.plain());
          expect(bytes.split('BEGIN:VEVENT')).toHaveLength(text.count + 1);
        }),
      );
    }
    await Promise.all(asked);
    await expectSame(await feeds.read(ASK, NOW), await here());
  });

  test('that cannot begin is logged, and the next one tries again', async () => {
    const [file, away] = [fileOf(), `${fileOf()}.away`];
    renameSync(file, away);
    const other = thread(undefined, { pauseMs: 0 });
    await expect(other.read(ASK, NOW)).rejects.toMatchObject({ name: 'FeedsUnavailable' });
    expect(lost.pop()).toMatchObject({ message: 'unable to open database file' });
    renameSync(away, file);
    await expectSame(await other.read(ASK, NOW), await here());
  });
});

describe('what the thread says', () => {
  test('it stands by until it hears that nobody asks for it any more', async () => {
    const worker = new Worker(new URL('../src/feeds-worker.ts', import.meta.url), {
      workerData: { file: fileOf(), publicUrl, maxBytes: undefined },
    });
    const replies = on(worker, 'message') as AsyncIterableIterator<[FeedsReply]>;
    const next = async () => (await replies.next()).value?.[0] as FeedsReply;
    const say = (call: FeedsCall) => worker.postMessage(call);
    const read = { kind: 'read', ask: ASK, nowMs: NOW, aheadMs: 0, used: [] } as const;
    try {
      say({ ...read, call: 1 });
      const first = (await next()) as FeedsReply & { kind: 'feed' };
      await applied(bench.command('/meetings/m-11/revise', { title: 'Another' }));
      say({ ...read, call: 2 });
      const { feed } = first;
      expect(await next()).toEqual({ kind: 'stale', feed });
      expect(await next()).toMatchObject({ kind: 'feed', call: 2 });
      say({ kind: 'bytes', call: 3, feed, encoding: 'plain' });
      const told = (await next()) as FeedsReply & { kind: 'bytes' };
      expect(Buffer.concat(told.buffers)).toHaveLength(first.length);
      say({ kind: 'dropped', feed });
      say({ kind: 'bytes', call: 4, feed, encoding: 'plain' });
      expect(await next()).toMatchObject({ kind: 'failed', call: 4 });
    } finally {
      await worker.terminate();
    }
  });
});

describe('the bound on memory', () => {
  /** Room for the entries and two bodies, and for a third not. */
  const BOUND = 165_000;

  test('drops what was not answered with for longest, also when that needed no reading', async () => {
    const feeds = thread(BOUND);
    const [a, b, c] = [named('a'), named('b'), named('c')];
    const first = await feeds.read(a, NOW);
    await feeds.read(b, NOW);
    // As for a 304: nothing is read in the thread.
    expect(feeds.kept(a, NOW)).toBe(first);
    await feeds.read(c, NOW);
    expect(feeds.kept(b, NOW)).toBeUndefined();
    expect(feeds.kept(a, NOW)).toBe(first);
    await expectSame(await feeds.read(b, NOW), await here(b));
  });

  test('lets go of bytes on this side, too, and has them again when asked', async () => {
    const feeds = thread(1);
    const a = await feeds.read(named('a'), NOW);
    await a.plain();
    expect(a.kept('plain')).toBeDefined();
    await feeds.read(named('b'), NOW);
    expect(a.kept('plain')).toBeUndefined();
    await expectSame(await feeds.read(named('a'), NOW), await here(named('a')));
  });
});

describe('an embargo that ended', () => {
  // Feeds wait for their turn: one that was asked for before the end may be read after it.
  test('shows the entry from then on, in whatever order feeds are read', async () => {
    let nowMs = NOW;
    const end = NOW + 10_000;
    await applied(announceMore('secret', { embargoUntil: new Date(end).toISOString() }));
    const maker = createFeedMaker({
      ...{ entries: entryQueries(projector.reader(), entryUid), publicUrl },
      clock: () => nowMs,
    });
    const textOf = async (ask: FeedAsk, askedMs: number) =>
      joined((await maker.read(ask, askedMs)).plain());
    expect(await textOf(ASK, NOW)).not.toContain('Meeting secret');
    nowMs = end + 1_000;
    expect(await textOf(ASK, end + 1_000)).toContain('Meeting secret');
    await applied(bench.command('/meetings/secret/confirm', {}));
    expect(await textOf(named('waited'), end - 1_000)).toContain('Meeting secret');
    expect(await textOf(ASK, end + 2_000)).toContain('Meeting secret');
  });
});

describe('another handle on the view', () => {
  test('reads one state at a time, whatever is written meanwhile', () => {
    const [db, writer] = [openReader(fileOf()), openLive(fileOf())];
    try {
      const entries = entryQueries(db, entryUid);
      const reader = { level: 0, editor: false, clockMs: NOW } as const;
      const [{ version: seq } = { version: 0 }] = entries
        .changesAfter(reader, 0, 100)
        .filter(({ id }) => id === 'm-10');
      const changed = () => entries.changesAfter(reader, 1_000, 10).map(({ id }) => id);
      const within = entries.inOneState(() => {
        const before = changed();
        writer.exec("UPDATE meetings SET seq = 2000 WHERE id = 'm-10'");
        return [before, changed()];
      });
      expect(within).toEqual([[], []]);
      expect(changed()).toEqual(['m-10']);
      writer.exec(`UPDATE meetings SET seq = ${seq} WHERE id = 'm-10'`);
    } finally {
      db.close();
      writer.close();
    }
  });
});

describe('a thread of feeds', () => {
  test('retired, still answers who waits, with the bytes, then ends', async () => {
    const feeds = thread();
    const wanted = await joined((await here()).plain());
    const waiting = feeds.read(ASK, NOW).then((text) => joined(text.plain()));
    await feeds.retire();
    expect(await waiting).toBe(wanted);
    await expect(feeds.read(ASK, NOW)).rejects.toMatchObject({ name: 'FeedsUnavailable' });
  });

  test('lost after it told of a feed leaves nothing that the next one could be taken for', async () => {
    const worker = new URL('./support/dying-feeds.ts', import.meta.url);
    const feeds = thread(undefined, { worker, pauseMs: 0 });
    const asked = feeds.read(named('first'), NOW);
    // The thread tells and ends while this one is busy: all that is then heard of at once.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    const first = await asked.catch(() => undefined);
    expect(feeds.kept(named('first'), NOW)).toBeUndefined();
    await expect(first?.plain() ?? asked).rejects.toMatchObject({ name: 'FeedsUnavailable' });
    const second = await feeds.read(named('second'), NOW).catch(() => undefined);
    expect(second === undefined || second !== first).toBe(true);
    expect(lost.length).toBeGreaterThan(0);
    await feeds.close();
    lost.length = 0;
  });

  test('lost, is not begun again at once', async () => {
    const worker = new URL('./support/dying-feeds.ts', import.meta.url);
    const feeds = thread(undefined, { worker, pauseMs: 60_000 });
    await feeds.read(ASK, NOW).catch(() => {});
    await expect.poll(() => lost.length).toBe(1);
    await expect(feeds.read(ASK, NOW)).rejects.toMatchObject({ name: 'FeedsUnavailable' });
    expect(lost.splice(0)).toHaveLength(1);
  });

  test('that nobody asked for a feed was never begun', async () => {
    await expect(thread().close()).resolves.toBeUndefined();
  });

  test('closed, refuses who waits and who comes, and lets go of the file', async () => {
    const feeds = thread();
    await feeds.read(ASK, NOW);
    const waiting = feeds.read(named('waiting'), NOW);
    const closed = feeds.close();
    await expect(waiting).rejects.toMatchObject({ name: 'FeedsUnavailable' });
    await expect(feeds.read(ASK, NOW)).rejects.toMatchObject({ name: 'FeedsUnavailable' });
    expect(feeds.kept(ASK, NOW)).toBeUndefined();
    await closed;
    for (const each of open) await each.close();
    const file = fileOf();
    await projector.close();
    // SQLite deletes it with the last handle: one that a thread still had would keep it.
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});
