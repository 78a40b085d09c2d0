import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { instantMs } from '../../src/domain/date/index.ts';
import { type Body, World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const ZURICH = { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' };
const edtf = (text: string, more: Body = {}): Body => ({ when: { edtf: text, ...more } });
const timed = (start: string, end?: string): Body => ({
  when: { start, timezone: 'Europe/Zurich', ...(end === undefined ? {} : { end }) },
});

/** On which side the meeting is at an instant. */
function sideAt(id: string, instant: string | number): string[] {
  const nowMs = typeof instant === 'string' ? instantMs(instant) : instant;
  return (['upcoming', 'past'] as const).filter((side) => world.ids({ side, nowMs }).includes(id));
}

describe('a planned meeting is upcoming until its latest moment is over', () => {
  test.each<[string, Body, string]>([
    ['timed with an end', timed('2021-11-23T10:00', '2021-11-23T12:00'), '2021-11-23T11:00:00Z'],
    ['timed without end', timed('2021-11-23T10:00'), '2021-11-23T22:59:59.999Z'],
    ['a day', edtf('2021-11-23'), '2021-11-23T23:59:59.999Z'],
    ['a day in its place', { ...edtf('2021-11-23'), place: ZURICH }, '2021-11-23T22:59:59.999Z'],
    [
      'a day in a zone of its own',
      { ...edtf('2021-11-23', { timezone: 'Asia/Tehran' }), place: ZURICH },
      '2021-11-23T20:29:59.999Z',
    ],
    ['a run of days', edtf('2021-11-23/2021-11-25'), '2021-11-25T23:59:59.999Z'],
    [
      'within a week',
      edtf('2021-11-23/2021-11-29', { extent: 'within' }),
      '2021-11-29T23:59:59.999Z',
    ],
    ['a month', edtf('2021-12'), '2021-12-31T23:59:59.999Z'],
    ['a winter', edtf('2021-24'), '2022-02-28T23:59:59.999Z'],
    ['until a day', edtf('../2021-11-23'), '2021-11-23T23:59:59.999Z'],
  ])('%s', async (_, facts, last) => {
    await world.announce('m', facts);
    expect(sideAt('m', last)).toEqual(['upcoming']);
    expect(sideAt('m', instantMs(last) + 1)).toEqual(['past']);
  });

  test.each(['proposed', 'confirmed', 'cancelled'])('%s', async (status) => {
    await (status === 'proposed' ? world.propose : world.announce)('m', edtf('2021-11-23'));
    if (status === 'confirmed') await world.confirm('m');
    if (status === 'cancelled') await world.cancel('m');
    expect(world.meeting('m').status).toBe(status);
    expect(sideAt('m', '2021-11-23T23:59:59.999Z')).toEqual(['upcoming']);
    expect(sideAt('m', '2021-11-24T00:00:00Z')).toEqual(['past']);
  });
});

describe('upcoming at every clock', () => {
  const farOff = '9999-12-31T23:59:59Z';

  test.each<[string, Body]>([
    ['without a date', {}],
    ['with an open end', edtf('2021-11-01/..')],
  ])('%s', async (_, facts) => {
    await world.announce('m', facts);
    expect(sideAt('m', farOff)).toEqual(['upcoming']);
  });

  test('postponed, whatever date it had', async () => {
    await world.announce('m', edtf('2021-11-23'));
    await world.postpone('m');
    expect(sideAt('m', farOff)).toEqual(['upcoming']);
    expect(world.meeting('m').when).toBeNull();
  });

  test('cancelled without a date', async () => {
    await world.announce('m');
    await world.cancel('m');
    expect(sideAt('m', farOff)).toEqual(['upcoming']);
  });
});

describe('past at every clock', () => {
  const longAgo = '1900-01-01T00:00:00Z';

  test('held, also within a month that is not over', async () => {
    await world.announce('m', edtf('2021-11'));
    await world.hold('m');
    expect(sideAt('m', longAgo)).toEqual(['past']);
  });

  test('held without a date', async () => {
    await world.announce('m');
    await world.hold('m');
    expect(sideAt('m', longAgo)).toEqual(['past']);
  });

  test('not held', async () => {
    await world.announce('m', edtf('2021-11-21'));
    await world.notHeld('m');
    expect(sideAt('m', longAgo)).toEqual(['past']);
  });

  test('upcoming again once it is reinstated with a date ahead', async () => {
    await world.announce('m', edtf('2021-11-21'));
    await world.notHeld('m');
    await world.reinstate('m', edtf('2021-11-24'));
    expect(sideAt('m', world.now)).toEqual(['upcoming']);
  });
});

describe('merged and withdrawn meetings', () => {
  beforeEach(async () => {
    await world.announce('stays', edtf('2022-08'));
    await world.announce('merged', edtf('2022-08'));
    await world.announce('withdrawn', edtf('2021-11-01'));
    await world.merge('merged', 'stays');
    await world.withdraw('withdrawn');
  });

  it.each([undefined, 'upcoming', 'past'] as const)('are in no list (%s)', (side) => {
    const ids = world.ids(side === undefined ? {} : { side });
    expect(ids).toEqual(side === 'past' ? [] : ['stays']);
  });

  it('are on the side of the date they had when asked for by status', () => {
    const filters = { status: ['merged', 'withdrawn'] } as const;
    expect(world.ids({ side: 'upcoming', filters })).toEqual(['merged']);
    expect(world.ids({ side: 'past', filters })).toEqual(['withdrawn']);
  });
});

describe('the order', () => {
  const inOrder: [string, Body][] = [
    ['first-day', edtf('2022-08-01')],
    ['timed', timed('2022-08-30T10:00', '2022-08-30T12:00')],
    ['same-day', edtf('2022-08-30')],
    ['until-august', edtf('../2022-08')],
    ['august', edtf('2022-08')],
    ['end-of-august', edtf('2022-08-20/2022-08-31')],
    ['a-last-day', edtf('2022-08-31')],
    ['b-last-day', edtf('2022-08-31')],
    ['september', edtf('2022-09-01')],
    ['from-july', edtf('2022-07/..')],
    ['from-october', edtf('2022-10/..')],
    ['a-undated', {}],
    ['b-undated', {}],
  ];
  const ids = inOrder.map(([id]) => id);

  beforeEach(async () => {
    for (const [id, facts] of inOrder.toSorted()) await world.announce(id, facts);
  });

  it('is by latest moment, then earliest, then id; open ends after closed spans, undated last', () => {
    expect(world.ids({ sort: 'latest' })).toEqual(ids);
    expect(world.ids({ side: 'upcoming' })).toEqual(ids);
  });

  it('turned round still has the undated last', () => {
    const [dated, undated] = [ids.slice(0, -2), ids.slice(-2)];
    expect(world.ids({ sort: '-latest' })).toEqual([
      ...dated.toReversed(),
      ...undated.toReversed(),
    ]);
  });

  it('is the same for the upcoming side of a later clock', () => {
    const nowMs = instantMs('2022-08-31T12:00:00Z');
    expect(world.ids({ side: 'upcoming', nowMs })).toEqual(ids.slice(ids.indexOf('until-august')));
  });

  it('of past meetings is newest first', () => {
    const nowMs = instantMs('2022-08-31T12:00:00Z');
    expect(world.ids({ side: 'past', nowMs })).toEqual(['same-day', 'timed', 'first-day']);
  });

  it('puts a postponed meeting with the undated', async () => {
    await world.postpone('first-day');
    expect(world.ids({ sort: 'latest' }).slice(-3)).toEqual([
      'a-undated',
      'b-undated',
      'first-day',
    ]);
  });
});

describe('sorting by recordedAt', () => {
  it('is by the moment, also within one second, then by id', async () => {
    await world.announce('d');
    await world.at(500).announce('c');
    await world.at(0).announce('b');
    await world.at(600).announce('a');
    expect(world.ids({ sort: 'recordedAt' })).toEqual(['d', 'b', 'c', 'a']);
    expect(world.ids({ sort: '-recordedAt' })).toEqual(['a', 'c', 'b', 'd']);
  });

  it('is by the first event that the reader sees', async () => {
    await world.announce('released-later', { classification: 'internal' });
    await world.at(1_000).announce('public');
    await world.at(1_000).reclassify('released-later', 'public');
    expect(world.ids({ sort: 'recordedAt' }, 0)).toEqual(['public', 'released-later']);
    expect(world.ids({ sort: 'recordedAt' }, 1)).toEqual(['released-later', 'public']);
  });

  it('is not moved by later events', async () => {
    await world.announce('a');
    await world.at(1_000).announce('b');
    await world.at(1_000).confirm('a');
    expect(world.ids({ sort: 'recordedAt' })).toEqual(['a', 'b']);
  });
});
