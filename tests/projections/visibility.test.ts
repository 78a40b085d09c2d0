import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { UnknownCursor } from '../../projections/types.ts';
import { LEVELS, type Level } from '../../src/domain/visibility.ts';
import { releaseId } from '../../src/ids.ts';
import { everything, except } from './support/everything.ts';
import { World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const EMBARGO = '2021-12-01T08:00:00Z';
/** An hour before, so that which of the two comes first is not left to chance. */
const FIRST = '2021-12-01T07:00:00Z';
const BEFORE = '2021-12-01T07:59:59.999Z';

/** Levels that see a meeting or an announcement. */
const seenBy = (id: string): Level[] =>
  LEVELS.filter(
    (level) =>
      world.find(id, level).kind !== 'none' ||
      world.queries.getAnnouncement(world.reader(level), id) !== undefined,
  );

describe('an entry is seen', () => {
  test.each<[string, string | undefined, Level[], Level[]]>([
    ['public', undefined, [0, 1, 2], [0, 1, 2]],
    ['internal', undefined, [1, 2], [1, 2]],
    ['confidential', undefined, [2], [2]],
    ['public', EMBARGO, [1, 2], [0, 1, 2]],
    ['internal', EMBARGO, [1, 2], [1, 2]],
    ['confidential', EMBARGO, [2], [2]],
  ])(
    '%s, embargo until %s: by %j before, %j after',
    async (classification, embargoUntil, before, after) => {
      const facts = { classification, ...(embargoUntil === undefined ? {} : { embargoUntil }) };
      const meeting = await world.announce('x', { id: undefined, ...facts });
      const report = await world.publish('x', { id: undefined, ...facts });
      for (const { id } of [meeting, report]) {
        world.at(BEFORE);
        expect(seenBy(id)).toEqual(before);
        world.at(EMBARGO);
        expect(seenBy(id)).toEqual(after);
      }
    },
  );

  it('in lists as alone', async () => {
    for (const classification of ['public', 'internal', 'confidential']) {
      await world.announce('x', { id: undefined, title: classification, classification });
      await world.publish('x', { id: undefined, title: classification, classification });
    }
    const titles = (level: Level) =>
      world.list({ sort: 'recordedAt' }, level).items.map((m) => m.title);
    expect(titles(0)).toEqual(['public']);
    expect(titles(1)).toHaveLength(2);
    expect(titles(2)).toHaveLength(3);
    expect(LEVELS.map((level) => world.reports({}, level).length)).toEqual([1, 2, 3]);
  });

  it('by the reader’s clock, whatever now the list is asked for', async () => {
    await world.announce('m', { embargoUntil: EMBARGO });
    expect(world.ids({ nowMs: Date.parse('2030-01-01T00:00:00Z') }, 0)).toEqual([]);
    world.at(EMBARGO);
    expect(world.ids({ nowMs: Date.parse('2021-01-01T00:00:00Z') }, 0)).toEqual(['m']);
  });
});

describe('a level sees a meeting only from when it last became visible to it', () => {
  beforeEach(async () => {
    await world.announce('m', { classification: 'internal', when: { edtf: '2021-12' } });
    await world.reschedule('m', '2022-01', { reason: 'no agreement' });
    await world.at('2021-11-23T08:00:00Z').reclassify('m', 'public', { reason: 'agreed' });
  });

  it('with its state, and an empty past', () => {
    expect(world.meeting('m', 0)).toMatchObject({
      when: expect.objectContaining({ edtf: '2022-01' }),
      previousDates: [],
      reason: null,
      recordedAt: '2021-11-23T08:00:00Z',
      changedAt: '2021-11-23T08:00:00Z',
    });
    expect(world.meeting('m', 1)).toMatchObject({
      previousDates: [expect.objectContaining({ reason: 'no agreement' })],
      reason: 'no agreement',
      recordedAt: '2021-11-22T08:00:00Z',
      changedAt: '2021-11-23T08:00:00Z',
    });
  });

  it('and all that follows', async () => {
    await world.reschedule('m', '2022-02', { reason: 'again' });
    expect(world.meeting('m', 0)).toMatchObject({
      previousDates: [expect.objectContaining({ reason: 'again' })],
      reason: 'again',
    });
    expect(world.meeting('m', 1).previousDates).toHaveLength(2);
  });

  it('anew after it was hidden', async () => {
    await world.reschedule('m', '2022-02');
    await world.reclassify('m', 'internal');
    await world.reschedule('m', '2022-03');
    expect(seenBy('m')).toEqual([1, 2]);
    await world.at('2021-11-25T08:00:00Z').reclassify('m', 'public');
    expect(world.meeting('m', 0)).toMatchObject({
      previousDates: [],
      recordedAt: '2021-11-25T08:00:00Z',
    });
    expect(world.history('m', 0)).toHaveLength(1);
    expect(world.history('m', 1)).toHaveLength(7);
  });

  it('an announcement too', async () => {
    await world.publish('r', { classification: 'internal' });
    await world.correctReport('r', { title: 'Other' });
    await world.at('2021-11-24T08:00:00Z').reclassifyReport('r', 'public');
    expect(world.report('r', 0)).toMatchObject({
      recordedAt: '2021-11-24T08:00:00Z',
      changedAt: '2021-11-24T08:00:00Z',
    });
    expect(world.report('r', 1).recordedAt).toBe('2021-11-23T08:00:00Z');
  });
});

describe('once an embargo has ended', () => {
  const asked = async () => ({
    entries: ['m', 'n', 'cited', 'other'],
    events: (await world.log()).map(({ id }) => id),
    words: ['session', 'report', 'talks'],
  });
  const ask = async (level: Level, more: readonly string[] = []) => {
    const { events, ...rest } = await asked();
    const all = { ...rest, events: [...events, ...more] };
    // Without an event a release has no place among changes yet.
    return except(/^changes/, everything(world.view, world.reader(level), all));
  };

  beforeEach(async () => {
    await world.publish('cited', { embargoUntil: FIRST, about: ['m'] });
    await world.announce('other', { when: { edtf: '2022-03' }, basedOn: ['cited'] });
    const facts = { when: { edtf: '2022-01' }, embargoUntil: EMBARGO, topics: ['syria'] };
    await world.announce('m', { ...facts, track: 't', basedOn: ['cited'] });
    await world.reschedule('m', '2022-02', { reason: 'no agreement' });
    await world.at('2021-11-24T08:00:00Z').announce('n', { title: 'Talks' });
    await world.publish('r', {
      claims: [{ id: 'c', meeting: 'm', field: 'when', value: { edtf: '2022-01' } }],
    });
  });

  describe.each<[string, string]>([
    ['at once', EMBARGO],
    ['much later', '2022-05-01T00:00:00Z'],
  ])('%s', (_, moment) => {
    it.each(LEVELS.map((level): [Level] => [level]))(
      'every answer at level %i is as after the event that says so',
      async (level) => {
        world.at(moment);
        const ids = [idOf('meeting', 'm'), idOf('announcement', 'cited')];
        const before = await ask(level, ids);
        expect(Object.values(before).join()).toContain('"released"');
        await world.release('announcement', 'cited');
        await world.release('meeting', 'm');
        expect(await ask(level, ids)).toEqual(before);
      },
    );
  });

  const newest = (filters: object = {}) =>
    world.queries
      .newestChanges({ reader: world.reader(0), filters, limit: 9 })
      .map(({ meeting, announcement, type }) => `${meeting ?? announcement} ${type}`);

  it('it is released at the end of the embargo', async () => {
    world.at(EMBARGO);
    const meeting = idOf('meeting', 'm');
    expect(newest()).toEqual([
      ...['m released', 'cited released', 'r published', 'n announced', 'other announced'],
    ]);
    expect(world.history('m', 0)).toEqual([
      expect.objectContaining({
        cursor: meeting,
        type: 'released',
        recordedAt: EMBARGO,
        sentence: 'Released as announced, February 2022',
        statedAt: '2021-11-22T08:00:00Z',
        sources: [expect.objectContaining({ announcement: 'cited' })],
      }),
    ]);
    expect(world.meeting('m', 0)).toMatchObject({
      ...{ embargoUntil: null, recordedAt: EMBARGO, previousDates: [], reason: null },
    });
  });

  it('its end is a change for those who saw it before', () => {
    world.at(BEFORE);
    expect(world.meeting('m', 1)).toMatchObject({ embargoUntil: EMBARGO });
    world.at(EMBARGO);
    expect(world.meeting('m', 1)).toMatchObject({ embargoUntil: null, changedAt: EMBARGO });
    expect(world.history('m', 1).at(-1)).toMatchObject({
      ...{ type: 'released', sentence: 'Embargo ended', recordedAt: EMBARGO },
    });
  });

  it('its release has a place among the changes once it is recorded, and is no cursor before', async () => {
    const release = idOf('meeting', 'm');
    world.at(EMBARGO);
    const cursors = () => world.changes({}, 0).items.map(({ cursor }) => cursor);
    expect(cursors()).not.toContain(release);
    expect(() => world.changes({ after: release }, 0)).toThrow(UnknownCursor);
    expect(world.queries.isToCome(world.reader(0), release)).toBe(true);
    expect(world.queries.isToCome(world.reader(0), releaseId('meeting-m', FIRST))).toBe(false);
    const { eventId } = await world.at(1_000).confirm('other');
    await world.release('meeting', 'm');
    expect(cursors().slice(-2)).toEqual([eventId, release]);
    expect(world.changes({ after: release }, 0).items).toEqual([]);
  });

  it('filters find its release by the state that appears', () => {
    world.at(EMBARGO);
    expect(newest({ track: ['t'] })).toEqual(['m released']);
    expect(newest({ topic: ['syria'], meeting: ['m', 'n'] })).toEqual(['m released']);
    expect(newest({ track: ['u'] })).toEqual([]);
    expect(newest({ meeting: ['n'] })).toEqual(['n announced']);
  });

  it('it is recorded no earlier than the last of its stream', async () => {
    await world.at('2021-12-05T08:00:00Z').confirm('m');
    expect(world.meeting('m', 0).recordedAt).toBe('2021-12-05T08:00:00Z');
    const before = await ask(0);
    await world.release('meeting', 'm');
    await world.release('announcement', 'cited');
    expect(world.meeting('m', 0).recordedAt).toBe('2021-12-05T08:00:00Z');
    expect((await ask(0))['meeting m']).toEqual(before['meeting m']);
  });

  it('its release comes after the last of its stream', async () => {
    await world.at('2021-12-05T08:00:00Z').confirm('m');
    expect(newest({ meeting: ['m'] })).toEqual(['m released']);
    expect(world.history('m', 1).at(-1)?.type).toBe('released');
  });

  it('those that end at one moment are told by stream, whichever was written last out of sight', async () => {
    const facts = { embargoUntil: '2021-12-24T08:00:00Z' };
    await world.announce('second', facts);
    await world.announce('first', facts);
    await world.revise('second', { topics: ['written-last'] });
    world.at('2021-12-24T08:00:00Z');
    expect(newest().slice(0, 2)).toEqual(['second released', 'first released']);
    await world.release('meeting', 'first');
    await world.release('meeting', 'second');
    expect(newest().slice(0, 2)).toEqual(['second released', 'first released']);
  });

  test.each(LEVELS)('a feed of level %i hears of it, which counts it', (level) => {
    const { entries } = world.view;
    const entry = () => entries.one(world.reader(level), 'm');
    world.at(BEFORE);
    const before = entry()?.sequence ?? -1;
    world.at(EMBARGO);
    expect(entry()?.sequence).toBeGreaterThan(before);
    const from = Date.parse(EMBARGO) - 1;
    const told = entries.releasedBetween(world.reader(level), from, world.now);
    expect(told.map(({ id }) => id)).toContain('m');
  });

  it('editors have the revision of the store, which If-Match is compared with', () => {
    world.at(EMBARGO);
    expect(world.meeting('m', 1, true).revision).toBe(1);
    expect(world.report('cited', 1, true).revision).toBe(0);
  });

  it('before that, level 0 knows nothing of it', async () => {
    world.at(BEFORE);
    const known = Object.values(await ask(0)).join();
    expect(known).not.toContain('"m"');
    expect(known).not.toContain('syria');
    expect(seenBy('m')).toEqual([1, 2]);
  });

  it('a new embargo hides it again, without a removal for those who never saw it', async () => {
    await world.reclassify('m', 'public', { embargoUntil: '2021-12-24T08:00:00Z' });
    world.at(EMBARGO);
    expect(seenBy('m')).toEqual([1, 2]);
    world.at('2021-12-24T08:00:00Z');
    expect(seenBy('m')).toEqual([0, 1, 2]);
  });

  it('lifting it early releases it at once', async () => {
    await world.reclassify('m', 'public');
    expect(world.meeting('m', 0)).toMatchObject({ recordedAt: '2021-11-24T08:00:00Z' });
  });

  /** The id that the release of an entry has. */
  function idOf(kind: 'meeting' | 'announcement', id: string): string {
    return releaseId(`${kind}-${id}`, kind === 'meeting' ? EMBARGO : FIRST);
  }
});

describe('what counts for SEQUENCE', () => {
  const sequence = (level: Level) => world.view.entries.one(world.reader(level), 'm')?.sequence;

  it('is what the level sees, of the meeting and of what it cites', async () => {
    await world.publish('a');
    await world.publish('b', { classification: 'internal' });
    await world.announce('m', { basedOn: ['a', 'b'] });
    await world.confirm('m');
    expect(LEVELS.map(sequence)).toEqual([1, 1, 1]);
    await world.correctReport('a', { title: 'Other' });
    expect(LEVELS.map(sequence)).toEqual([2, 2, 2]);
    await world.correctReport('b', { title: 'Other' });
    expect(LEVELS.map(sequence)).toEqual([2, 3, 3]);
    await world.retract('b');
    expect(LEVELS.map(sequence)).toEqual([2, 4, 4]);
    await world.reclassifyReport('a', 'internal');
    expect(LEVELS.map(sequence)).toEqual([3, 5, 5]);
  });

  it('is not what a cited announcement says of other meetings, which may be hidden', async () => {
    await world.publish('a');
    await world.announce('m', { basedOn: ['a'] });
    await world.correctReport('a', { about: ['later'], claims: [] });
    expect(LEVELS.map(sequence)).toEqual([0, 0, 0]);
  });

  it('goes on after a restriction', async () => {
    await world.announce('m');
    await world.confirm('m');
    await world.reclassify('m', 'internal');
    await world.revise('m', { title: 'Talks' });
    await world.reclassify('m', 'public');
    expect(LEVELS.map(sequence)).toEqual([2, 4, 4]);
  });
});

it('a release by the clock has a place that no hidden source moves', async () => {
  const embargo = { classification: 'public', embargoUntil: '2021-11-22T12:00:00Z' };
  await world.publish('hidden', { classification: 'internal' });
  await world.announce('first', { ...embargo, basedOn: ['hidden'] });
  await world.announce('second', embargo);
  const order = () =>
    world.queries
      .newestChanges({ reader: world.reader(0), filters: {}, limit: 10 })
      .map(({ meeting }) => meeting);
  world.at('2021-11-22T13:00:00Z');
  const before = order();
  expect(before).toHaveLength(2);
  await world.post('/announcements/hidden/retract', { reason: 'a misprint' });
  expect(order()).toEqual(before);
});
