import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { BEFORE_ALL, CHANGES_SCANNED, ROWS_SCANNED } from '../../projections/change-queries.ts';
import { type ChangeView, type MeetingFilters, UnknownCursor } from '../../projections/types.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

type Given = Parameters<World['changes']>[0];
const named = (items: readonly ChangeView[]) =>
  items.map((item) => `${item.meeting ?? item.announcement} ${item.type}`);
const told = (given: Given = {}, level: Level = 2) => named(world.changes(given, level).items);

describe('the changes', () => {
  it('are those of all entries, in order', async () => {
    await world.announce('a');
    await world.publish('r');
    await world.confirm('a', { basedOn: ['r'] });
    await world.announce('b');
    await world.retract('r');
    expect(told()).toEqual([
      'a announced',
      'r published',
      'a confirmed',
      'b announced',
      'r retracted',
    ]);
  });

  it('look as in the history, but for what only editors see there', async () => {
    await world.publish('r');
    await world.announce('a', { basedOn: ['r'] });
    await world.confirm('a', { likelihood: 'certain' });
    const { items } = world.queries.listChanges({
      ...{ reader: world.reader(1, true), filters: { meeting: ['a'] }, limit: 9 },
    });
    expect(items).toEqual(world.history('a', 1));
  });

  it('are those that the reader may see', async () => {
    await world.announce('a');
    await world.announce('b', { classification: 'internal' });
    await world.publish('r', { classification: 'internal' });
    expect(told({}, 0)).toEqual(['a announced']);
    expect(told({}, 1)).toEqual(['a announced', 'b announced', 'r published']);
  });

  it('are none in an empty calendar', () => {
    expect(world.changes()).toEqual({ items: [], cursor: BEFORE_ALL });
  });
});

describe('cursors', () => {
  it('lead through all changes, whatever the sizes of the pages', async () => {
    for (const id of ['a', 'b', 'c']) {
      await world.announce(id);
      await world.confirm(id);
      await world.publish(`r-${id}`);
    }
    const all = told();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (sizes) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (let i = 0; seen.length < all.length; i += 1) {
          const limit = sizes[i % sizes.length] ?? 1;
          const page = world.changes({ limit, ...(after === null ? {} : { after }) });
          expect(page.items.length).toBeGreaterThan(0);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...named(page.items));
          after = page.cursor;
        }
        expect(seen).toEqual(all);
        expect(world.changes({ after: after ?? '' })).toEqual({ items: [], cursor: after });
      }),
      { numRuns: 30 },
    );
  });

  it('are event ids: that of any command goes on from it', async () => {
    const { eventId } = await world.announce('a');
    await world.confirm('a');
    expect(told({ after: eventId })).toEqual(['a confirmed']);
  });

  it('at the end are that of the newest change the reader sees', async () => {
    const { eventId } = await world.announce('a');
    await world.announce('b', { classification: 'internal' });
    expect(world.changes({ filters: { meeting: ['nothing'] } }, 0)).toEqual({
      items: [],
      cursor: eventId,
    });
    expect(world.changes({ after: eventId }, 0)).toEqual({ items: [], cursor: eventId });
  });

  it('move over what a filter leaves out', async () => {
    await world.announce('a');
    const { eventId } = await world.announce('b');
    const page = world.changes({ filters: { track: ['nothing'] } });
    expect(page).toEqual({ items: [], cursor: eventId });
  });

  it('are unknown when the event was never visible to the reader', async () => {
    const first = await world.announce('a', { classification: 'internal' });
    await world.reclassify('a', 'public');
    await world.announce('b');
    for (const after of [first.eventId, '00000000-0000-4000-8000-000000000001', '', 'x']) {
      expect(() => world.changes({ after }, 0)).toThrow(UnknownCursor);
    }
    expect(told({ after: first.eventId }, 1)).toEqual(['a reclassified', 'b announced']);
  });

  it('go on working after their event is hidden', async () => {
    const { eventId } = await world.announce('a');
    await world.announce('b');
    await world.reclassify('a', 'internal');
    expect(told({ after: eventId }, 0)).toEqual(['b announced', 'a removed']);
  });

  it('pass what a page can scan, when a filter matches little', async () => {
    await world.announce('wanted', { track: 't' });
    const { eventId } = await world.announce('a');
    const ids = await appendMany('meeting', 'a', 'MeetingRevised', (n) => ({
      title: `Title ${n}`,
    }));
    const first = world.changes({ after: eventId, filters: { track: ['t'] } });
    expect(first).toEqual({ items: [], cursor: ids.at(CHANGES_SCANNED - 1) });
    const rest = world.changes({ after: first.cursor ?? '', filters: { track: ['t'] } });
    expect(rest).toEqual({ items: [], cursor: ids.at(-1) });
  });

  it('come past more of what does not exist than one request looks at', async () => {
    await world.announce('secret', { classification: 'internal' });
    const { eventId } = await world.publish('r', { classification: 'public' });
    const claim = { id: 'c1', meeting: 'secret', field: 'title', attributedTo: null };
    const data = (n: number) => ({
      ...{ claims: [{ ...claim, value: `Title ${n}` }], reason: 'misread' },
    });
    const ids = await appendMany('announcement', 'r', 'AnnouncementCorrected', data, ROWS_SCANNED);
    await world.announce('last');
    const first = world.changes({ after: eventId }, 0);
    expect(first).toEqual({ items: [], cursor: ids.at(ROWS_SCANNED - 1) });
    expect(told({ after: `${first.cursor}` }, 0)).toEqual(['last announced']);
  });

  it('pass what does not exist for the reader, however much it is', async () => {
    await world.announce('secret', { classification: 'internal' });
    await world.announce('first');
    const { eventId } = await world.publish('r', { classification: 'public' });
    const claim = { id: 'c1', meeting: 'secret', field: 'title', attributedTo: null };
    await appendMany('announcement', 'r', 'AnnouncementCorrected', (n) => ({
      ...{ claims: [{ ...claim, value: `Title ${n}` }], reason: 'misread' },
    }));
    const { eventId: last } = await world.announce('last');
    const all = ['first announced', 'r published', 'last announced'];
    expect(world.changes({}, 0)).toMatchObject({ cursor: last });
    expect(told({}, 0)).toEqual(all);
    expect(told({ after: eventId }, 0)).toEqual(['last announced']);
    const newest = world.queries.newestChanges({ reader: world.reader(0), filters: {}, limit: 9 });
    expect(named(newest)).toEqual(all.toReversed());
  });
});

/** What somebody has read who polls while embargoes that are over are recorded one by one, and others write. */
async function followed(own: World, steps: readonly string[], limit: number): Promise<string[]> {
  const embargoed = ['a', 'b', 'c', 'd'];
  for (const id of embargoed) await own.announce(id, { embargoUntil: '2021-11-22T10:00:00Z' });
  await own.at('2021-11-22T10:00:00Z').announce('first');
  const read: string[] = [];
  const poll = (): boolean => {
    const after = read.at(-1);
    const { items } = own.changes({ limit, ...(after === undefined ? {} : { after }) }, 0);
    read.push(...items.map(({ cursor }) => cursor));
    return items.length > 0;
  };
  const acts: Record<string, (i: number) => unknown> = {
    poll,
    write: (i) => own.announce(`written-${i}`),
    release: () => {
      const id = embargoed.shift();
      return id && own.release('meeting', id);
    },
  };
  for (const [i, step] of steps.entries()) await acts[step]?.(i);
  while (poll());
  return read;
}

/** So many events of one entry, by default as one page looks at, and ten more; their ids. */
async function appendMany(
  kind: 'meeting' | 'announcement',
  id: string,
  type: string,
  data: (n: number) => object,
  count = CHANGES_SCANNED,
): Promise<string[]> {
  const stream = `${kind}-${id}`;
  const last = (await world.store.readStream(stream)).at(-1);
  if (last === undefined) throw new Error(`there is no ${stream}`);
  const { meta } = last;
  const events = Array.from({ length: count + 10 }, (_, n) => ({
    ...{ id: `00000000-0000-5000-9000-${String(n).padStart(12, '0')}`, type, data: data(n), meta },
  }));
  for (let begin = 0; begin < events.length; begin += 1_000) {
    const revision = last.revision + begin;
    await world.store.append(stream, events.slice(begin, begin + 1_000), revision);
  }
  await world.catchUp();
  return events.map((event) => event.id);
}

describe('filters match the state before or after', () => {
  beforeEach(async () => {
    await world.announce('m', {
      ...{ title: 'Committee', when: { edtf: '2022-08' }, track: 'scc', topics: ['syria'] },
      ...{ place: { name: 'Genève', country: 'CH' }, participants: [{ name: 'Russia' }] },
    });
    await world.announce('other', { title: 'Talks' });
    await world.publish('r', { about: ['m'], topics: ['syria'] });
  });

  const before: [MeetingFilters, () => Promise<unknown>][] = [
    [{ from: '2022-08-01', to: '2022-08-31' }, () => world.reschedule('m', '2022-10')],
    [{ from: '2022-08-01', to: '2022-08-31', certain: true }, () => world.reschedule('m', '2022')],
    [{ track: ['scc'] }, () => world.revise('m', { track: null })],
    [{ topic: ['syria'] }, () => world.revise('m', { topics: [] })],
    [{ form: ['session'], track: ['scc'] }, () => world.revise('m', { form: 'summit' })],
    [{ country: ['CH'] }, () => world.relocate('m', { name: 'Nairobi', country: 'KE' })],
    [{ place: ['geneve'] }, () => world.relocate('m', { name: 'Nairobi' })],
    [{ participant: ['russia'] }, () => world.leave('m', 'russia')],
    [{ q: ['committee'] }, () => world.revise('m', { title: 'Round table' })],
    [{ status: ['announced'], track: ['scc'] }, () => world.cancel('m')],
    [{ precision: ['month'] }, () => world.postpone('m')],
  ];

  test.each(before)(
    '%j: a change that leads out of it, none that follows',
    async (filters, act) => {
      expect(told({ filters })).toEqual(['m announced']);
      await act();
      expect(told({ filters })).toHaveLength(2);
      await world.reclassify('m', 'internal');
      expect(told({ filters })).toHaveLength(2);
    },
  );

  const after: [MeetingFilters, () => Promise<unknown>][] = [
    [{ from: '2022-10-01' }, () => world.reschedule('m', '2022-10')],
    [{ track: ['other'] }, () => world.revise('m', { track: 'other' })],
    [{ topic: ['iran'] }, () => world.revise('m', { topics: ['iran'] })],
    [{ form: ['summit'] }, () => world.revise('m', { form: 'summit' })],
    [{ country: ['KE'] }, () => world.relocate('m', { name: 'Nairobi', country: 'KE' })],
    [{ place: ['NAIROBI'] }, () => world.relocate('m', { name: 'Nairobi' })],
    [{ participant: ['iran'] }, () => world.join('m', { name: 'Iran' })],
    [{ q: ['round table'] }, () => world.revise('m', { title: 'Round table' })],
    [{ q: ['nothing', 'table'] }, () => world.revise('m', { title: 'Round table' })],
    [{ status: ['cancelled'] }, () => world.cancel('m')],
    [{ status: ['merged'] }, () => world.merge('m', 'other')],
    [{ precision: ['year'] }, () => world.reschedule('m', '2022')],
  ];

  test.each(after)('%j: a change that leads into it', async (filters, act) => {
    expect(told({ filters })).toEqual([]);
    await act();
    expect(told({ filters })).toHaveLength(1);
  });

  it('different names are AND, of one and the same state', async () => {
    await world.revise('m', { track: 'other', topics: [] });
    expect(told({ filters: { track: ['other'], topic: ['syria'] } })).toEqual([]);
    expect(told({ filters: { track: ['other', 'scc'], q: ['committee'] } })).toHaveLength(2);
  });

  it('withdrawn and merged meetings are not left out', async () => {
    await world.withdraw('m');
    expect(told({ filters: { track: ['scc'] } })).toEqual(['m announced', 'm withdrawn']);
  });

  it('meeting names several, and leaves announcements out', () => {
    expect(told({ filters: { meeting: ['m', 'other', 'nothing'] } })).toEqual([
      'm announced',
      'other announced',
    ]);
  });

  it('by the state that the reader saw', async () => {
    await world.reclassify('m', 'internal');
    await world.revise('m', { track: 'hidden' });
    await world.revise('m', { track: 'other' });
    await world.reclassify('m', 'public');
    expect(told({ filters: { track: ['hidden'] } }, 0)).toEqual([]);
    expect(told({ filters: { track: ['other'] } }, 0)).toEqual(['m released']);
  });
});

describe('an entry that becomes visible', () => {
  it('is released once, with its full state', async () => {
    await world.publish('a', { publishedAt: { value: '2021-10-01' } });
    await world.publish('b', { classification: 'internal', publishedAt: { value: '2021-10-02' } });
    const facts = { when: { edtf: '2022-08' }, track: 'scc', classification: 'internal' };
    await world.announce('m', { ...facts, basedOn: ['a', 'b'] });
    await world.confirm('m');
    const { eventId } = await world.at(1_000).reclassify('m', 'public', { reason: 'agreed' });
    expect(world.changes({ filters: { meeting: ['m'] } }, 0).items).toEqual([
      {
        cursor: eventId,
        type: 'released',
        meeting: 'm',
        recordedAt: '2021-11-22T08:00:01Z',
        statedAt: '2021-10-02',
        sentence: 'Released as confirmed, August 2022',
        diffs: [
          { field: 'status', from: null, to: 'confirmed' },
          { field: 'title', from: null, to: 'Session' },
          { field: 'form', from: null, to: 'session' },
          { field: 'when', from: null, to: expect.objectContaining({ edtf: '2022-08' }) },
          { field: 'track', from: null, to: 'scc' },
          { field: 'classification', from: null, to: 'public' },
        ],
        reason: null,
        sources: [{ announcement: 'a', outlet: 'TASS', url: null, publishedAt: '2021-10-01' }],
      },
    ]);
    expect(named(world.history('m', 1))).toEqual(['m announced', 'm confirmed', 'm reclassified']);
  });

  it('is released as undated when it has no date', async () => {
    await world.announce('m', { classification: 'internal' });
    await world.reclassify('m', 'public');
    expect(world.history('m', 0)[0]?.sentence).toBe('Released as announced');
  });

  it('is released to each level for itself', async () => {
    const { id } = await world.announce('m', { id: undefined, classification: 'confidential' });
    await world.reclassify(id, 'internal');
    await world.reclassify(id, 'public');
    const types = ([0, 1, 2] as Level[]).map((level) =>
      world.history(id, level).map((c) => c.type),
    );
    expect(types).toEqual([
      ['released'],
      ['released', 'reclassified'],
      ['announced', 'reclassified', 'reclassified'],
    ]);
  });

  it('is released again after it was hidden', async () => {
    await world.announce('m');
    await world.reclassify('m', 'internal');
    await world.reclassify('m', 'public');
    expect(told({}, 0)).toEqual(['m released']);
    expect(told({}, 1)).toEqual(['m announced', 'm reclassified', 'm reclassified']);
  });

  it('by the clock is among the newest in the order in which embargoes end, whatever is hidden', async () => {
    await world.announce('late', { embargoUntil: '2021-11-22T18:00:00Z' });
    await world.announce('early', { embargoUntil: '2021-11-22T10:00:00Z' });
    const newest = () =>
      named(world.queries.newestChanges({ reader: world.reader(0), filters: {}, limit: 9 }));
    expect(newest()).toEqual([]);
    world.at('2021-11-22T20:00:00Z');
    expect(newest()).toEqual(['late released', 'early released']);
    world.at('2021-11-22T14:00:00Z');
    await world.announce('hidden', { classification: 'internal' });
    world.at('2021-11-22T20:00:00Z');
    expect(newest()).toEqual(['late released', 'early released']);
  });

  it('by the clock is told once, and nothing beside it is lost, however it is recorded', async () => {
    const steps = fc.array(fc.constantFrom('write', 'release', 'poll'), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (given, limit) => {
        const own = await World.open();
        try {
          const read = await followed(own, given, limit);
          expect(read).toEqual(own.changes({}, 0).items.map(({ cursor }) => cursor));
        } finally {
          await own.close();
        }
      }),
      { numRuns: 20 },
    );
  });

  it('goes on from there', async () => {
    await world.announce('m', { classification: 'internal' });
    await world.reclassify('m', 'public');
    await world.confirm('m');
    expect(told({}, 0)).toEqual(['m released', 'm confirmed']);
  });

  it('may be an announcement', async () => {
    await world.publish('r', { classification: 'internal' });
    await world.reclassifyReport('r', 'public');
    expect(world.changes({}, 0).items).toEqual([
      expect.objectContaining({
        type: 'released',
        sentence: 'Released: Report',
        statedAt: '2021-11-21',
      }),
    ]);
  });
});

describe('an entry that leaves the sight of a level', () => {
  let released: string;
  let confirmed: string;
  let removed: string;
  let between: string;
  const until = (after: string, level: Level = 0) => told({ after }, level);

  beforeEach(async () => {
    between = (await world.announce('other')).eventId;
    await world.announce('m', { classification: 'internal' });
    released = (await world.reclassify('m', 'public')).eventId;
    confirmed = (await world.confirm('m')).eventId;
    removed = (await world.at(1_000).reclassify('m', 'internal')).eventId;
  });

  it('is removed for those who continue from between its release and that', () => {
    for (const after of [released, confirmed]) {
      expect(world.changes({ after }, 0)).toEqual({
        items: [
          { cursor: removed, type: 'removed', meeting: 'm', recordedAt: '2021-11-22T08:00:01Z' },
        ],
        cursor: removed,
      });
    }
  });

  it('is nothing for those who continue from before, from the removal, or from the start', () => {
    expect(until(between)).toEqual([]);
    expect(until(removed)).toEqual([]);
    expect(told({}, 0)).toEqual(['other announced']);
  });

  it('is an ordinary change for those who go on seeing it', () => {
    expect(until(confirmed, 1)).toEqual(['m reclassified']);
  });

  it('is removed whatever the filter, as far as it names the meeting', () => {
    const filtered = (filters: MeetingFilters & { meeting?: string[] }) =>
      told({ after: confirmed, filters }, 0);
    expect(filtered({ track: ['nothing'] })).toEqual(['m removed']);
    expect(filtered({ meeting: ['m'] })).toEqual(['m removed']);
    expect(filtered({ meeting: ['other'] })).toEqual([]);
  });

  it('is removed once, and released again', async () => {
    await world.reclassify('m', 'public');
    await world.reclassify('m', 'internal');
    await world.reclassify('m', 'public');
    expect(until(confirmed)).toEqual(['m removed', 'm released']);
    expect(until(between)).toEqual(['m released']);
  });

  it('is removed from each level that lost it', async () => {
    const { id } = await world.announce('c', { id: undefined, classification: 'confidential' });
    const internal = (await world.reclassify(id, 'internal')).eventId;
    const open = (await world.reclassify(id, 'public')).eventId;
    await world.reclassify(id, 'confidential');
    expect(until(open, 0)).toEqual([`${id} removed`]);
    expect(until(internal, 1)).toEqual([`${id} removed`]);
    expect(until(open, 1)).toEqual([`${id} removed`]);
    expect(until(open, 2)).toEqual([`${id} reclassified`]);
  });

  it('may be an announcement', async () => {
    const { eventId } = await world.publish('r');
    await world.reclassifyReport('r', 'internal');
    expect(until(eventId)).toEqual(['r removed']);
    expect(world.changes({ after: eventId, filters: { meeting: ['r'] } }, 0).items).toEqual([]);
  });

  it('by an embargo, too', async () => {
    await world.announce('n');
    const { eventId } = await world.announce('last');
    await world.reclassify('n', 'public', { embargoUntil: '2021-12-01T00:00:00Z' });
    expect(until(eventId)).toEqual(['n removed']);
    expect(told({ after: eventId, filters: { meeting: ['n'] } }, 1)).toEqual(['n reclassified']);
  });
});
