import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import type { AnnouncementFilters } from '../../projections/types.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { type Body, World } from './support/world.ts';

let world: World;

const open = async () => {
  world = await World.open();
};
const close = () => world.close();

describe('an announcement', () => {
  beforeEach(open);
  afterEach(close);

  it('has every field of the contract', async () => {
    await world.announce('geneva', { when: { edtf: '2022-08' } });
    await world.publish('tehran-times-2021-11-21', {
      title: 'A Russian delegation in Tehran',
      outlet: 'Tehran Times',
      url: 'https://www.tehrantimes.com/news/467281',
      publishedAt: { value: '2021-11-21', basis: 'inferred' },
      speakers: [{ name: 'Hossein Amir-Abdollahian', party: 'amir-abdollahian', as: 'minister' }],
      paraphrase: 'Ties are taken seriously.',
      topics: ['syria'],
      about: ['geneva'],
      claims: [
        {
          ...{ id: 'c1', meeting: 'geneva', field: 'when', value: { edtf: '2022-08' } },
          ...{ phrase: 'August next year', attributedTo: null },
        },
      ],
    });
    expect(world.report('tehran-times-2021-11-21', 0)).toEqual({
      id: 'tehran-times-2021-11-21',
      title: 'A Russian delegation in Tehran',
      kind: 'report',
      outlet: 'Tehran Times',
      url: 'https://www.tehrantimes.com/news/467281',
      publishedAt: { value: '2021-11-21', basis: 'inferred' },
      language: 'en',
      speakers: [{ name: 'Hossein Amir-Abdollahian', party: 'amir-abdollahian', as: 'minister' }],
      paraphrase: 'Ties are taken seriously.',
      topics: ['syria'],
      about: ['geneva'],
      claims: [
        {
          id: 'c1',
          meeting: 'geneva',
          field: 'when',
          value: { edtf: '2022-08' },
          phrase: 'August next year',
          attributedTo: null,
          agreement: 'agrees',
        },
      ],
      classification: 'public',
      embargoUntil: null,
      retracted: null,
      recordedAt: '2021-11-22T08:00:00Z',
      changedAt: '2021-11-22T08:00:00Z',
      links: {
        self: '/announcements/tehran-times-2021-11-21',
        history: '/announcements/tehran-times-2021-11-21/history',
      },
    });
  });

  it('is the same in a list, and has its revision for editors', async () => {
    await world.publish('r');
    await world.correctReport('r', { title: 'Other' });
    const reader = world.reader(1, true);
    const { items } = world.queries.listAnnouncements({
      ...{ reader, filters: {}, nowMs: world.now, limit: 5 },
    });
    expect(items).toEqual([{ ...world.report('r', 1), revision: 1 }]);
    expect(items).toEqual([world.report('r', 1, true)]);
  });

  it('stays when it is retracted, marked', async () => {
    await world.publish('r');
    await world.at('2021-11-23T08:00:00Z').retract('r', 'wrong date');
    expect(world.report('r', 0)).toMatchObject({
      retracted: { reason: 'wrong date', recordedAt: '2021-11-23T08:00:00Z' },
      changedAt: '2021-11-23T08:00:00Z',
    });
    expect(world.reports()).toEqual(['r']);
  });

  it('keeps when it was retracted when it is corrected after', async () => {
    await world.publish('r');
    await world.at('2021-11-23T08:00:00Z').retract('r');
    await world.at('2021-11-24T08:00:00Z').correctReport('r', { title: 'Other' });
    expect(world.report('r').retracted?.recordedAt).toBe('2021-11-23T08:00:00Z');
  });

  it('is none below its classification', async () => {
    await world.publish('r', { classification: 'internal' });
    expect(world.queries.getAnnouncement(world.reader(0), 'r')).toBeUndefined();
    expect(world.report('r', 1).id).toBe('r');
    expect(world.queries.getAnnouncement(world.reader(2), 'nothing')).toBeUndefined();
  });

  it('is marked when an event of it could not be applied', async () => {
    await world.publish('r');
    world.view.quarantine('announcement-r');
    expect(world.report('r', 0)).toMatchObject({ stale: true });
  });
});

describe('about and claims', () => {
  beforeEach(open);
  afterEach(close);
  const named = (level: Level) => {
    const { about, claims } = world.report('r', level);
    return [about, claims.map(({ meeting }) => meeting)];
  };
  const claimOn = (meeting: string) => ({ id: meeting, meeting, field: 'title', value: 'Session' });

  it('leave out what the reader cannot see, hidden and missing alike', async () => {
    const meetings = ['public', 'internal', 'missing'];
    await world.announce('public');
    await world.announce('internal', { classification: 'internal' });
    await world.publish('r', { about: meetings, claims: meetings.map(claimOn) });
    expect(named(0)).toEqual([['public'], ['public']]);
    expect(named(1)).toEqual([
      ['public', 'internal'],
      ['public', 'internal'],
    ]);
  });

  it('name a meeting as soon as there is one', async () => {
    await world.publish('r', { about: ['later'], claims: [claimOn('later')] });
    expect(named(0)).toEqual([[], []]);
    await world.announce('later');
    expect(named(0)).toEqual([['later'], ['later']]);
  });

  it('are corrected unseen where only what is hidden changes', async () => {
    await world.announce('secret', { classification: 'internal' });
    const claim = { id: 'place', meeting: 'secret', field: 'place' };
    const claims = [{ ...claim, value: { name: 'Vienna' } }];
    await world.publish('r', { about: ['secret'], claims });
    const before = world.report('r', 0);
    const { cursor } = world.changes({}, 0);
    world.at(1_000);
    const reason = 'Geneva, of all places';
    await world.correctReport('r', { claims: [{ ...claim, value: { name: 'Geneva' } }], reason });
    const told = (level: Level) => {
      const page = world.queries.announcementHistory(world.reader(level), 'r', { limit: 9 });
      return page?.items.map(({ type }) => type);
    };
    const types = (level: Level) => [
      told(level),
      world.changes({}, level).items.map(({ type }) => type),
    ];
    expect(world.report('r', 0)).toEqual(before);
    const after = cursor ?? '';
    expect(world.changes({ after }, 0)).toEqual({ items: [], cursor });
    expect(world.changes({}, 0).cursor).toBe(cursor);
    expect(world.changes({ filters: { meeting: ['none'] } }, 0).cursor).toBe(cursor);
    expect(types(0)).toEqual([['published'], ['published']]);
    expect(world.report('r', 1)?.changedAt).toBe('2021-11-22T08:00:01Z');
    expect(types(1)).toEqual([
      ['published', 'corrected'],
      ['announced', 'published', 'corrected'],
    ]);
    await world.reclassify('secret', 'public');
    expect(told(0)).toEqual(['published', 'corrected']);
  });

  it('are not corrected for others by what was there already: a writer who guessed it would be told', async () => {
    await world.announce('secret', { classification: 'internal' });
    await world.publish('r', { about: ['secret'] });
    const data = { about: ['secret'], reason: 'a guess' };
    await world.append('announcement', 'r', 'AnnouncementCorrected', data);
    for (const level of [0, 1] as const) {
      const page = world.queries.announcementHistory(world.reader(level), 'r', { limit: 9 });
      expect(page?.items.map(({ type }) => type)).toEqual(['published']);
      expect(world.changes({}, level).items.map(({ type }) => type)).not.toContain('corrected');
    }
  });

  it('name a meeting that is gone, too', async () => {
    await world.announce('m');
    await world.publish('r', { about: ['m'] });
    await world.withdraw('m');
    expect(named(0)).toEqual([['m'], []]);
  });
});

describe('agreement', () => {
  beforeEach(open);
  afterEach(close);

  const PLACE = { name: 'Geneva', country: 'CH', venue: 'Palais des Nations' };
  const claim = (field: string, value: unknown, meeting = 'm') => ({
    id: 'c',
    meeting,
    field,
    value,
  });

  /** What a claim published on a day is to a reader. */
  async function agreement(given: Body, published = '2021-11-21', level: Level = 2) {
    const publishedAt = { value: published };
    await world.publish('r', { claims: [given], publishedAt });
    return world.report('r', level).claims[0]?.agreement;
  }

  describe('on a date', () => {
    test.each<[string, Body | undefined, Body, string]>([
      ['the same', { edtf: '2022-08' }, { edtf: '2022-08' }, 'agrees'],
      [
        'the same in words of its own',
        { edtf: '2022-08' },
        { edtf: '2022-08', phrase: 'August' },
        'agrees',
      ],
      ['within it lies the date', { edtf: '2022-08-15' }, { edtf: '2022-08' }, 'agrees'],
      [
        'within it lies the run of days',
        { edtf: '2022-03-21/2022-03-25' },
        { edtf: '2022-03-20/2022-03-26', extent: 'within' },
        'agrees',
      ],
      [
        'within it lies the time',
        { start: '2022-08-15T10:00', timezone: 'UTC' },
        { edtf: '2022' },
        'agrees',
      ],
      [
        'throughout more days',
        { edtf: '2022-08-15' },
        { edtf: '2022-08-15/2022-08-16' },
        'compatible',
      ],
      ['a day of the month', { edtf: '2022-08' }, { edtf: '2022-08-15' }, 'compatible'],
      ['the same, but uncertain', { edtf: '2022-08-15' }, { edtf: '2022-08-15?' }, 'compatible'],
      [
        'a span that it sticks out of',
        { edtf: '2022-08' },
        { edtf: '2022-08-15/2022-09-15', extent: 'within' },
        'compatible',
      ],
      ['another month', { edtf: '2022-08' }, { edtf: '2022-09' }, 'differs'],
      ['the day before', { edtf: '2022-08-15' }, { edtf: '2022-08-14' }, 'differs'],
      ['any, of an undated meeting', undefined, { edtf: '2022-08' }, 'unknown'],
    ])('%s', async (_, when, value, expected) => {
      await world.announce('m', { when });
      expect(await agreement(claim('when', value))).toBe(expected);
    });

    it('without a zone is meant in that of the meeting', async () => {
      await world.announce('m', { when: { edtf: '2022-08', timezone: 'Asia/Tokyo' } });
      expect(await agreement(claim('when', { edtf: '2022-08' }))).toBe('agrees');
    });

    it('counts in the zone of the place', async () => {
      const place = { name: 'Apia', timezone: 'Pacific/Apia' };
      const when = { start: '2022-08-15T00:30', end: '2022-08-15T01:00', timezone: 'Pacific/Apia' };
      await world.announce('m', { place, when });
      expect(await agreement(claim('when', { edtf: '2022-08-15' }))).toBe('compatible');
    });
  });

  describe('on other fields', () => {
    test.each<[string, Body, string]>([
      ['the same title', claim('title', 'SESSION'), 'agrees'],
      ['another title', claim('title', 'Talks'), 'differs'],
      ['the same status', claim('status', 'announced'), 'agrees'],
      ['another status', claim('status', 'held'), 'differs'],
      ['the same place', claim('place', PLACE), 'agrees'],
      ['a part of the place', claim('place', { name: 'GENÈVA' }), 'agrees'],
      ['another city', claim('place', { name: 'Nairobi' }), 'differs'],
      ['another country', claim('place', { country: 'IR' }), 'differs'],
      ['another venue', claim('place', { ...PLACE, venue: 'Mont Cervin' }), 'differs'],
      ['online', claim('place', { ...PLACE, online: true }), 'differs'],
      ['the same participants', claim('participants', [party('iran'), party('russia')]), 'agrees'],
      ['some of them', claim('participants', [party('russia')]), 'compatible'],
      ['one who does not take part', claim('participants', [party('turkey')]), 'differs'],
    ])('%s', async (_, given, expected) => {
      await world.announce('m', { place: PLACE, participants: [party('russia'), party('iran')] });
      expect(await agreement(given)).toBe(expected);
    });

    it('on a place that says nothing of online agrees with a meeting that is online, too', async () => {
      await world.announce('m', { place: { ...PLACE, online: true } });
      expect(await agreement(claim('place', { name: PLACE.name }))).toBe('agrees');
    });

    it('on a place is unknown while there is none', async () => {
      await world.announce('m');
      expect(await agreement(claim('place', PLACE))).toBe('unknown');
    });
  });

  describe('is outdated', () => {
    beforeEach(async () => {
      await world.announce('m', { when: { edtf: '2022-01' }, statedAt: '2021-10-22' });
      await world.reschedule('m', '2022-03', { statedAt: '2021-11-10' });
    });

    it('when it agreed on the day it was said, and the calendar has moved', async () => {
      expect(await agreement(claim('when', { edtf: '2022-01' }), '2021-11-09')).toBe('outdated');
    });

    it('not on the day it moved, or after', async () => {
      expect(await agreement(claim('when', { edtf: '2022-01' }), '2021-11-10')).toBe('differs');
    });

    it('not before anybody had said anything', async () => {
      expect(await agreement(claim('when', { edtf: '2022-01' }), '2021-10-21')).toBe('differs');
    });

    it('not when it was compatible then', async () => {
      expect(await agreement(claim('when', { edtf: '2022-01-15' }), '2021-11-09')).toBe('differs');
    });

    it('by stated order, whatever was recorded first', async () => {
      await world.announce('n', { statedAt: '2021-10-01', title: 'Talks' });
      await world.revise('n', { title: 'Consultations', statedAt: '2021-11-20' });
      await world.reschedule('n', '2022-03', { statedAt: '2021-11-01' });
      expect(await agreement(claim('title', 'Talks', 'n'), '2021-11-05')).toBe('outdated');
    });

    it('when the meeting has lost its date since', async () => {
      await world.postpone('m', { statedAt: '2021-11-21' });
      expect(await agreement(claim('when', { edtf: '2022-03' }), '2021-11-20')).toBe('outdated');
    });

    it('not by what the reader never saw', async () => {
      await world.announce('n', {
        when: { edtf: '2022-01' },
        statedAt: '2021-10-22',
        classification: 'internal',
      });
      await world.reschedule('n', '2022-03', { statedAt: '2021-11-10' });
      await world.reclassify('n', 'public');
      const given = claim('when', { edtf: '2022-01' }, 'n');
      expect(await agreement(given, '2021-11-09', 0)).toBe('differs');
      expect(world.report('r', 1).claims[0]?.agreement).toBe('outdated');
    });
  });

  describe('of a claim on a merged meeting', () => {
    beforeEach(async () => {
      await world.announce('m', { when: { edtf: '2022-01' } });
      await world.announce('survivor', { when: { edtf: '2022-08' } });
      await world.announce('last', { when: { edtf: '2022-10' } });
      await world.merge('m', 'survivor');
    });

    it('is with the survivor', async () => {
      expect(await agreement(claim('when', { edtf: '2022-08' }))).toBe('agrees');
      await world.correctReport('r', { claims: [claim('when', { edtf: '2022-01' })] });
      expect(world.report('r').claims[0]?.agreement).toBe('differs');
    });

    it('is with the last of a chain', async () => {
      await world.merge('survivor', 'last');
      expect(await agreement(claim('when', { edtf: '2022-10' }))).toBe('agrees');
    });

    it('is unknown on a day by which, to two clocks, each was merged into the other', async () => {
      await world.publish('r', { claims: [claim('when', { edtf: '2022-08' })] });
      await world.at('2021-11-22T10:00:00Z').restore('m');
      const recordedAt = '2021-11-22T09:00:00Z';
      await world.append('meeting', 'survivor', 'MeetingMerged', { into: 'm' }, { recordedAt });
      const past = { recordedMs: Date.UTC(2021, 10, 22, 9, 30) };
      const found = world.queries.getAnnouncement(world.reader(0), 'r', past);
      expect(found?.claims).toEqual([expect.objectContaining({ agreement: 'unknown' })]);
      expect(world.report('r', 0).claims[0]?.agreement).toBe('differs');
    });

    it('is unknown where the survivor is hidden', async () => {
      await world.reclassify('survivor', 'internal');
      expect(await agreement(claim('when', { edtf: '2022-08' }), '2021-11-21', 0)).toBe('unknown');
      expect(world.report('r', 1).claims[0]?.agreement).toBe('agrees');
    });
  });

  it('follows the calendar as it moves', async () => {
    await world.announce('m', { when: { edtf: '2022-08' } });
    expect(await agreement(claim('when', { edtf: '2022-08' }), '2021-11-22')).toBe('agrees');
    await world.at('2021-12-01T08:00:00Z').reschedule('m', '2022-10');
    expect(world.report('r').claims[0]?.agreement).toBe('outdated');
  });
});

const party = (id: string) => ({ party: id, name: id, role: 'party', presence: 'expected' });

describe('announcements are found by', () => {
  beforeAll(async () => {
    await open();
    await world.announce('geneva');
    await world.announce('internal', { classification: 'internal' });
    await world.publish('tass', {
      title: 'President al-Assad receives the delegation',
      publishedAt: { value: '2021-11-20T10:00:00Z' },
      about: ['geneva', 'internal', 'missing'],
      topics: ['syria'],
    });
    await world.publish('tehran-times', {
      title: 'A Russian delegation in Tehran',
      outlet: 'Tehran Times',
      publishedAt: { value: '2021-11-21' },
      speakers: [{ name: 'Hossein Amir-Abdollahian', party: 'iran-foreign-minister' }],
      topics: ['syria', 'economy'],
      claims: [{ id: 'c', meeting: 'geneva', field: 'status', value: 'announced' }],
    });
    await world.publish('readout', {
      title: 'Consultations',
      kind: 'readout',
      outlet: 'MID',
      publishedAt: { value: '2021-11-21T23:59:59.999Z' },
      speakers: [{ name: 'Сергей Вершинин' }],
    });
    await world.publish('hidden', {
      classification: 'internal',
      publishedAt: { value: '2021-11-22' },
    });
  });
  afterAll(close);

  test.each<[string, AnnouncementFilters, string[]]>([
    ['no filter: newest first', {}, ['readout', 'tehran-times', 'tass']],
    ['meeting, by about and by claims', { meeting: ['geneva'] }, ['tehran-times', 'tass']],
    ['a hidden meeting: nothing', { meeting: ['internal'] }, []],
    ['a missing meeting: nothing', { meeting: ['missing'] }, []],
    ['one of two meetings', { meeting: ['missing', 'geneva'] }, ['tehran-times', 'tass']],
    ['outlet, folded', { outlet: ['tehran times'] }, ['tehran-times']],
    ['one of two outlets', { outlet: ['TASS', 'mid'] }, ['readout', 'tass']],
    ['kind', { kind: ['readout'] }, ['readout']],
    ['one of two kinds', { kind: ['readout', 'statement'] }, ['readout']],
    ['speaker by party', { speaker: ['iran-foreign-minister'] }, ['tehran-times']],
    ['speaker by name', { speaker: ['hossein-amir-abdollahian'] }, ['tehran-times']],
    ['speaker in another alphabet', { speaker: ['СЕРГЕЙ ВЕРШИНИН'] }, ['readout']],
    ['topic', { topic: ['economy'] }, ['tehran-times']],
    ['one of two topics', { topic: ['economy', 'syria'] }, ['tehran-times', 'tass']],
    ['q in the title', { q: ['delegation'] }, ['tehran-times', 'tass']],
    ['q in the outlet', { q: ['tass'] }, ['tass']],
    ['q in a name', { q: ['вершинин'] }, ['readout']],
    ['q in a topic', { q: ['economy'] }, ['tehran-times']],
    ['one of two q', { q: ['consultations', 'assad'] }, ['readout', 'tass']],
    ['two names', { topic: ['syria'], outlet: ['TASS'] }, ['tass']],
    ['from a date on', { from: '2021-11-21' }, ['readout', 'tehran-times']],
    ['up to a date', { to: '2021-11-20' }, ['tass']],
    ['up to and with a date', { to: '2021-11-21' }, ['readout', 'tehran-times', 'tass']],
    ['from an instant on', { from: '2021-11-20T10:00:00Z' }, ['readout', 'tehran-times', 'tass']],
    ['after an instant', { from: '2021-11-20T10:00:00.001Z' }, ['readout', 'tehran-times']],
    [
      'from within the day that a date means',
      { from: '2021-11-21T18:00:00Z' },
      ['readout', 'tehran-times'],
    ],
    ['from the end of that day', { from: '2021-11-22T00:00:00Z' }, []],
    ['before an instant', { to: '2021-11-20T10:00:00Z' }, []],
    ['up to an instant', { to: '2021-11-20T10:00:00.001Z' }, ['tass']],
    ['before a day begins', { to: '2021-11-21T00:00:00Z' }, ['tass']],
    ['once the day has begun', { to: '2021-11-21T00:00:00.001Z' }, ['tehran-times', 'tass']],
    ['between', { from: '2021-11-21', to: '2021-11-21T23:59:59.9990Z' }, ['tehran-times']],
  ])('%s', (_, filters, ids) => {
    expect(world.reports({ filters }, 0)).toEqual(ids);
  });

  it('a hidden meeting for those who see it', () => {
    expect(world.reports({ filters: { meeting: ['internal'] } }, 1)).toEqual(['tass']);
  });

  it.each([
    ['latest', ['tass', 'tehran-times', 'readout']],
    ['-latest', ['readout', 'tehran-times', 'tass']],
    ['recordedAt', ['readout', 'tass', 'tehran-times']],
    ['-recordedAt', ['tehran-times', 'tass', 'readout']],
  ] as const)('and sorted by %s', (sort, ids) => {
    expect(world.reports({ sort }, 0)).toEqual(ids);
  });

  it('levels, each seeing its own', () => {
    expect(world.reports({}, 1)).toEqual(['hidden', 'readout', 'tehran-times', 'tass']);
  });
});

describe('what a filter finds follows the announcement', () => {
  beforeAll(async () => {
    await open();
    await world.announce('m');
    await world.publish('r', {
      ...{
        about: ['m'],
        topics: ['syria'],
        speakers: [{ name: 'Ali Asghar Khaji' }],
        title: 'Old',
      },
    });
    await world.correctReport('r', {
      ...{ about: [], topics: ['iran'], speakers: [], title: 'New', outlet: 'SANA' },
      ...{ kind: 'statement', publishedAt: { value: '2021-11-19' } },
    });
  });
  afterAll(close);

  test.each<[AnnouncementFilters, AnnouncementFilters]>([
    [{ meeting: ['m'] }, {}],
    [{ topic: ['syria'] }, { topic: ['iran'] }],
    [{ speaker: ['ali-asghar-khaji'] }, {}],
    [{ q: ['old'] }, { q: ['new'] }],
    [{ outlet: ['TASS'] }, { outlet: ['SANA'] }],
    [{ kind: ['report'] }, { kind: ['statement'] }],
    [{ from: '2021-11-20' }, { to: '2021-11-19' }],
  ])('%j no longer, %j now', (before, now) => {
    expect(world.reports({ filters: before })).toEqual([]);
    expect(world.reports({ filters: now })).toEqual(['r']);
  });
});
