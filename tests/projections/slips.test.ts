import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Level } from '../../src/domain/visibility.ts';
import { World } from './support/world.ts';

/** How dates slipped: per meeting in previousDates, over meetings and tracks in the ranking. */

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const request = (level: Level = 0) => ({ reader: world.reader(level), filters: {}, limit: 50 });
const ranked = (over: object = {}) =>
  world.queries
    .meetingSlips({ ...request(), ...over })
    .items.map(({ meeting, moves, postponements, days, range }) => [
      ...[meeting, moves, postponements, days, range],
    ]);
const movedOf = (id: string) =>
  world.meeting(id).previousDates.map(({ days, range }) => [days, range]);

describe('previousDates', () => {
  test('say by how many days each date moved, with the range where one is coarse', async () => {
    await world.announce('m', { when: { edtf: '2022-01-10' } });
    await world.reschedule('m', '2022-01-15');
    await world.reschedule('m', '2022-03');
    await world.reschedule('m', '2022-03-20/2022-03-26');
    await world.postpone('m');
    expect(movedOf('m')).toEqual([
      [5, null],
      [75, [45, 75]],
      [0, null],
      [null, null],
    ]);
  });
});

test('a date that is moved to an open end has moved, nobody knows how far', async () => {
  await world.announce('m', { when: { edtf: '2027-05-01' } });
  await world.reschedule('m', '2027-05/..');
  expect(movedOf('m')).toEqual([[null, null]]);
  expect(ranked()).toEqual([['m', 1, 0, 0, null]]);
});

test('a date that is counted in another zone, since the place is another one, has not moved', async () => {
  await world.propose('m', { when: { edtf: '2027-08' }, place: { name: 'Geneva' } });
  await world.announced('m', { place: { name: 'Tokyo', timezone: 'Asia/Tokyo' } });
  expect(world.meeting('m').when).toMatchObject({ timezone: 'Asia/Tokyo' });
  expect(movedOf('m')).toEqual([]);
});

describe('meetings', () => {
  beforeEach(async () => {
    await world.announce('far', { when: { edtf: '2022-01-10' }, track: 't', topics: ['x'] });
    await world.reschedule('far', '2022-03-10');
    await world.announce('often', { when: { edtf: '2022-01-10' }, track: 't' });
    for (const day of ['11', '12', '13']) await world.reschedule('often', `2022-01-${day}`);
    await world.announce('earlier', { when: { edtf: '2022-02-10' }, track: 'u' });
    await world.reschedule('earlier', '2022-02-01');
    await world.announce('postponed', { when: { edtf: '2022-02-10' } });
    await world.postpone('postponed');
    await world.announce('refined', { when: { edtf: '2022-02' } });
    await world.reschedule('refined', '2022-02-10');
    await world.announce('corrected', { when: { edtf: '2022-02-10' } });
    await world.correct('corrected', { when: { edtf: '2022-05-10' }, reason: 'misread' });
  });

  test('rank by how far they moved; a refinement and a correction are no slips', () => {
    expect(ranked()).toEqual([
      ['far', 1, 0, 59, null],
      ['often', 3, 0, 3, null],
      ['postponed', 0, 1, 0, null],
      ['earlier', 1, 0, -9, null],
    ]);
  });

  test('or by how often', () => {
    expect(ranked({ sort: 'moves' }).map(([id]) => id)).toEqual([
      ...['often', 'far', 'earlier', 'postponed'],
    ]);
  });

  test('are paged', () => {
    const first = world.queries.meetingSlips({ ...request(), limit: 3 });
    expect(first.items).toHaveLength(3);
    const rest = ranked({ limit: 3, cursor: first.next });
    expect(rest.map(([id]) => id)).toEqual(['earlier']);
  });

  test.each([
    ['track', { track: ['t'] }, ['far', 'often']],
    ['topic', { topic: ['x'] }, ['far']],
    ['topic that none has', { topic: ['y'] }, []],
    ['status', { status: ['postponed'] }, ['postponed']],
  ])('by %s', (_, filters, expected) => {
    expect(ranked({ filters }).map(([id]) => id)).toEqual(expected);
  });

  test('by a party that takes part now, not by one that did', async () => {
    await world.join('far', { name: 'Russia' });
    await world.join('often', { name: 'Russia' });
    await world.leave('often', 'russia');
    expect(ranked({ filters: { participant: ['russia'] } }).map(([id]) => id)).toEqual(['far']);
  });

  test('are summed by track', () => {
    const tracks = world.queries.trackSlips(request()).items;
    expect(tracks).toEqual([
      {
        ...{ track: 't', meetings: 2, moves: 4, postponements: 0, days: 62, range: null },
        links: { meetings: '/meetings?track=t' },
      },
      {
        ...{ track: 'u', meetings: 1, moves: 1, postponements: 0, days: -9, range: null },
        links: { meetings: '/meetings?track=u' },
      },
    ]);
  });

  test('begin anew for whom a meeting is released, and are gone for whom it is hidden', async () => {
    await world.reclassify('far', 'internal');
    expect(ranked().map(([id]) => id)).not.toContain('far');
    await world.reclassify('far', 'public');
    expect(ranked().map(([id]) => id)).not.toContain('far');
    expect(world.queries.meetingSlips(request(1)).items[0]).toMatchObject({ meeting: 'far' });
    await world.reschedule('far', '2022-03-12');
    expect(ranked().find(([id]) => id === 'far')).toEqual(['far', 1, 0, 2, null]);
  });
});
