import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { UnknownCursor } from '../../projections/types.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { type Body, World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const GENEVA = { name: 'Geneva', country: 'CH' };
const AUGUST = { when: { edtf: '2022-08' } };
type Act = () => Promise<unknown>;

const last = (id = 'm', level: Level = 2) => world.history(id, level).at(-1);
const fieldsOf = (id = 'm', level: Level = 2) => last(id, level)?.diffs?.map(({ field }) => field);

describe('the first sentence', () => {
  test.each<[string, Body, string, string]>([
    ['announced with a date', AUGUST, 'announced', 'Announced for August 2022'],
    ['announced without one', {}, 'announced', 'Announced, no date yet'],
    [
      'proposed with a date',
      { ...AUGUST, status: 'proposed' },
      'proposed',
      'Proposed for August 2022',
    ],
    ['proposed without one', { status: 'proposed' }, 'proposed', 'Proposed, no date yet'],
  ])('%s', async (_, facts, type, sentence) => {
    await world.announce('m', facts);
    expect(world.history('m')).toEqual([expect.objectContaining({ type, sentence })]);
  });
});

describe('the sentence and fields of each change to a meeting', () => {
  const moves: [string, Act, string, string, string[]][] = [
    ['a proposal announced', () => world.announced('p'), 'announced', 'Announced', ['status']],
    [
      'announced with its first date',
      () => world.announced('p', AUGUST),
      'announced',
      'Announced. Date set to August 2022',
      ['status', 'when'],
    ],
    [
      'confirmed',
      () => world.confirm('m', { likelihood: 'certain' }),
      'confirmed',
      'Confirmed',
      ['status', 'likelihood'],
    ],
    [
      'rescheduled',
      () => world.reschedule('m', '2022-09'),
      'rescheduled',
      'Date moved from August 2022 to September 2022',
      ['when'],
    ],
    [
      'refined',
      () => world.reschedule('m', '2022-08-15/2022-08-19'),
      'rescheduled',
      'Date set to 15–19 August 2022',
      ['when'],
    ],
    [
      'widened',
      () => world.reschedule('m', '2022'),
      'rescheduled',
      'Date moved from August 2022 to 2022',
      ['when'],
    ],
    [
      'its first date',
      () => world.reschedule('undated', '2022'),
      'rescheduled',
      'Date set to 2022',
      ['when'],
    ],
    [
      'revised in one field',
      () => world.revise('m', { title: 'Talks' }),
      'revised',
      'Revised: title',
      ['title'],
    ],
    [
      'revised in three',
      () => world.revise('m', { title: 'Talks', form: 'summit', track: null }),
      'revised',
      'Revised: title, form and track',
      ['title', 'form', 'track'],
    ],
    [
      'postponed',
      () => world.postpone('m'),
      'postponed',
      'Postponed without a new date (was August 2022)',
      ['status', 'when'],
    ],
    [
      'postponed without having had one',
      () => world.postpone('undated'),
      'postponed',
      'Postponed without a new date',
      ['status'],
    ],
    [
      'relocated',
      () => world.relocate('m', { name: 'Nairobi' }),
      'relocated',
      'Moved from Geneva to Nairobi',
      ['place'],
    ],
    [
      'relocated to a country',
      () => world.relocate('m', { country: 'KE' }),
      'relocated',
      'Moved from Geneva to KE',
      ['place'],
    ],
    [
      'relocated to a venue',
      () => world.relocate('m', { ...GENEVA, venue: 'Mont Cervin' }),
      'relocated',
      'Moved from Geneva to Mont Cervin, Geneva',
      ['place'],
    ],
    [
      'online',
      () => world.relocate('m', { online: true }),
      'relocated',
      'Moved from Geneva to online',
      ['place'],
    ],
    [
      'online too',
      () => world.relocate('m', { ...GENEVA, online: true }),
      'relocated',
      'Moved from Geneva to Geneva and online',
      ['place'],
    ],
    [
      'its first place',
      () => world.relocate('undated', GENEVA),
      'relocated',
      'Place set to Geneva',
      ['place'],
    ],
    [
      'a place in another zone',
      () => world.relocate('m', { name: 'Doha', timezone: 'Asia/Qatar' }),
      'relocated',
      'Moved from Geneva to Doha',
      ['when', 'place'],
    ],
    [
      'corrected in one field',
      () => world.correct('m', { title: 'Talks' }),
      'corrected',
      'Corrected: title',
      ['title'],
    ],
    [
      'corrected date',
      () => world.correct('m', { when: { edtf: '2022-09' } }),
      'corrected',
      'Corrected: the date is September 2022, not August 2022',
      ['when'],
    ],
    [
      'corrected to no date',
      () => world.correct('m', { when: null }),
      'corrected',
      'Corrected: the date is not known, not August 2022',
      ['when'],
    ],
    [
      'corrected first date',
      () => world.correct('undated', AUGUST),
      'corrected',
      'Corrected: the date is August 2022, not unknown',
      ['when'],
    ],
    [
      'corrected date and title',
      () => world.correct('m', { title: 'Talks', when: null }),
      'corrected',
      'Corrected: title and date',
      ['title', 'when'],
    ],
    [
      'a participant added',
      () => world.join('m', { name: 'Iran' }),
      'participant-added',
      'Iran added',
      ['participants'],
    ],
    [
      'a participant removed',
      () => world.leave('m', 'russia'),
      'participant-removed',
      'Russian Federation removed',
      ['participants'],
    ],
    ['held as planned', () => world.hold('past'), 'held', 'Held: November 2021', ['status']],
    [
      'held, with the days known',
      () => world.hold('past', { when: { edtf: '2021-11-10' } }),
      'held',
      'Held. Date set to 10 November 2021',
      ['status', 'when'],
    ],
    [
      'held on another date',
      () => world.hold('past', { when: { edtf: '2021-10-31' } }),
      'held',
      'Held. Date moved from November 2021 to 31 October 2021',
      ['status', 'when'],
    ],
    [
      'held on a date after none',
      () => world.hold('undated', { when: { edtf: '2021-10-31' } }),
      'held',
      'Held: 31 October 2021',
      ['status', 'when'],
    ],
    [
      'held without a date',
      () => world.hold('undated', { outcome: 'A road map.' }),
      'held',
      'Held, date not known',
      ['status', 'outcome'],
    ],
    ['not held', () => world.notHeld('undated'), 'not-held', 'Not held', ['status']],
    ['cancelled', () => world.cancel('m'), 'cancelled', 'Cancelled', ['status']],
    [
      'restricted',
      () => world.reclassify('m', 'internal'),
      'reclassified',
      'Classification changed from public to internal',
      ['classification'],
    ],
    [
      'another embargo',
      () => world.reclassify('m', 'public', { embargoUntil: '2021-12-01T08:00:00Z' }),
      'reclassified',
      'Embargo changed',
      ['embargoUntil'],
    ],
    [
      'merged',
      () => world.merge('m', 'undated'),
      'merged',
      'Merged into another meeting',
      ['status', 'mergedInto'],
    ],
    [
      'withdrawn',
      () => world.withdraw('m'),
      'withdrawn',
      'Withdrawn: entered in error',
      ['status'],
    ],
  ];

  beforeEach(async () => {
    await world.propose('p');
    const facts = {
      place: GENEVA,
      track: 't',
      participants: [{ name: 'Russian Federation', party: 'russia' }],
    };
    await world.announce('m', { ...AUGUST, ...facts });
    await world.announce('undated');
    await world.announce('past', { when: { edtf: '2021-11' } });
  });

  test.each(moves)('%s', async (_, act, type, sentence, fields) => {
    await act();
    const change = world.changes().items.at(-1);
    expect([change?.type, change?.sentence]).toEqual([type, sentence]);
    expect(change?.diffs?.map(({ field }) => field)).toEqual(fields);
  });

  test.each<[string, Act[], string, string, string[]]>([
    [
      'its outcome',
      [() => world.hold('past'), () => world.outcome('past', 'Agreed.')],
      'outcome-recorded',
      'Outcome recorded',
      ['outcome'],
    ],
    [
      'dated again',
      [() => world.postpone('m'), () => world.reschedule('m', '2022-10')],
      'rescheduled',
      'Date set to October 2022',
      ['status', 'when'],
    ],
    [
      'reinstated',
      [() => world.cancel('m'), () => world.reinstate('m')],
      'reinstated',
      'Reinstated for August 2022',
      ['status'],
    ],
    [
      'reinstated undated',
      [() => world.cancel('undated'), () => world.reinstate('undated')],
      'reinstated',
      'Reinstated, no date yet',
      ['status'],
    ],
    [
      'restored',
      [() => world.withdraw('m'), () => world.restore('m')],
      'restored',
      'Restored as announced',
      ['status'],
    ],
    [
      'restored to confirmed',
      [() => world.confirm('m'), () => world.merge('m', 'past'), () => world.restore('m')],
      'restored',
      'Restored as confirmed',
      ['status', 'mergedInto'],
    ],
  ])('%s', async (_, acts, type, sentence, fields) => {
    for (const act of acts) await act();
    const change = world.changes().items.at(-1);
    expect([change?.type, change?.sentence]).toEqual([type, sentence]);
    expect(change?.diffs?.map(({ field }) => field)).toEqual(fields);
  });

  it('an embargo that ended', async () => {
    await world.reclassify('m', 'public', { embargoUntil: '2021-11-23T08:00:00Z' });
    await world.at('2021-11-23T08:00:00Z').release('meeting', 'm');
    expect(last()).toMatchObject({ type: 'released', sentence: 'Embargo ended' });
    expect(last()?.diffs).toEqual([
      { field: 'embargoUntil', from: '2021-11-23T08:00:00Z', to: null },
    ]);
  });
});

describe('the sentence and fields of each change to an announcement', () => {
  beforeEach(() => world.publish('r', { title: 'Talks in Tehran', topics: ['syria'] }));
  const history = (level: Level = 2) =>
    world.queries.announcementHistory(world.reader(level), 'r', { limit: 500 })?.items ?? [];

  it('published', () => {
    expect(history()).toEqual([
      expect.objectContaining({
        type: 'published',
        sentence: 'TASS, 2021-11-21: Talks in Tehran',
        diffs: [
          { field: 'status', from: null, to: 'published' },
          { field: 'title', from: null, to: 'Talks in Tehran' },
          { field: 'kind', from: null, to: 'report' },
          { field: 'outlet', from: null, to: 'TASS' },
          { field: 'publishedAt', from: null, to: { value: '2021-11-21', basis: 'stated' } },
          { field: 'language', from: null, to: 'en' },
          { field: 'topics', from: null, to: ['syria'] },
          { field: 'classification', from: null, to: 'public' },
        ],
      }),
    ]);
  });

  test.each<[string, Act, string, string, string[]]>([
    [
      'corrected',
      () => world.correctReport('r', { title: 'Other', topics: [] }),
      'corrected',
      'Corrected: title, topics',
      ['title', 'topics'],
    ],
    [
      'reclassified',
      () => world.reclassifyReport('r', 'internal'),
      'reclassified',
      'Classified internal',
      ['classification'],
    ],
    ['retracted', () => world.retract('r'), 'retracted', 'Retracted', ['status']],
  ])('%s', async (_, act, type, sentence, fields) => {
    await act();
    expect(history().at(-1)).toMatchObject({ type, sentence });
    expect(
      history()
        .at(-1)
        ?.diffs?.map(({ field }) => field),
    ).toEqual(fields);
  });

  it('an embargo that ended', async () => {
    await world.reclassifyReport('r', 'public', { embargoUntil: '2021-11-23T08:00:00Z' });
    await world.at('2021-11-23T08:00:00Z').release('announcement', 'r');
    expect(history().at(-1)).toMatchObject({ type: 'released', sentence: 'Embargo ended' });
    expect(history(0)).toEqual([
      expect.objectContaining({ type: 'released', sentence: 'Released: Talks in Tehran' }),
    ]);
  });

  it('of what it names, only what the reader may see', async () => {
    const claim = { id: 'c', meeting: 'hidden', field: 'title', value: 'x' };
    await world.announce('seen');
    await world.announce('hidden', { classification: 'internal' });
    await world.correctReport('r', { about: ['seen', 'hidden', 'missing'], claims: [claim] });
    expect(history(1).at(-1)?.diffs).toEqual([
      { field: 'about', from: [], to: ['seen', 'hidden'] },
      { field: 'claims', from: [], to: [claim] },
    ]);
    expect(history(0).at(-1)).toMatchObject({
      sentence: 'Corrected: about',
      diffs: [{ field: 'about', from: [], to: ['seen'] }],
    });
  });

  it('and no trace of a field whose every value is hidden', async () => {
    const claim = { id: 'c', meeting: 'missing', field: 'title', value: 'x' };
    await world.publish('s', { about: ['missing'], claims: [claim] });
    const another = { ...claim, id: 'd', meeting: 'lost' };
    await world.correctReport('s', { about: ['lost'], claims: [another] });
    const [published, corrected] =
      world.queries.announcementHistory(world.reader(2), 's', { limit: 9 })?.items ?? [];
    const fields = published?.diffs?.map(({ field }) => field);
    expect(fields).not.toContain('about');
    expect(fields).not.toContain('claims');
    expect(corrected).toMatchObject({ sentence: 'Corrected', diffs: [] });
  });
});

describe('a history item', () => {
  it('has every field of the contract', async () => {
    await world.publish('tass', { publishedAt: { value: '2021-11-20' } });
    await world.announce('m', { ...AUGUST, statedAt: '2021-11-01' });
    const body = { reason: 'no agreement', basedOn: ['tass'] };
    const { eventId } = await world.at('2021-11-23T08:00:00Z').reschedule('m', '2022-09', body);
    expect(last('m', 0)).toEqual({
      cursor: eventId,
      type: 'rescheduled',
      meeting: 'm',
      recordedAt: '2021-11-23T08:00:00Z',
      statedAt: '2021-11-20',
      sentence: 'Date moved from August 2022 to September 2022',
      diffs: [
        {
          field: 'when',
          from: expect.objectContaining({ edtf: '2022-08', display: 'August 2022' }),
          to: expect.objectContaining({ edtf: '2022-09', display: 'September 2022' }),
        },
      ],
      reason: 'no agreement',
      sources: [{ announcement: 'tass', outlet: 'TASS', url: null, publishedAt: '2021-11-20' }],
    });
  });

  it('has actor and revision for editors', async () => {
    await world.announce('m');
    await world.confirm('m');
    const plain = world.history('m', 1);
    expect(world.history('m', 1, true)).toEqual(
      plain.map((item, revision) => ({ ...item, actor: 'desk', revision })),
    );
  });

  it('shows the sources of its own event, as far as the reader sees them', async () => {
    await world.publish('a');
    await world.publish('b', { classification: 'internal' });
    await world.announce('m', { basedOn: ['a'] });
    await world.confirm('m', { basedOn: ['b'] });
    const sources = (level: Level) =>
      world.history('m', level).map((item) => item.sources?.map((s) => s.announcement));
    expect(sources(1)).toEqual([['a'], ['b']]);
    expect(sources(0)).toEqual([['a'], []]);
  });

  it('shows a retraction in its sources', async () => {
    await world.publish('a');
    await world.announce('m', { basedOn: ['a'] });
    await world.retract('a', 'wrong date');
    expect(last()?.sources).toEqual([
      expect.objectContaining({
        retracted: { reason: 'wrong date', recordedAt: '2021-11-22T08:00:00Z' },
      }),
    ]);
  });

  it('names the survivor of a merge to those who see it', async () => {
    await world.announce('m');
    await world.announce('stays', { classification: 'internal' });
    await world.merge('m', 'stays');
    const survivor = { field: 'mergedInto', from: null, to: 'stays' };
    expect(last('m', 1)?.diffs).toContainEqual(survivor);
    expect(fieldsOf('m', 0)).toEqual(['status']);
  });

  it('says to those who see the survivor that a restored meeting is no longer merged into it', async () => {
    await world.announce('m');
    await world.announce('stays', { classification: 'internal' });
    await world.merge('m', 'stays');
    await world.restore('m');
    const survivor = { field: 'mergedInto', from: 'stays', to: null };
    expect(last('m', 1)).toMatchObject({ type: 'restored' });
    expect(last('m', 1)?.diffs).toContainEqual(survivor);
    expect(last('m', 0)).toMatchObject({ type: 'restored' });
    expect(fieldsOf('m', 0)).toEqual(['status']);
  });
});

describe('the pages of a history', () => {
  it('go on from an event id', async () => {
    await world.announce('m', AUGUST);
    const second = (await world.confirm('m')).eventId;
    const third = (await world.cancel('m')).eventId;
    const page = (cursor?: string) =>
      world.queries.meetingHistory(world.reader(2), 'm', {
        ...{ limit: 2 },
        ...(cursor === undefined ? {} : { cursor }),
      });
    expect(page()?.next).toBe(second);
    expect(page(second)).toEqual({ items: [world.history('m')[2]], next: null });
    expect(page(third)).toEqual({ items: [], next: null });
  });

  it('together are the whole history, also of an announcement', async () => {
    await world.publish('r');
    for (const title of ['a', 'b', 'c', 'd']) await world.correctReport('r', { title });
    const read = (limit: number, cursor?: string) =>
      world.queries.announcementHistory(world.reader(2), 'r', {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
    const whole = read(500)?.items;
    const first = read(2);
    const second = read(2, first?.next ?? '');
    const third = read(2, second?.next ?? '');
    expect([first, second, third].flatMap((page) => page?.items ?? [])).toEqual(whole);
    expect(third?.next).toBeNull();
  });

  it.each(['', '0', 'nothing', '00000000-0000-4000-8000-000000000001'])(
    'do not go on from %j',
    async (cursor) => {
      await world.announce('m');
      expect(() =>
        world.queries.meetingHistory(world.reader(2), 'm', { limit: 2, cursor }),
      ).toThrow(UnknownCursor);
    },
  );

  it("do not go on from another entry's event, nor from a hidden one", async () => {
    await world.announce('m', { classification: 'internal' });
    const hidden = (await world.confirm('m')).eventId;
    await world.reclassify('m', 'public');
    const other = (await world.announce('other')).eventId;
    const page = (cursor: string, level: Level) =>
      world.queries.meetingHistory(world.reader(level), 'm', { limit: 2, cursor });
    expect(() => page(other, 1)).toThrow(UnknownCursor);
    expect(page(hidden, 1)?.items).toHaveLength(1);
    expect(() => page(hidden, 0)).toThrow(UnknownCursor);
  });
});

describe('the history', () => {
  it('of a meeting that is gone stays', async () => {
    await world.announce('m');
    await world.withdraw('m', 'twice');
    expect(world.history('m', 0).map(({ type, reason }) => [type, reason])).toEqual([
      ['announced', null],
      ['withdrawn', 'twice'],
    ]);
  });

  it('of a hidden or missing entry is none', async () => {
    await world.announce('m', { classification: 'internal' });
    await world.publish('r', { classification: 'internal' });
    const { queries } = world;
    for (const id of ['m', 'nothing']) {
      expect(queries.meetingHistory(world.reader(0), id, { limit: 1 })).toBeUndefined();
    }
    for (const id of ['r', 'nothing']) {
      expect(queries.announcementHistory(world.reader(0), id, { limit: 1 })).toBeUndefined();
    }
  });
});
