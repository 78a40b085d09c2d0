import { afterAll, describe, expect, test } from 'vitest';
import { type Feed, readAtom } from './support/atom.ts';
import { MEETING, openWorld, REPORT, type Who, type World } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld();
afterAll(() => world.close());

const atom = async (path = '/changes.atom', as?: Who, of: World = world): Promise<Feed> =>
  readAtom(must(200, await of.get(path, as)).text);

interface Changes {
  readonly items: readonly { readonly cursor: string; readonly type: string }[];
}
const cursors = async (path: string, of: World = world, as?: Who): Promise<string[]> => {
  const { items } = (await of.get(path, as)).json<Changes>();
  return items.map(({ cursor }) => `urn:uuid:${cursor}`).reverse();
};
const idsOf = ({ entries }: Feed) => entries.map(({ id }) => id);

const empty = await atom();
must(201, await world.post('/announcements', REPORT));
must(201, await world.post('/meetings', { ...MEETING, basedOn: [REPORT.id] }));
world.clock.ms += 60_000;
const moved = { when: { edtf: '2022-09' }, reason: 'visas <late> & "lost"', basedOn: [REPORT.id] };
must(200, await world.post(`/meetings/${MEETING.id}/reschedule`, moved));
must(201, await world.post('/meetings', { id: 'inside', title: 'Talks', form: 'visit' }));

test('an empty feed is a feed', () => {
  expect(empty).toMatchObject({
    author: 'Chancery',
    updated: '1970-01-01T00:00:00Z',
    entries: [],
  });
});

test('has one entry a change, the newest first, with the sentence', async () => {
  const feed = await atom();
  expect(idsOf(feed)).toEqual(await cursors('/changes'));
  expect(feed.updated).toBe('2021-11-22T08:01:00Z');
  expect(feed.entries[0]).toMatchObject({
    title: `${MEETING.title}: Date moved from August 2022 to September 2022`,
    updated: '2021-11-22T08:01:00Z',
    category: 'rescheduled',
    alternate: `/meetings/${MEETING.id}`,
    via: [{ rel: 'via', href: REPORT.url, title: REPORT.outlet }],
  });
  expect(feed.entries[0]?.content).toBe(
    'Date moved from August 2022 to September 2022\nReason: visas <late> & "lost"\nSource: Tehran Times, 2021-11-21',
  );
  expect(feed.entries.at(-1)).toMatchObject({
    title: expect.stringMatching(`^${REPORT.title}: `),
    alternate: `/announcements/${REPORT.id}`,
  });
});

test('what no XML can hold does not break it', async () => {
  const title = ']]> \ufffe 会談 🕊 &amp;';
  must(201, await world.post('/meetings', { ...MEETING, id: 'odd', title }));
  const feed = await atom('/changes.atom?meeting=odd');
  expect(feed.entries[0]?.title).toMatch(/^\]\]> \ufffd 会談 🕊 &amp;: /);
});

test('its id does not depend on where it is published, but on its filters', async () => {
  const published = await openWorld(() => ({ publicUrl: 'https://calendar.example/desk' }));
  try {
    must(201, await published.post('/meetings', MEETING));
    const feed = await atom('/changes.atom', undefined, published);
    expect(feed.id).toBe((await atom()).id);
    expect(feed.id).toBe(empty.id);
    expect(feed.self).toBe('https://calendar.example/desk/changes.atom');
    expect(feed.entries[0]?.alternate).toBe(`https://calendar.example/desk/meetings/${MEETING.id}`);
  } finally {
    await published.close();
  }
  const filtered = await atom('/changes.atom?topic=constitution&form=session&form=visit');
  const reordered = await atom('/changes.atom?form=visit&form=session&topic=constitution');
  expect(reordered.id).toBe(filtered.id);
  expect(filtered.id).not.toBe(empty.id);
  expect(filtered.self).toBe('/changes.atom?topic=constitution&form=session&form=visit');
});

test.each([
  `meeting=${MEETING.id}`,
  'topic=constitution',
  'track=no-such-track',
  'status=announced&form=session',
  'q=Geneva',
  'from=2022-09-01&to=2022-09-30&certain=true',
])('filters as /changes does: %s', async (query) => {
  expect(idsOf(await atom(`/changes.atom?${query}`))).toEqual(await cursors(`/changes?${query}`));
});

test('shows each caller what they may see', async () => {
  expect(idsOf(await atom('/changes.atom', 'editor'))).toEqual(
    await cursors('/changes', world, 'editor'),
  );
  expect((await atom('/changes.atom?meeting=inside')).entries).toEqual([]);
  expect((await atom('/changes.atom?meeting=inside', 'reader')).entries).toHaveLength(1);
});

describe('what leaves and what comes', () => {
  test('is never told as removed', async () => {
    const own = await openWorld();
    try {
      must(201, await own.post('/meetings', MEETING));
      const before = await atom('/changes.atom', undefined, own);
      const body = { classification: 'internal' };
      must(200, await own.post(`/meetings/${MEETING.id}/reclassify`, body));
      expect(before.entries).toHaveLength(1);
      expect(await atom('/changes.atom', undefined, own)).toMatchObject({ entries: [] });
    } finally {
      await own.close();
    }
  });

  test('an embargo ends by the clock, in its place among the others', async () => {
    const own = await openWorld();
    try {
      const embargoUntil = new Date(own.clock.ms + 3_600_000).toISOString();
      must(201, await own.post('/meetings', { ...MEETING, embargoUntil }));
      expect((await atom('/changes.atom', undefined, own)).entries).toEqual([]);
      own.clock.ms += 3_600_000;
      const released = await atom('/changes.atom', undefined, own);
      expect(released.entries.map(({ category }) => category)).toEqual(['released']);
      own.clock.ms += 60_000;
      must(201, await own.post('/meetings', { ...MEETING, id: 'later' }));
      const { entries } = await atom('/changes.atom', undefined, own);
      expect(entries.map(({ alternate }) => alternate)).toEqual([
        '/meetings/later',
        `/meetings/${MEETING.id}`,
      ]);
    } finally {
      await own.close();
    }
  });
});

test('holds the newest hundred', async () => {
  const own = await openWorld();
  try {
    must(201, await own.post('/meetings', MEETING));
    for (let n = 0; n < 101; n += 1) {
      must(200, await own.post(`/meetings/${MEETING.id}/revise`, { title: `Title ${n}` }));
    }
    const feed = await atom('/changes.atom', undefined, own);
    expect(feed.entries).toHaveLength(100);
    expect(idsOf(feed)).toEqual((await cursors('/changes?limit=500', own)).slice(0, 100));
  } finally {
    await own.close();
  }
});
