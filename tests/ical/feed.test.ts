import { hash } from 'node:crypto';
import { crc32, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../../projections/entry.ts';
import {
  type Feed,
  FeedComposer,
  type FeedFilter,
  type FeedRequest,
  type Kept,
  type RowChange,
} from '../../src/ical/index.ts';
import {
  bodyOf,
  bytesOf,
  CountingTools,
  feedText,
  Rows,
  request,
  unzipped,
} from './support/feeds.ts';
import { soleValue, valuesOf } from './support/read.ts';
import { at, DAY, on, options, row } from './support/rows.ts';

const SESSION_7 = row({ id: 'scc-session-7', when: on('2022-03-21/2022-03-25') });
const SESSION_8 = row({ id: 'scc-session-8', when: on('2022-05-30/2022-06-03') });
const SESSION_9 = row({ id: 'scc-session-9', when: on('2022-07-25/2022-07-29') });
const SESSIONS = [SESSION_7, SESSION_8, SESSION_9];

const only = (...ids: string[]): FeedFilter => ({
  key: ids.join(),
  has: (entry) => ids.includes((entry as Kept).id),
});

const idsIn = async (rows: readonly EntryRow[], changes: Partial<FeedRequest>) => {
  const uids = valuesOf(await feedText(rows, changes), 'UID');
  return rows.filter((r) => uids.includes(r.uid)).map((r) => r.id);
};

describe('bytes: the ETag is a strong hash of the final bytes', () => {
  const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');

  /** The tag as it is documented, from nothing but the bytes as served. */
  function tagOf(bytes: Buffer): string {
    const [head = '', ...events] = bytes.toString().split(/(?=BEGIN:VEVENT\r\n)/);
    const last = events.pop()?.replace('END:VCALENDAR\r\n', '') ?? '';
    const all = [...events, last].filter((text) => text !== '');
    let size = 256;
    while (size > 1 && all.length >= (64 * 256) / size) size /= 2;
    const runs = new Map<number, Buffer[]>();
    for (const text of all) {
      const bucket = Number.parseInt(/^UID:(..)/m.exec(text)?.[1] ?? '', 16);
      const run = Math.floor(bucket / size);
      runs.set(run, [...(runs.get(run) ?? []), sha256(Buffer.from(text))]);
    }
    const own = sha256(Buffer.from(head.replace('END:VCALENDAR\r\n', '')));
    const digests = [own, ...[...runs.values()].map((run) => sha256(Buffer.concat(run)))];
    return `"${sha256(Buffer.concat(digests)).toString('base64url')}"`;
  }

  test.each([0, 1, 3, 63, 64, 65, 300, 700])('of %i entries', async (count) => {
    const rows = Array.from({ length: count }, (_, i) => row({ id: `m-${i}`, when: DAY }));
    const feed = await new FeedComposer(new CountingTools()).read(new Rows(rows), request());
    expect(feed.count).toBe(count);
    expect(feed.etag).toBe(tagOf(await bytesOf(feed)));
  });

  test('and the length is of these bytes', async () => {
    const feed = await new FeedComposer(new CountingTools()).read(new Rows(SESSIONS), request());
    expect(feed.length).toBe((await bytesOf(feed)).length);
  });

  test('counts its entries', async () => {
    const feed = await new FeedComposer(new CountingTools()).read(new Rows(SESSIONS), request());
    expect(feed.count).toBe(3);
  });
});

describe('bytes: the same rows give the same bytes', () => {
  test('in the order of UIDs', async () => {
    const uids = valuesOf(await feedText(SESSIONS), 'UID');
    expect(uids).toEqual([...uids].sort());
    expect(uids).toHaveLength(3);
  });

  const ids = Array.from({ length: 12 }, (_, index) => `meeting-${index}`);
  /** What else may have happened on the way, each to a row by its id. */
  const DETOURS = {
    put: async (rows: Rows, id: string) => rows.put(row({ id, when: DAY })),
    'lose the date': async (rows: Rows, id: string) => rows.put(row({ id, when: null })),
    remove: async (rows: Rows, id: string) => rows.remove(id),
    read: async (rows: Rows, _: string, composer: FeedComposer) => {
      await composer.read(rows, request());
    },
  };

  test('whatever order they came in, and however often they changed on the way', async () => {
    const final = ids.map((id, index) =>
      row({ id, sequence: 9, when: at(`2022-06-${10 + index}T10:00`, 'Europe/Zurich') }),
    );
    const wanted = await new FeedComposer(new CountingTools()).read(new Rows(final), request());
    const detour = fc.record({
      id: fc.constantFrom(...ids),
      act: fc.constantFrom(...Object.values(DETOURS)),
    });
    const order = fc.shuffledSubarray(final, { minLength: ids.length });
    await fc.assert(
      fc.asyncProperty(fc.array(detour, { maxLength: 30 }), order, async (detours, arrival) => {
        const rows = new Rows();
        const composer = new FeedComposer(new CountingTools());
        for (const { id, act } of detours) await act(rows, id, composer);
        for (const entry of arrival) rows.put(entry);
        const feed = await composer.read(rows, request());
        expect(await bodyOf(feed)).toBe(await bodyOf(wanted));
        expect(feed.etag).toBe(wanted.etag);
      }),
    );
  });

  test('over many pages', async () => {
    const many = Array.from({ length: 600 }, (_, index) => row({ id: `m-${index}`, when: DAY }));
    const uids = valuesOf(await feedText(many), 'UID');
    expect(uids).toEqual(many.map((entry) => entry.uid).sort());
  });
});

describe('bytes: the same object while nothing changed', () => {
  test('a second read gives the same feed', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    const first = await composer.read(rows, request());
    expect(await composer.read(rows, request())).toBe(first);
  });

  test('also after a change that the feed does not show', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    const first = await composer.read(rows, request());
    rows.put(SESSION_8);
    rows.put(row({ id: 'astana-summit-iran', when: null }));
    rows.remove('never-there');
    expect(await composer.read(rows, request())).toBe(first);
  });

  test('a change gives another, with another ETag', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    const first = await composer.read(rows, request());
    rows.put({ ...SESSION_9, status: 'cancelled', sequence: 1 });
    const second = await composer.read(rows, request());
    expect(second.etag).not.toBe(first.etag);
    expect(await bodyOf(second)).toContain('SUMMARY:[CANCELLED]');
  });

  test.each<[string, Partial<FeedRequest>]>([
    ['name', { name: 'Astana format' }],
    ['description', { description: 'Meetings' }],
    ['SOURCE', { sourceUrl: 'https://calendar.example.org/feeds/astana.ics' }],
    ['option past', { options: options({ past: 30 }) }],
    ['option cancelled', { options: options({ cancelled: 'hide' }) }],
    ['option postponed', { options: options({ postponed: 'tentative' }) }],
    ['option approx', { options: options({ approx: 'omit' }) }],
    ['day', { todayUtc: '2023-03-26' }],
    ['filter', { filter: only('scc-session-8') }],
  ])('a request with another %s never gets the feed of the first', async (_, changes) => {
    const rows = [
      ...SESSIONS,
      row({ id: 'cancelled', status: 'cancelled' }),
      row({ id: 'postponed', status: 'postponed', when: null, lastWhen: DAY }),
    ];
    const source = new Rows(rows);
    const composer = new FeedComposer(new CountingTools(), {
      publicUrl: 'https://calendar.example.org',
    });
    const first = await composer.read(source, request());
    const second = await composer.read(source, request(changes));
    expect(second.etag).not.toBe(first.etag);
    const fresh = await feedText(rows, changes, 'https://calendar.example.org');
    expect(await bodyOf(second)).toBe(fresh);
  });

  test('two sources never share a feed', async () => {
    const composer = new FeedComposer(new CountingTools());
    const shown = new Rows([SESSION_8], 'public');
    const more = new Rows(SESSIONS, 'internal');
    expect((await composer.read(more, request())).count).toBe(3);
    expect((await composer.read(shown, request())).count).toBe(1);
  });
});

describe('bytes: each entry is rendered once a change', () => {
  test('the first read renders each once', async () => {
    const rows = new Rows(SESSIONS);
    await new FeedComposer(new CountingTools()).read(rows, request());
    expect([...rows.renders.values()]).toEqual([1, 1, 1]);
  });

  test('one change renders one entry', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    await composer.read(rows, request());
    rows.put({ ...SESSION_9, sequence: 1 });
    await composer.read(rows, request());
    expect(Object.fromEntries(rows.renders)).toEqual({
      'scc-session-7': 1,
      'scc-session-8': 1,
      'scc-session-9': 2,
    });
  });

  test('another day, another filter and another name render none', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    await composer.read(rows, request());
    await composer.read(rows, request({ todayUtc: '2023-07-01' }));
    await composer.read(rows, request({ filter: only() }));
    await composer.read(rows, request({ name: 'Another' }));
    await composer.read(rows, request({ options: options({ past: 'all' }) }));
    expect([...rows.renders.values()]).toEqual([1, 1, 1]);
  });

  test('a row that left is left out', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    await composer.read(rows, request());
    rows.remove('scc-session-8');
    const text = await bodyOf(await composer.read(rows, request()));
    expect(valuesOf(text, 'UID')).toEqual([SESSION_7.uid, SESSION_9.uid].sort());
  });

  test('all rows are there although one version has more of them than a page', async () => {
    const many = Array.from({ length: 700 }, (_, index) => row({ id: `m-${index}`, when: DAY }));
    const rows = new Rows();
    many.forEach((entry, index) => {
      // One event can touch many rows: the announcement that they all cite was retracted.
      rows.put(entry, index < 100 || index > 650 ? index + 1 : 100);
    });
    const feed = await new FeedComposer(new CountingTools()).read(rows, request());
    expect(feed.count).toBe(700);
    expect(new Set(rows.renders.values())).toEqual(new Set([1]));
  });

  // As a source does when an embargo ends by the clock, without an event.
  test.each([1, 300])(
    '%i rows that come under a version already read are taken in',
    async (count) => {
      const rows = new Rows([SESSION_8]);
      const told: RowChange[] = [];
      const source = {
        key: rows.key,
        inOneState: <T>(work: () => T) => work(),
        changesAfter: (after: number, limit: number) => [
          ...told.splice(0),
          ...rows.changesAfter(after, limit),
        ],
      };
      const composer = new FeedComposer(new CountingTools());
      expect((await composer.read(source, request())).count).toBe(1);
      for (let index = 0; index < count; index += 1) {
        const late = row({ id: `late-${index}`, when: DAY });
        told.push({ id: late.id, version: rows.version, row: () => late });
      }
      expect((await composer.read(source, request())).count).toBe(count + 1);
    },
  );

  test('a burst of new rows between old ones is all there', async () => {
    const rows = new Rows(SESSIONS);
    const composer = new FeedComposer(new CountingTools());
    await composer.read(rows, request());
    const many = Array.from({ length: 600 }, (_, index) => row({ id: `m-${index}`, when: DAY }));
    for (const entry of many) rows.put(entry);
    const feed = await composer.read(rows, request());
    expect(await bodyOf(feed)).toBe(await feedText([...SESSIONS, ...many]));
    expect(feed.count).toBe(603);
  });

  test('other work has its turn after each page of a first load', async () => {
    const tools = new CountingTools();
    const many = Array.from({ length: 600 }, (_, index) => row({ id: `m-${index}`, when: DAY }));
    await new FeedComposer(tools).read(new Rows(many), request());
    expect(tools.pauses).toBe(6);
  });

  test('and between any two of its rows, and of its parts, when they take long', async () => {
    const tools = new CountingTools();
    tools.hasty = true;
    const many = Array.from({ length: 600 }, (_, index) => row({ id: `m-${index}`, when: DAY }));
    const rows = new Rows(many);
    const feed = await new FeedComposer(tools).read(rows, request());
    expect(feed.count).toBe(600);
    expect(rows.loose).toBe(0);
    expect(tools.pauses).toBeGreaterThan(600 + 6 + (await feed.plain()).length);
  });

  test('a change that comes between the last two rows of a load is in it', async () => {
    const tools = new CountingTools();
    tools.hasty = true;
    const rows = new Rows(Array.from({ length: 30 }, (_, i) => row({ id: `m-${i}`, when: DAY })));
    const composer = new FeedComposer(tools);
    let joined: Promise<Feed> | undefined;
    tools.meanwhile = () => {
      if (rows.renders.size !== 29 || joined !== undefined) return;
      rows.put(SESSION_8);
      joined = composer.read(rows, request());
    };
    await composer.read(rows, request());
    expect((await joined)?.count).toBe(31);
  });

  test('a row that cannot be rendered fails every read, until it is corrected', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    rows.put({ ...SESSION_8, stamp: undefined as unknown as string });
    rows.put({ ...SESSION_9, sequence: 1 });
    await expect(composer.read(rows, request())).rejects.toThrow(TypeError);
    await expect(composer.read(rows, request())).rejects.toThrow(TypeError);
    rows.put(SESSION_8);
    expect((await composer.read(rows, request())).count).toBe(3);
  });
});

describe('an address of another edition', () => {
  const edition = { count: 2, at: '2021-11-23T08:00:00.500Z' };

  test('counts on from SEQUENCE, and its stamp is the later of the two; all else is the same', async () => {
    const rows = [
      { ...SESSION_7, sequence: 7, stamp: '2021-11-21T20:00:00Z' },
      { ...SESSION_8, sequence: 3, stamp: '2021-11-24T20:00:00Z' },
    ];
    const [usual, other] = [await feedText(rows), await feedText(rows, { edition })];
    const told = other
      .replaceAll('SEQUENCE:9', 'SEQUENCE:7')
      .replaceAll('SEQUENCE:5', 'SEQUENCE:3')
      .replaceAll('DTSTAMP:20211123T080000Z', 'DTSTAMP:20211121T200000Z')
      .replaceAll('LAST-MODIFIED:20211123T080000Z', 'LAST-MODIFIED:20211121T200000Z');
    expect(told).toBe(usual);
    expect(valuesOf(other, 'DTSTAMP').sort()).toEqual(['20211123T080000Z', '20211124T200000Z']);
    expect(valuesOf(other, 'LAST-MODIFIED')).toEqual(valuesOf(other, 'DTSTAMP'));
    expect(valuesOf(other, 'SEQUENCE').sort()).toEqual(['5', '9']);
  });

  test('shares what is rendered, has another ETag, and keeps its bytes while nothing changes', async () => {
    const rows = new Rows(SESSIONS);
    const composer = new FeedComposer(new CountingTools());
    const usual = await composer.read(rows, request());
    const first = await composer.read(rows, request({ edition }));
    expect([...rows.renders.values()]).toEqual([1, 1, 1]);
    expect(first.etag).not.toBe(usual.etag);
    expect(await composer.read(rows, request({ edition }))).toBe(first);
    expect((await bytesOf(first)).length).toBe(first.length);
    const later = { ...edition, count: 3 };
    expect((await composer.read(rows, request({ edition: later }))).etag).not.toBe(first.etag);
    const moved = { ...SESSION_9, title: 'Ninth session', sequence: 1 };
    rows.put(moved);
    const next = await composer.read(rows, request({ edition }));
    const expected = await feedText([SESSION_7, SESSION_8, moved], { edition });
    expect(await bodyOf(next)).toBe(expected);
    expect(unzipped(await next.gzip())).toBe(expected);
  });
});

describe('bytes: one change costs what lies around it', () => {
  const MANY = Array.from({ length: 700 }, (_, i) => row({ id: `m-${i}`, when: DAY }));

  async function changed(change: (rows: Rows) => void, changes: Partial<FeedRequest> = {}) {
    const tools = new CountingTools();
    const composer = new FeedComposer(tools);
    const rows = new Rows(MANY);
    const before = await composer.read(rows, request());
    await before.plain();
    const { hashes } = tools;
    change(rows);
    const after = await composer.read(rows, request(changes));
    const spent = tools.hashes - hashes;
    const [were, are] = [await before.plain(), await after.plain()];
    const others = are.filter((chunk) => !were.includes(chunk)).length;
    return { before, after, others, hashes: spent };
  }

  test.each<[string, number, (rows: Rows) => void]>([
    ['changed', 1, (rows) => rows.put({ ...SESSION_8, id: 'm-3', uid: MANY[3]?.uid ?? '' })],
    ['came', 1, (rows) => rows.put(SESSION_8)],
    ['left', 0, (rows) => rows.remove('m-3')],
  ])('an entry that %s', async (_, rendered, change) => {
    const { after, others, hashes } = await changed(change);
    expect(others).toBe(1);
    // Of the entry, of the run it lies in, and of all runs.
    expect(hashes).toBe(rendered + 2);
    const rows = new Rows(MANY);
    change(rows);
    const fresh = await new FeedComposer(new CountingTools()).read(rows, request());
    expect(after.etag).toBe(fresh.etag);
    expect((await bytesOf(after)).equals(await bytesOf(fresh))).toBe(true);
  });

  test('a midnight on which nothing leaves costs nothing', async () => {
    const { before, after, hashes } = await changed(() => {}, { todayUtc: '2022-07-02' });
    expect(after).toBe(before);
    expect(hashes).toBe(0);
  });

  test('a clock that is set back shows again what had left', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows([SESSION_7]);
    const late = request({ todayUtc: '2023-03-26' });
    expect((await composer.read(rows, late)).count).toBe(0);
    expect((await composer.read(rows, request())).count).toBe(1);
    expect((await composer.read(rows, late)).count).toBe(0);
  });

  test('a change outside of the filter gives the same object', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    const seven = request({ filter: only('scc-session-7') });
    const first = await composer.read(rows, seven);
    rows.put({ ...SESSION_8, sequence: 1 });
    expect(await composer.read(rows, seven)).toBe(first);
  });

  test('a change during a composition is in the next', async () => {
    const tools = new CountingTools();
    const composer = new FeedComposer(tools);
    const rows = new Rows(MANY);
    const [first, second] = await Promise.all([
      composer.read(rows, request()),
      composer.read(rows, request()).then(() => {
        rows.put(SESSION_8);
        return composer.read(rows, request());
      }),
    ]);
    expect([first.count, second.count]).toEqual([700, 701]);
  });
});

describe('bytes: callers at the same time', () => {
  test('share one composition', async () => {
    const tools = new CountingTools();
    const composer = new FeedComposer(tools);
    const rows = new Rows(SESSIONS);
    const feeds = await Promise.all([1, 2, 3, 4].map(() => composer.read(rows, request())));
    expect(new Set(feeds).size).toBe(1);
    // Of three entries, of their run, of the head, and of both.
    expect(tools.hashes).toBe(6);
    expect([...rows.renders.values()]).toEqual([1, 1, 1]);
  });

  test('share one first load of many pages', async () => {
    const tools = new CountingTools();
    const composer = new FeedComposer(tools);
    const many = Array.from({ length: 600 }, (_, i) => row({ id: `m-${i}`, when: DAY }));
    const rows = new Rows(many);
    const alone = new CountingTools();
    await new FeedComposer(alone).read(new Rows(many), request());
    const feeds = await Promise.all([1, 2, 3].map(() => composer.read(rows, request())));
    expect(new Set(feeds).size).toBe(1);
    expect(rows.asked).toBe(7);
    expect(tools.hashes).toBe(alone.hashes);
  });

  test('each sees all that had changed when it asked', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows([SESSION_7]);
    const before = composer.read(rows, request());
    rows.put(SESSION_8);
    const after = await composer.read(rows, request());
    expect(after.count).toBe(2);
    expect((await before).count).toBeLessThanOrEqual(2);
  });

  test('a change during a first load is in it', async () => {
    const tools = new CountingTools();
    const rows = new Rows(Array.from({ length: 300 }, (_, i) => row({ id: `m-${i}`, when: DAY })));
    tools.meanwhile = () => rows.put(SESSION_8);
    const feed = await new FeedComposer(tools).read(rows, request());
    expect(feed.count).toBe(301);
  });

  test('a failure is not remembered', async () => {
    const tools = new CountingTools();
    const composer = new FeedComposer({
      ...tools,
      sha256: (bytes) => {
        if (tools.hashes === 0) {
          tools.hashes += 1;
          throw new Error('no hash');
        }
        return tools.sha256(bytes);
      },
    });
    const rows = new Rows(SESSIONS);
    await expect(composer.read(rows, request())).rejects.toThrow('no hash');
    expect((await composer.read(rows, request())).count).toBe(3);
  });
});

describe('bytes: the gzip variant', () => {
  test('is of the same bytes', async () => {
    const feed = await new FeedComposer(new CountingTools()).read(new Rows(SESSIONS), request());
    expect(unzipped(await feed.gzip())).toBe(await bodyOf(feed));
  });

  test('is made when first asked for, and once', async () => {
    const tools = new CountingTools();
    const feed = await new FeedComposer(tools).read(new Rows(SESSIONS), request());
    expect(tools.zips).toBe(0);
    const [first, second] = await Promise.all([feed.gzip(), feed.gzip()]);
    expect(second).toBe(first);
    expect(await feed.gzip()).toBe(first);
    // The head, the entries and the last line.
    expect(tools.zips).toBe(3);
  });

  test('is one member, which every client reads to its end', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => row({ id: `m-${i}`, when: DAY }));
    const feed = await new FeedComposer(new CountingTools()).read(new Rows(rows), request());
    expect((await feed.plain()).length).toBeGreaterThan(3);
    const bytes = Buffer.concat(await feed.gzip());
    // Without header and trailer, one DEFLATE stream is left (RFC 1952 §2.3).
    expect(inflateRawSync(bytes.subarray(10, -8)).toString()).toBe(await bodyOf(feed));
    expect(bytes.readUInt32LE(bytes.length - 8)).toBe(crc32(await bytesOf(feed)));
    expect(bytes.readUInt32LE(bytes.length - 4)).toBe(feed.length);
  });

  test('is compressed anew where something changed', async () => {
    const tools = new CountingTools();
    const composer = new FeedComposer(tools);
    const rows = new Rows(Array.from({ length: 300 }, (_, i) => row({ id: `m-${i}`, when: DAY })));
    await (await composer.read(rows, request())).gzip();
    const { zips } = tools;
    rows.put(row({ id: 'm-7', when: DAY, title: 'Ninth session', sequence: 1 }));
    const feed = await composer.read(rows, request());
    expect(unzipped(await feed.gzip())).toBe(await bodyOf(feed));
    // The entries around it, and the last line.
    expect(tools.zips - zips).toBe(2);
  });

  test('is tried again after a failure', async () => {
    const tools = new CountingTools();
    let failures = 1;
    const deflate = async (bytes: Buffer) => {
      if (failures-- > 0) throw new Error('no memory');
      return tools.deflate(bytes);
    };
    const composer = new FeedComposer({ ...tools, deflate });
    const feed = await composer.read(new Rows(SESSIONS), request());
    await expect(feed.gzip()).rejects.toThrow('no memory');
    expect(unzipped(await feed.gzip())).toBe(await bodyOf(feed));
  });
});

describe('past: feed option past=<days>|all', () => {
  // Session 7 ended on 25 March 2022.
  test.each([
    ['the last of 365 days', '2023-03-25', ['scc-session-7']],
    ['the day after', '2023-03-26', []],
  ])('a year by default: %s', async (_, todayUtc, ids) => {
    expect(await idsIn([SESSION_7], { todayUtc })).toEqual(ids);
  });

  test.each([
    [0, '2022-03-25', 1],
    [0, '2022-03-26', 0],
    [7, '2022-04-01', 1],
    [7, '2022-04-02', 0],
  ])('past=%i on %s shows %i', async (past, todayUtc, count) => {
    const shown = await idsIn([SESSION_7], { options: options({ past }), todayUtc });
    expect(shown).toHaveLength(count);
  });

  test('past=all keeps everything', async () => {
    const rows = [SESSION_7, row({ id: 'long-ago', when: on('0850-02-04') })];
    const changes = { options: options({ past: 'all' }), todayUtc: '2099-01-01' };
    expect(await idsIn(rows, changes)).toEqual(rows.map((r) => r.id));
  });

  test('past of more days than the calendar has keeps everything', async () => {
    const changes = { options: options({ past: 10_000_000 }), todayUtc: '2099-01-01' };
    expect(await idsIn(SESSIONS, changes)).toHaveLength(3);
  });

  test('what lies ahead is always in it', async () => {
    const rows = [row({ id: 'far', when: on('2090-01-01') })];
    expect(await idsIn(rows, { options: options({ past: 0 }) })).toEqual(['far']);
  });

  test('an entry leaves at midnight UTC, whatever its own zone', async () => {
    const when = at('2022-06-10T23:00', 'Pacific/Auckland', '2022-06-11T01:00');
    const rows = [row({ when })];
    const on = (todayUtc: string) => idsIn(rows, { options: options({ past: 0 }), todayUtc });
    expect(await on('2022-06-11')).toHaveLength(1);
    expect(await on('2022-06-12')).toHaveLength(0);
  });

  test.each([
    ['a time', at('2021-11-21T22:00', 'Pacific/Pago_Pago', '2021-11-21T23:00')],
    ['a time without end', at('2021-11-21T22:00', 'Pacific/Pago_Pago')],
    ['a day', on({ edtf: '2021-11-21', timezone: 'Pacific/Pago_Pago' })],
  ])('west of UTC, where it ends on the next UTC day, %s stays for that day', async (_, when) => {
    const shown = (todayUtc: string) =>
      idsIn([row({ when })], { options: options({ past: 0 }), todayUtc });
    expect(await shown('2021-11-22')).toHaveLength(1);
    expect(await shown('2021-11-23')).toHaveLength(0);
  });

  test('within one UTC day the feed stays the same object', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows([SESSION_7]);
    const today = request({ todayUtc: '2023-03-25' });
    const tomorrow = request({ todayUtc: '2023-03-26' });
    const first = await composer.read(rows, today);
    expect(await composer.read(rows, { ...today })).toBe(first);
    expect((await composer.read(rows, tomorrow)).count).toBe(0);
  });

  test.each<[string, Partial<EntryRow>]>([
    ['a cancelled one', { status: 'cancelled', when: DAY }],
    ['one not held', { status: 'not-held', when: DAY }],
    ['a postponed one, by its last date', { status: 'postponed', when: null, lastWhen: DAY }],
    ['a lost date, by the last shown', { when: null, dates: [DAY] }],
    ['one that became a year, by the last shown day', { when: on('2022'), dates: [DAY] }],
  ])('%s stays as long', async (_, changes) => {
    const rows = [row(changes)];
    expect(await idsIn(rows, { todayUtc: '2023-06-10' })).toHaveLength(1);
    expect(await idsIn(rows, { todayUtc: '2023-06-11' })).toHaveLength(0);
  });

  test('a coarse date is judged by its last day, a marker too', async () => {
    const rows = [row({ when: on('2022') })];
    const marker = options({ approx: 'marker', past: 0 });
    expect(await idsIn(rows, { options: marker, todayUtc: '2022-12-31' })).toHaveLength(1);
    expect(await idsIn(rows, { options: marker, todayUtc: '2023-01-01' })).toHaveLength(0);
  });
});

describe('STATUS: withdrawn and merged stay for 30 days', () => {
  const gone = (status: 'withdrawn' | 'merged') =>
    row({ status, when: on('2022-09-01'), goneAt: '2022-07-16T23:30:00.000Z' });

  test.each(['withdrawn', 'merged'] as const)('%s: CANCELLED meanwhile', async (status) => {
    const text = await feedText([gone(status)], { todayUtc: '2022-07-17' });
    expect(soleValue(text, 'STATUS')).toBe('CANCELLED');
  });

  test.each(['withdrawn', 'merged'] as const)('%s: then gone', async (status) => {
    expect(await idsIn([gone(status)], { todayUtc: '2022-08-15' })).toHaveLength(1);
    expect(await idsIn([gone(status)], { todayUtc: '2022-08-16' })).toHaveLength(0);
  });

  test('past=all does not keep them', async () => {
    const changes = { options: options({ past: 'all' }), todayUtc: '2022-08-16' };
    expect(await idsIn([gone('merged')], changes)).toHaveLength(0);
  });

  test('label does not keep them either', async () => {
    const changes = { options: options({ cancelled: 'label' }), todayUtc: '2022-08-16' };
    expect(await idsIn([gone('withdrawn')], changes)).toHaveLength(0);
  });

  test('a cancelled one is not bound by that', async () => {
    const rows = [row({ status: 'cancelled', when: on('2022-09-01') })];
    expect(await idsIn(rows, { todayUtc: '2022-12-01' })).toHaveLength(1);
  });

  test('a later withdrawal of the same entry counts its own 30 days', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows([gone('withdrawn')]);
    const late = request({ todayUtc: '2022-08-16' });
    expect((await composer.read(rows, late)).count).toBe(0);
    rows.put({ ...gone('withdrawn'), goneAt: '2022-08-01T00:00:00Z' });
    expect((await composer.read(rows, late)).count).toBe(1);
  });
});

describe('filters', () => {
  test('say which meetings belong in a feed', async () => {
    const filter = only('scc-session-7', 'scc-session-9');
    expect(await idsIn(SESSIONS, { filter })).toEqual(['scc-session-7', 'scc-session-9']);
  });

  test('do not lengthen the window', async () => {
    const filter = only('scc-session-7');
    expect(await idsIn(SESSIONS, { filter, todayUtc: '2030-01-01' })).toEqual([]);
  });

  test('that fit nothing give an empty feed', async () => {
    const feed = await new FeedComposer(new CountingTools()).read(
      new Rows(SESSIONS),
      request({ filter: only() }),
    );
    expect(feed.count).toBe(0);
    expect(valuesOf(await bodyOf(feed), 'TZID')).toEqual(['Etc/UTC']);
  });

  test('of other feeds over the same entries are kept side by side', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    const seven = request({ filter: only('scc-session-7') });
    const nine = request({ filter: only('scc-session-9') });
    const first = await composer.read(rows, seven);
    await composer.read(rows, nine);
    expect(await composer.read(rows, seven)).toBe(first);
  });
});

describe('memory: what is kept is bounded, the least recently used goes first', () => {
  const named = (name: string) => request({ name });

  /** What entries and one body of these rows take. */
  async function sizes() {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    await composer.read(rows, named('a'));
    const one = composer.keptBytes();
    await composer.read(rows, named('b'));
    const body = composer.keptBytes() - one;
    return { entries: one - body, body };
  }

  test('counts the bytes of bodies and of entries', async () => {
    const composer = new FeedComposer(new CountingTools());
    expect(composer.keptBytes()).toBe(0);
    const feed = await composer.read(new Rows(SESSIONS), named('a'));
    const { entries, body } = await sizes();
    expect(composer.keptBytes()).toBe(entries + body);
    expect(body).toBeGreaterThanOrEqual(feed.length);
    expect(entries).toBeGreaterThan(0);
  });

  test('an entry that left or shrank is no longer counted', async () => {
    const composer = new FeedComposer(new CountingTools());
    const rows = new Rows(SESSIONS);
    await composer.read(rows, named('a'));
    const before = composer.keptBytes();
    rows.put({ ...SESSION_8, title: 'Eighth session '.repeat(20) });
    rows.put(row({ id: 'more', when: DAY }));
    await composer.read(rows, named('a'));
    expect(composer.keptBytes()).toBeGreaterThan(before);
    rows.put(SESSION_8);
    rows.remove('more');
    await composer.read(rows, named('a'));
    expect(composer.keptBytes()).toBe(before);
  });

  test('the body that was not read for longest goes, the others stay', async () => {
    const { entries, body } = await sizes();
    const composer = new FeedComposer(new CountingTools(), {}, { maxBytes: entries + 2 * body });
    const rows = new Rows(SESSIONS);
    const a = await composer.read(rows, named('a'));
    const b = await composer.read(rows, named('b'));
    expect(await composer.read(rows, named('a'))).toBe(a);
    const c = await composer.read(rows, named('c')); // b goes
    expect(composer.keptBytes()).toBeLessThanOrEqual(entries + 2 * body);
    expect(await composer.read(rows, named('a'))).toBe(a);
    expect(await composer.read(rows, named('c'))).toBe(c);
    const again = await composer.read(rows, named('b'));
    expect(again).not.toBe(b);
    expect(again.etag).toBe(b.etag);
  });

  test('after the bodies the entries of other sources go, and are rendered again', async () => {
    const { entries, body } = await sizes();
    const composer = new FeedComposer(new CountingTools(), {}, { maxBytes: entries + body });
    const one = new Rows(SESSIONS, 'public');
    const two = new Rows(SESSIONS, 'internal');
    await composer.read(one, named('a'));
    await composer.read(two, named('a'));
    expect(composer.keptBytes()).toBe(entries + body);
    await composer.read(one, named('a'));
    expect([...one.renders.values()]).toEqual([2, 2, 2]);
  });

  test('whoever holds a feed hears when it was replaced, or let go of, or failed to be replaced', async () => {
    const dropped: Feed[] = [];
    const tools = new CountingTools();
    const onDrop = (feed: Feed) => dropped.push(feed);
    const composer = new FeedComposer(tools, {}, { maxBytes: 1, onDrop });
    const rows = new Rows(SESSIONS);
    const first = await composer.read(rows, request());
    rows.remove(SESSION_8.id);
    const second = await composer.read(rows, request());
    expect(dropped).toEqual([first]);
    const other = await composer.read(rows, named('other'));
    expect(dropped).toEqual([first, second]);
    rows.put(SESSION_8);
    // The first is the entry's, the second that of its part.
    tools.failsAt = tools.hashes + 2;
    await expect(composer.read(rows, named('other'))).rejects.toThrow('no memory');
    expect(dropped).toEqual([first, second, other]);
  });

  test('bytes that another thread keeps count until they are let go of', async () => {
    const composer = new FeedComposer(new CountingTools());
    const feed = await composer.read(new Rows(SESSIONS), request());
    const before = composer.keptBytes();
    const copies = await feed.handOver('plain');
    expect(Buffer.concat(copies)).toHaveLength(feed.length);
    expect(feed.kept('plain')).toBeUndefined();
    expect(composer.keptBytes()).toBe(before + feed.length);
    const zipped = await feed.handOver('gzip');
    expect(unzipped(zipped.map((bytes) => Buffer.from(bytes)))).toBe(await bodyOf(feed));
    feed.release();
    expect(composer.keptBytes()).toBe(before);
  });

  test('bytes that were put together go first, and are made again', async () => {
    const { entries, body } = await sizes();
    const rows = new Rows(SESSIONS);
    const tools = new CountingTools();
    const { length } = await new FeedComposer(tools).read(rows, named('a'));
    const composer = new FeedComposer(tools, {}, { maxBytes: entries + 2 * body + length });
    const a = await composer.read(rows, named('a'));
    const [plain, zipped] = [await bodyOf(a), unzipped(await a.gzip())];
    expect(a.kept('plain')).toBe(await a.plain());
    expect(composer.keptBytes()).toBeGreaterThan(entries + body + length);
    const b = await composer.read(rows, named('b'));
    expect(composer.keptBytes()).toBe(entries + 2 * body);
    expect(a.kept('plain')).toBeUndefined();
    expect(await composer.read(rows, named('a'))).toBe(a);
    expect([await bodyOf(a), unzipped(await a.gzip())]).toEqual([plain, zipped]);
    expect(await composer.read(rows, named('b'))).toBe(b);
  });

  test('what is being read is answered and kept, even over the bound', async () => {
    const composer = new FeedComposer(new CountingTools(), {}, { maxBytes: 1 });
    const rows = new Rows(SESSIONS);
    const first = await composer.read(rows, named('a'));
    expect(first.count).toBe(3);
    expect(await composer.read(rows, named('a'))).toBe(first);
    expect([...rows.renders.values()]).toEqual([1, 1, 1]);
  });

  test('a feed of entries that were evicted while they loaded never passes for a later one', async () => {
    const numbered = (count: number) =>
      Array.from({ length: count }, (_, i) => row({ id: `m-${i}`, when: DAY }));
    const rows = new Rows(numbered(300), 'public');
    const big = new Rows(numbered(600), 'internal');
    const alone = new FeedComposer(new CountingTools());
    await alone.read(big, named('a'));
    const tools = new CountingTools();
    const composer = new FeedComposer(tools, {}, { maxBytes: alone.keptBytes() });
    let turns = 0;
    tools.meanwhile = async () => {
      turns += 1;
      if (turns > 1) return;
      await composer.read(big, named('a')); // takes all the room
      rows.put(row({ id: 'm-0', when: DAY, title: 'Changed early', sequence: 1 }));
      await composer.read(rows, named('b')); // loads the entries anew
    };
    await composer.read(rows, named('a'));
    rows.put(row({ id: 'm-1', when: DAY, title: 'Changed late', sequence: 1 }));
    const text = await bodyOf(await composer.read(rows, named('a')));
    expect(text).toContain('SUMMARY:Changed early');
    expect(text).toContain('SUMMARY:Changed late');
  });
});
