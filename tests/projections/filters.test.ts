import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { MEETING_STATUSES } from '../../events/values.ts';
import type { MeetingFilters } from '../../projections/types.ts';
import { instantMs, isoInstant, matchesRange } from '../../src/domain/date/index.ts';
import { announcePool } from './support/pool.ts';
import { MEETING, World } from './support/world.ts';

let world: World;

describe('meetings are found by', () => {
  beforeAll(async () => {
    world = await World.open();
    await world.announce('geneva', {
      title: 'Syrian Constitutional Committee meeting',
      when: { edtf: '2022-08' },
      place: { name: 'Genève', country: 'CH' },
      topics: ['constitution', 'syria'],
      track: 'syrian-constitutional-committee',
    });
    await world.propose('astana', {
      title: 'Astana format summit',
      form: 'summit',
      place: { country: 'IR' },
      participants: [
        { name: 'Iran', party: 'iran', role: 'host' },
        { name: 'Russia', party: 'russia' },
      ],
      topics: ['syria'],
      track: 'astana-format',
    });
    await world.announce('tehran', {
      title: 'Talks in Tehran',
      form: 'bilateral',
      when: { edtf: '2021-11-21' },
      place: { name: 'Tehran', country: 'IR' },
      participants: [{ name: 'Russian delegation', party: 'russia' }],
      topics: ['economy'],
      track: 'iran-russia-bilateral',
    });
    await world.announce('call', {
      title: 'Call of the presidents',
      form: 'phone-call',
      when: { start: '2021-11-20T10:00', end: '2021-11-20T10:30', timezone: 'UTC' },
      place: { online: true },
    });
    await world.announce('gone', { form: 'summit', topics: ['syria'], track: 'astana-format' });
    await world.announce('merged', {
      form: 'summit',
      topics: ['syria'],
      place: { name: 'Geneva' },
    });
    await world.hold('call');
    await world.cancel('tehran');
    await world.withdraw('gone');
    await world.merge('merged', 'astana');
  });
  afterAll(() => world.close());

  const all = ['astana', 'call', 'geneva', 'tehran'];

  test.each<[string, MeetingFilters, string[]]>([
    ['no filter: all but merged and withdrawn, cancelled too', {}, all],
    ['participant', { participant: ['russia'] }, ['astana', 'tehran']],
    ['one of two participants', { participant: ['iran', 'nobody'] }, ['astana']],
    ['country of the place', { country: ['IR'] }, ['astana', 'tehran']],
    ['one of two countries', { country: ['IR', 'CH'] }, ['astana', 'geneva', 'tehran']],
    ['place', { place: ['Tehran'] }, ['tehran']],
    ['place without its accents and capitals', { place: ['GENEVE'] }, ['geneva']],
    ['place as it is written', { place: ['Genève'] }, ['geneva']],
    ['place as a whole, not a word of it', { place: ['Gen'] }, []],
    ['track', { track: ['astana-format'] }, ['astana']],
    [
      'one of two tracks',
      { track: ['astana-format', 'iran-russia-bilateral'] },
      ['astana', 'tehran'],
    ],
    ['topic', { topic: ['syria'] }, ['astana', 'geneva']],
    ['one of two topics', { topic: ['economy', 'constitution'] }, ['geneva', 'tehran']],
    ['form', { form: ['summit'] }, ['astana']],
    ['one of two forms', { form: ['summit', 'phone-call'] }, ['astana', 'call']],
    ['status', { status: ['proposed'] }, ['astana']],
    ['one of two statuses', { status: ['held', 'cancelled'] }, ['call', 'tehran']],
    ['a status that is hidden by default', { status: ['withdrawn'] }, ['gone']],
    ['merged, with what it was', { status: ['merged'], topic: ['syria'] }, ['merged']],
    ['precision', { precision: ['month'] }, ['geneva']],
    ['one of two precisions', { precision: ['time', 'day'] }, ['call', 'tehran']],
    ['two names: both must match', { topic: ['syria'], form: ['session'] }, ['geneva']],
    ['two names that no meeting matches together', { country: ['CH'], form: ['summit'] }, []],
    [
      'many names',
      { participant: ['russia'], country: ['IR'], q: ['talks'], to: '2021-12-01' },
      ['tehran'],
    ],
    ['an unknown value', { track: ['nothing'] }, []],
    ['an empty list of values, which nothing is one of', { track: [] }, []],
  ])('%s', (_, filters, ids) => {
    expect(world.filtered(filters)).toEqual(ids);
  });

  it('the side and the filter together', () => {
    expect(world.ids({ side: 'past', filters: { country: ['IR'] } })).toEqual(['tehran']);
    expect(world.ids({ side: 'upcoming', filters: { country: ['IR'] } })).toEqual(['astana']);
  });
});

describe('what a filter finds follows the meeting', () => {
  beforeAll(async () => {
    world = await World.open();
    await world.announce('m', {
      place: { name: 'Nairobi', country: 'KE' },
      topics: ['drafting'],
      track: 'old',
      participants: [{ name: 'Russia' }],
    });
    await world.relocate('m', { name: 'Geneva', country: 'CH' });
    await world.revise('m', { topics: ['constitution'], track: 'new', form: 'summit' });
    await world.leave('m', 'russia');
    await world.join('m', { name: 'Turkey' });
    await world.reschedule('m', '2022-08');
  });
  afterAll(() => world.close());

  test.each<[MeetingFilters, MeetingFilters]>([
    [{ place: ['Nairobi'] }, { place: ['Geneva'] }],
    [{ country: ['KE'] }, { country: ['CH'] }],
    [{ topic: ['drafting'] }, { topic: ['constitution'] }],
    [{ track: ['old'] }, { track: ['new'] }],
    [{ form: ['session'] }, { form: ['summit'] }],
    [{ participant: ['russia'] }, { participant: ['turkey'] }],
    [{ q: ['nairobi'] }, { q: ['geneva'] }],
    [{ to: '2022-07-31' }, { to: '2022-08-01' }],
  ])('%j no longer, %j now', (before, now) => {
    expect(world.filtered(before)).toEqual([]);
    expect(world.filtered(now)).toEqual(['m']);
  });
});

describe('from, to and certain', () => {
  beforeAll(async () => {
    world = await World.open();
    await announcePool(world);
    // The clock skips the start, so that the end is the same instant: only a change of zone rules makes it.
    const gap = { start: '2021-03-28T02:30', end: '2021-03-28T03:30', timezone: 'Europe/Zurich' };
    await world.append('meeting', 'gap', 'MeetingAnnounced', {
      ...MEETING,
      ...{ participants: [], topics: [], when: gap },
    });
  });
  afterAll(() => world.close());

  const days = [
    '2021-03-28',
    '2021-11-01',
    '2021-11-20',
    '2021-11-21',
    '2021-11-22',
    '2021-11-23',
    '2021-11-24',
    '2021-11-30',
    '2021-12-01',
    '2021-12-31',
    '2022-01-01',
  ];
  const instants = [
    '2021-03-28T01:30:00Z',
    '2021-11-20T10:00:00Z',
    '2021-11-20T23:00:00Z',
    '2021-11-21T00:00:00Z',
    '2021-11-21T23:30:00Z',
    '2021-11-22T00:00:00Z',
    '2021-11-22T09:00:00Z',
    '2021-11-22T11:00:00Z',
    '2021-11-22T23:00:00Z',
    '2021-11-23T12:01:00Z',
    '2022-01-01T00:00:00Z',
  ].map(instantMs);
  const instant = fc
    .tuple(fc.constantFrom(...instants), fc.integer({ min: -1, max: 1 }))
    .map(([ms, by]) => isoInstant(ms + by));
  const bound = fc.oneof(fc.constantFrom(...days), instant);

  /** Compares what a filter finds with what the date module says of each date. */
  function check(range: Pick<MeetingFilters, 'from' | 'to' | 'certain'>): void {
    const { from, to, certain = false } = range;
    const matching = world
      .list({ filters: { status: MEETING_STATUSES } })
      .items.filter(({ when }) => when !== null && matchesRange(when, from, to, certain))
      .map(({ id }) => id);
    expect(world.filtered({ status: MEETING_STATUSES, ...range })).toEqual(matching.toSorted());
  }

  it('find what the date module says, for either bound', () => {
    const near = instants.flatMap((ms) => [ms - 1, ms, ms + 1].map(isoInstant));
    for (const bound of [...days, ...near]) {
      for (const certain of [false, true]) {
        check({ from: bound, certain });
        check({ to: bound, certain });
      }
    }
  });

  it('find what the date module says, for both bounds, whichever comes first', () => {
    fc.assert(
      fc.property(bound, bound, fc.boolean(), (from, to, certain) => check({ from, to, certain })),
      { numRuns: 100 },
    );
  });

  it('never match the undated and the postponed', () => {
    const undated = world.list().items.filter(({ when }) => when === null);
    expect(undated.map(({ id }) => id)).toEqual(['d29', 'd30', 'postponed']);
    const found = world.filtered({ from: '0001-01-01', to: '9999-12-31' });
    expect(found).toHaveLength(world.ids().length - undated.length);
    expect(found).not.toContain('postponed');
  });

  it('certain alone asks nothing', () => {
    expect(world.filtered({ certain: true })).toEqual(world.filtered({}));
  });
});
