import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { Level } from '../../src/domain/visibility.ts';
import { type Body, World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const GENEVA = { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' };
const display = (id: string) => world.meeting(id).when?.display ?? null;
const previous = (id: string) =>
  world
    .meeting(id)
    .previousDates.map(({ when, until, reason }) => [when.display, until.slice(0, 10), reason]);

describe('a meeting', () => {
  beforeEach(async () => {
    await world.publish('tehran-times-2021-11-21', {
      outlet: 'Tehran Times',
      url: 'https://www.tehrantimes.com/news/467281',
    });
    await world.announce('scc-geneva-2022-08', {
      title: 'Syrian Constitutional Committee meeting',
      likelihood: 'may-occur',
      when: { edtf: '2022-08', phrase: 'August next year', anchor: '2021-11-21' },
      place: GENEVA,
      participants: [{ name: 'UN envoy', role: 'facilitator', as: 'Special Envoy for Syria' }],
      topics: ['constitution'],
      track: 'syrian-constitutional-committee',
      basedOn: ['tehran-times-2021-11-21'],
    });
  });

  it('has every field of the contract', () => {
    expect(world.meeting('scc-geneva-2022-08', 0)).toEqual({
      id: 'scc-geneva-2022-08',
      title: 'Syrian Constitutional Committee meeting',
      form: 'session',
      status: 'announced',
      likelihood: 'may-occur',
      classification: 'public',
      embargoUntil: null,
      when: {
        edtf: '2022-08',
        timezone: 'Europe/Zurich',
        extent: 'within',
        phrase: 'August next year',
        anchor: '2021-11-21',
        precision: 'month',
        earliest: '2022-08-01',
        latest: '2022-08-31',
        display: 'August 2022',
      },
      place: GENEVA,
      participants: [
        {
          party: 'un-envoy',
          name: 'UN envoy',
          role: 'facilitator',
          as: 'Special Envoy for Syria',
          presence: 'unknown',
        },
      ],
      topics: ['constitution'],
      track: 'syrian-constitutional-committee',
      previousDates: [],
      reason: null,
      outcome: null,
      mergedInto: null,
      sources: [
        {
          announcement: 'tehran-times-2021-11-21',
          outlet: 'Tehran Times',
          url: 'https://www.tehrantimes.com/news/467281',
          publishedAt: '2021-11-21',
        },
      ],
      statedAt: '2021-11-21',
      recordedAt: '2021-11-22T08:00:00Z',
      changedAt: '2021-11-22T08:00:00Z',
      links: {
        self: '/meetings/scc-geneva-2022-08',
        history: '/meetings/scc-geneva-2022-08/history',
        ics: '/meetings/scc-geneva-2022-08.ics',
      },
    });
  });

  it('is the same in a list', () => {
    expect(world.list({}, 1).items).toEqual([world.meeting('scc-geneva-2022-08', 1)]);
  });

  it('has its revision for editors', async () => {
    await world.confirm('scc-geneva-2022-08');
    expect(world.meeting('scc-geneva-2022-08', 1, true)).toEqual({
      ...world.meeting('scc-geneva-2022-08', 1),
      revision: 1,
    });
  });

  it('has instants when its time is known, and only then', async () => {
    await world.announce('timed', {
      when: { start: '2022-03-21T10:00', end: '2022-03-21T12:00', timezone: 'Europe/Zurich' },
    });
    expect(world.meeting('timed').when).toMatchObject({
      precision: 'time',
      startsAt: '2022-03-21T09:00:00Z',
      endsAt: '2022-03-21T11:00:00Z',
    });
    expect(world.meeting('scc-geneva-2022-08').when).not.toHaveProperty('startsAt');
  });

  it('holds what it does not know as null or empty', async () => {
    await world.announce('bare', { classification: undefined });
    expect(world.meeting('bare')).toMatchObject({
      ...{
        likelihood: null,
        when: null,
        place: null,
        track: null,
        statedAt: '2021-11-22T08:00:00Z',
      },
      ...{ participants: [], topics: [], sources: [], classification: 'internal' },
    });
  });

  it('counts its time from the first event, and its change from the last', async () => {
    await world.at('2021-11-23T08:00:00Z').confirm('scc-geneva-2022-08');
    await world.at('2021-11-24T08:00:00Z').relocate('scc-geneva-2022-08', { online: true });
    expect(world.meeting('scc-geneva-2022-08')).toMatchObject({
      recordedAt: '2021-11-22T08:00:00Z',
      changedAt: '2021-11-24T08:00:00Z',
    });
  });

  it('has its outcome once it was held', async () => {
    await world.at('2022-08-31T18:00:00Z').hold('scc-geneva-2022-08');
    await world.outcome('scc-geneva-2022-08', 'No agreement.');
    expect(world.meeting('scc-geneva-2022-08').outcome).toBe('No agreement.');
  });

  it('is none when nobody announced it', () => {
    expect(world.find('nothing')).toEqual({ kind: 'none' });
  });

  it('is marked when an event of it could not be applied', () => {
    world.view.quarantine('meeting-scc-geneva-2022-08');
    expect(world.meeting('scc-geneva-2022-08', 0)).toMatchObject({ stale: true });
  });
});

describe('the link to its calendar entry', () => {
  test.each<[string, Body, boolean]>([
    ['a day', { edtf: '2022-08-01' }, true],
    ['a month', { edtf: '2022-08' }, true],
    ['a run of many days', { edtf: '2022-08-01/2022-10-31' }, true],
    ['within more than a month', { edtf: '2022-08-01/2022-09-01', extent: 'within' }, false],
    ['a year', { edtf: '2022' }, false],
    ['an open end', { edtf: '2022-08-01/..' }, false],
    ['an open beginning', { edtf: '../2022-08-01' }, false],
  ])('of %s', async (_, when, shown) => {
    await world.announce('m', { when });
    expect(world.meeting('m').links.ics).toBe(shown ? '/meetings/m.ics' : null);
  });

  it('is null while undated', async () => {
    await world.announce('m');
    expect(world.meeting('m').links.ics).toBeNull();
  });

  it('stays when the date is lost', async () => {
    await world.announce('m', { when: { edtf: '2022-08-01' } });
    await world.postpone('m');
    expect(world.meeting('m').links.ics).toBe('/meetings/m.ics');
    await world.reschedule('m', '2023');
    expect(world.meeting('m').links.ics).toBe('/meetings/m.ics');
  });

  it('stays when a date that came later is lost', async () => {
    await world.announce('m');
    await world.reschedule('m', '2022-08-01');
    await world.postpone('m');
    expect(world.meeting('m').links.ics).toBe('/meetings/m.ics');
  });

  it('is null while not everybody may see the meeting', async () => {
    await world.announce('m', {
      ...{ when: { edtf: '2022-08-01' }, embargoUntil: '2021-11-22T09:00:00Z' },
    });
    expect(world.meeting('m', 1).links.ics).toBeNull();
    world.at('2021-11-22T09:00:00Z');
    expect(world.meeting('m', 1).links.ics).toBe('/meetings/m.ics');
    await world.reclassify('m', 'internal');
    expect(world.meeting('m', 1).links.ics).toBeNull();
  });

  it('is null once the entry that says that it is withdrawn has left the calendar', async () => {
    await world.announce('m', { when: { edtf: '2022-08-01' } });
    await world.withdraw('m');
    const link = () => world.list({ filters: { status: ['withdrawn'] } }, 0).items[0]?.links.ics;
    expect(link()).toBe('/meetings/m.ics');
    world.at('2021-12-22T23:59:59Z');
    expect(link()).toBe('/meetings/m.ics');
    world.at('2021-12-23T00:00:00Z');
    expect(link()).toBeNull();
  });

  it('is null for those who never saw a date', async () => {
    await world.announce('m', { when: { edtf: '2022-08-01' }, classification: 'internal' });
    await world.postpone('m');
    await world.reclassify('m', 'public');
    expect(world.meeting('m', 0).links.ics).toBeNull();
    // The address shows the same to everybody.
    expect(world.meeting('m', 1).links.ics).toBeNull();
    const lastWhen = (level: Level) => world.view.entries.one(world.reader(level), 'm')?.lastWhen;
    expect(lastWhen(0)).toBeNull();
    expect(lastWhen(1)).toMatchObject({ edtf: '2022-08-01' });
  });
});

describe('previousDates', () => {
  it('lists a date that slipped, with its own statedAt and what ended it', async () => {
    await world.publish('tass', { publishedAt: { value: '2021-11-20' } });
    await world.announce('m', { when: { edtf: '2021-11-22' }, statedAt: '2021-10-22' });
    await world.reschedule('m', '2022-01', { reason: 'no agreement', basedOn: ['tass'] });
    expect(world.meeting('m').previousDates).toEqual([
      {
        when: expect.objectContaining({ edtf: '2021-11-22', precision: 'day' }),
        until: '2021-11-20',
        statedAt: '2021-10-22',
        reason: 'no agreement',
        announcement: 'tass',
        days: 70,
        range: [40, 70],
      },
    ]);
  });

  it('has no announcement when none was cited', async () => {
    await world.announce('m', { when: { edtf: '2021-12-01' } });
    await world.reschedule('m', '2022-01');
    expect(world.meeting('m').previousDates[0]?.announcement).toBeNull();
  });

  it('names the first announcement that its reader may see', async () => {
    const hidden = await world.publish('x', { id: undefined, classification: 'confidential' });
    await world.publish('tass');
    await world.announce('m', { when: { edtf: '2021-12-01' } });
    await world.reschedule('m', '2022-01', { basedOn: [hidden.id, 'tass'] });
    expect(world.meeting('m', 2).previousDates[0]?.announcement).toBe(hidden.id);
    expect(world.meeting('m', 1).previousDates[0]?.announcement).toBe('tass');
    await world.reschedule('m', '2022-02', { basedOn: [hidden.id] });
    expect(world.meeting('m', 0).previousDates[1]?.announcement).toBeNull();
  });

  it('lists a refinement too', async () => {
    await world.announce('m', { when: { edtf: '2022-08' } });
    await world.reschedule('m', '2022-08-15');
    expect(previous('m')).toEqual([['August 2022', '2021-11-22', null]]);
  });

  it('lists the date that a postponement took, once', async () => {
    await world.announce('m', { when: { edtf: '2022-08' } });
    await world.postpone('m', { reason: 'requested' });
    await world.reschedule('m', '2022-10');
    expect(previous('m')).toEqual([['August 2022', '2021-11-22', 'requested']]);
    expect(display('m')).toBe('October 2022');
  });

  it('lists the date that announcing changed', async () => {
    await world.propose('m', { when: { edtf: '2022-08' } });
    await world.announced('m', { when: { edtf: '2022-08-15/2022-08-19' } });
    expect(previous('m')).toEqual([['August 2022', '2021-11-22', null]]);
  });

  it('lists the planned date when it was held on another', async () => {
    await world.announce('m', { when: { edtf: '2021-11-20' } });
    await world.hold('m', { when: { edtf: '2021-11-21' } });
    expect(previous('m')).toEqual([['20 November 2021', '2021-11-22', null]]);
  });

  it('lists the date that reinstating replaced', async () => {
    await world.announce('m', { when: { edtf: '2021-12-01' } });
    await world.cancel('m');
    await world.reinstate('m', { when: { edtf: '2021-12-08' }, reason: 'agreed' });
    expect(previous('m')).toEqual([['1 December 2021', '2021-11-22', 'agreed']]);
  });

  it('keeps every one, oldest first', async () => {
    await world.announce('m', { when: { edtf: '2021-12' } });
    await world.reschedule('m', '2022-01');
    await world.reschedule('m', '2022-02');
    await world.postpone('m');
    expect(previous('m').map(([date]) => date)).toEqual([
      'December 2021',
      'January 2022',
      'February 2022',
    ]);
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['a correction', (id) => world.correct(id, { when: { edtf: '2022-01' } })],
    ['a correction to none', (id) => world.correct(id, { when: null })],
    ['confirming', (id) => world.confirm(id)],
    ['cancelling', (id) => world.cancel(id)],
    ['a new place with another zone', (id) => world.relocate(id, GENEVA)],
    ['the same date again', (id) => world.hold(id, { when: { edtf: '2021-11', timezone: 'UTC' } })],
    ['merging', (id) => world.merge(id, 'other')],
    ['withdrawing', (id) => world.withdraw(id)],
    ['classifying', (id) => world.reclassify(id, 'internal')],
  ])('does not list a date after %s', async (_, act) => {
    await world.announce('other');
    await world.announce('m', { when: { edtf: '2021-11' } });
    await act('m');
    expect(previous('m')).toEqual([]);
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['the first date', (id) => world.reschedule(id, '2022-01')],
    ['a postponement', (id) => world.postpone(id)],
    ['being held', (id) => world.hold(id, { when: { edtf: '2021-11-21' } })],
  ])('lists nothing for %s of an undated meeting', async (_, act) => {
    await world.announce('m');
    await act('m');
    expect(previous('m')).toEqual([]);
  });
});

describe('reason is that of the event which set the present status or date', () => {
  beforeEach(() => world.announce('m', { when: { edtf: '2021-12' } }));

  it('of a new date', async () => {
    await world.reschedule('m', '2022-01', { reason: 'no agreement' });
    expect(world.meeting('m').reason).toBe('no agreement');
  });

  it('of a new status, also when that has none', async () => {
    await world.reschedule('m', '2022-01', { reason: 'no agreement' });
    await world.confirm('m');
    expect(world.meeting('m').reason).toBeNull();
    await world.cancel('m', { reason: 'called off' });
    expect(world.meeting('m').reason).toBe('called off');
  });

  test.each<[string, () => Promise<unknown>]>([
    ['another title', () => world.revise('m', { title: 'Talks', reason: 'misheard' })],
    ['another place', () => world.relocate('m', { name: 'Vienna' }, { reason: 'room' })],
    ['a place in another zone', () => world.relocate('m', GENEVA, { reason: 'room' })],
    ['a participant', () => world.join('m', { name: 'Iran', reason: 'invited' })],
    ['a classification', () => world.reclassify('m', 'internal', { reason: 'delicate' })],
  ])('not of %s', async (_, act) => {
    await world.postpone('m', { reason: 'requested' });
    await act();
    expect(world.meeting('m').reason).toBe('requested');
  });

  it('of a withdrawal or merge, whatever day its source is of, and of nothing older', async () => {
    const older = { statedAt: '2021-11-23' };
    const announced = { when: { edtf: '2021-12' }, statedAt: '2021-11-22' };
    world.at('2021-11-25T08:00:00Z');
    for (const id of ['a', 'b']) {
      await world.announce(id, announced);
      await world.reschedule(id, '2022-01', { reason: 'hall taken', statedAt: '2021-11-24' });
    }
    await world.post('/meetings/a/withdraw', { reason: 'entered in error', ...older });
    await world.merge('b', 'm', { reason: 'the same', ...older });
    const reasons = () => ['a', 'b'].map((id) => goneReason(id));
    expect(reasons()).toEqual(['entered in error', 'the same']);
    await world.restore('a');
    expect(world.meeting('a').reason).toBe('it was right');
    await world.cancel('a', { reason: 'called off', statedAt: '2021-11-24' });
    expect(world.meeting('a').reason).toBe('called off');
    const past = { statedDay: '2021-11-25' };
    const stated = world.queries.getMeeting(world.reader(2), 'a', past);
    expect(stated).toMatchObject({ value: { status: 'cancelled', reason: 'called off' } });
  });

  const goneReason = (id: string) => {
    const found = world.find(id);
    return found.kind === 'gone' ? found.value.reason : undefined;
  };

  it('not of what was said before it, when that is recorded later', async () => {
    await world.announce('n', { when: { edtf: '2021-12' }, statedAt: '2021-10-01' });
    await world.cancel('n', { reason: 'called off', statedAt: '2021-11-10' });
    await world.correct('n', { when: { edtf: '2021-12-05' }, statedAt: '2021-11-01' });
    expect(world.meeting('n').reason).toBe('called off');
  });

  it('of what was said before it was released, when that is recorded later', async () => {
    const dated = { when: { edtf: '2021-12' }, statedAt: '2021-10-01' };
    await world.announce('n', { ...dated, classification: 'internal' });
    await world.reclassify('n', 'public');
    await world.reschedule('n', '2022-01', { reason: 'no agreement', statedAt: '2021-11-10' });
    expect(world.meeting('n', 0).reason).toBe('no agreement');
  });
});

describe('statedAt is that of the event which set the date', () => {
  beforeEach(() => world.announce('m', { when: { edtf: '2021-11' }, statedAt: '2021-10-01' }));

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'rescheduling',
      () => world.reschedule('m', '2022-01', { statedAt: '2021-11-01' }),
      '2021-11-01',
    ],
    [
      'correcting',
      () => world.correct('m', { when: { edtf: '2022' }, statedAt: '2021-10-02' }),
      '2021-10-02',
    ],
    [
      'holding on a date',
      () => world.hold('m', { when: { edtf: '2021-11-20' }, statedAt: '2021-11-21' }),
      '2021-11-21',
    ],
    ['postponing', () => world.postpone('m', { statedAt: '2021-11-05' }), '2021-11-05'],
    ['not confirming', () => world.confirm('m', { statedAt: '2021-11-05' }), '2021-10-01'],
    ['not holding as planned', () => world.hold('m', { statedAt: '2021-11-05' }), '2021-10-01'],
    ['not revising', () => world.revise('m', { title: 'x', statedAt: '2021-11-05' }), '2021-10-01'],
    [
      'not moving',
      () => world.relocate('m', { name: 'Vienna' }, { statedAt: '2021-11-05' }),
      '2021-10-01',
    ],
    [
      'not moving to another zone',
      () => world.relocate('m', GENEVA, { statedAt: '2021-11-05' }),
      '2021-10-01',
    ],
  ])('%s', async (_, act, statedAt) => {
    await act();
    expect(world.meeting('m').statedAt).toBe(statedAt);
  });
});

describe('sources', () => {
  const sources = (level: 0 | 1 | 2 = 2) =>
    world.meeting('m', level).sources.map((s) => s.announcement);

  it('are all that its events cite, once each, in that order', async () => {
    for (const id of ['a', 'b', 'c']) await world.publish(id);
    await world.announce('m', { basedOn: ['b'] });
    await world.confirm('m', { basedOn: ['a', 'b'] });
    await world.join('m', { name: 'Iran', basedOn: ['c'] });
    expect(sources()).toEqual(['b', 'a', 'c']);
  });

  it('are those that the reader may see', async () => {
    await world.publish('public');
    await world.publish('internal', { classification: 'internal' });
    await world.announce('m', { basedOn: ['internal', 'public'] });
    expect(sources(0)).toEqual(['public']);
    expect(sources(1)).toEqual(['internal', 'public']);
  });

  it('are as they now are, and marked when retracted', async () => {
    await world.publish('a');
    await world.announce('m', { basedOn: ['a'] });
    await world.correctReport('a', { outlet: 'SANA', url: 'https://sana.sy/en' });
    await world.at('2021-11-23T08:00:00Z').retract('a', 'wrong date');
    expect(world.meeting('m', 0).sources).toEqual([
      {
        announcement: 'a',
        outlet: 'SANA',
        url: 'https://sana.sy/en',
        publishedAt: '2021-11-21',
        retracted: { reason: 'wrong date', recordedAt: '2021-11-23T08:00:00Z' },
      },
    ]);
  });

  it('of a released meeting are those cited before, too', async () => {
    await world.publish('a');
    await world.announce('m', { basedOn: ['a'], classification: 'internal' });
    await world.reclassify('m', 'public');
    expect(sources(0)).toEqual(['a']);
  });
});

describe('a meeting that is gone', () => {
  beforeEach(async () => {
    await world.announce('stays', { when: { edtf: '2022-08' } });
    await world.announce('twin', { when: { edtf: '2022-08' } });
  });
  const gone = (id: string, level: 0 | 1 | 2 = 0) => {
    const found = world.find(id, level);
    return found.kind === 'gone' ? [found.status, found.into, found.value.mergedInto] : found.kind;
  };

  it('points to the one that stays', async () => {
    await world.merge('twin', 'stays');
    expect(gone('twin')).toEqual(['merged', 'stays', 'stays']);
    expect(gone('stays')).toBe('found');
  });

  it('keeps what it was', async () => {
    await world.merge('twin', 'stays');
    expect(world.meeting('twin')).toMatchObject({
      status: 'merged',
      when: expect.objectContaining({ edtf: '2022-08' }),
    });
  });

  it('points nowhere when it was withdrawn', async () => {
    await world.withdraw('twin');
    expect(gone('twin')).toEqual(['withdrawn', null, null]);
  });

  it('points nowhere when the survivor is hidden from the reader', async () => {
    await world.merge('twin', 'stays');
    await world.reclassify('stays', 'internal');
    expect(gone('twin', 0)).toEqual(['merged', null, null]);
    expect(gone('twin', 1)).toEqual(['merged', 'stays', 'stays']);
  });

  it('points nowhere when the survivor is itself gone', async () => {
    await world.merge('twin', 'stays');
    await world.announce('third');
    await world.merge('stays', 'third');
    expect(gone('twin')).toEqual(['merged', null, null]);
    await world.restore('stays');
    expect(gone('twin')).toEqual(['merged', 'stays', 'stays']);
    await world.withdraw('stays');
    expect(gone('twin')).toEqual(['merged', null, null]);
  });

  it('comes back as it was', async () => {
    await world.confirm('twin');
    const before = world.meeting('twin');
    await world.merge('twin', 'stays');
    await world.restore('twin', 'not the same');
    expect(world.meeting('twin')).toEqual({ ...before, reason: 'not the same' });
  });
});

describe('of two merges that would close a circle', () => {
  let first: string;
  let second: string;

  // Two nodes, each of which read the other meeting before it was merged.
  beforeEach(async () => {
    for (const id of ['a', 'b', 'c']) await world.announce(id, { when: { edtf: '2022-08' } });
    await world.merge('a', 'b');
    first = (await world.merge('b', 'c')).eventId;
    second = await world.append('meeting', 'c', 'MeetingMerged', { into: 'a' });
  });

  it('the later one is ignored', () => {
    expect(world.find('b')).toMatchObject({ kind: 'gone', into: 'c' });
    expect(world.find('c').kind).toBe('found');
    expect(world.ids()).toEqual(['c']);
    expect(world.history('c').map(({ type }) => type)).toEqual(['announced']);
  });

  it('its revision counts, so that the next command meets the stream as it is', () => {
    expect(world.meeting('c', 2, true).revision).toBe(1);
  });

  it('its moment counts, so that a release comes no earlier', async () => {
    await world.announce('d', { embargoUntil: '2021-11-23T08:00:00Z' });
    await world.announce('e');
    await world.merge('e', 'd');
    world.at('2021-11-24T08:00:00Z');
    await world.append('meeting', 'd', 'MeetingMerged', { into: 'e' });
    expect(world.meeting('d', 0).recordedAt).toBe('2021-11-24T08:00:00Z');
  });

  it('is flagged', () => {
    const row = world.view.db.prepare("SELECT record FROM meetings WHERE id = 'c'").get();
    expect(JSON.parse(`${row?.record}`)).toMatchObject({ circle: true });
    expect(world.meeting('c').status).toBe('announced');
  });

  it('its id is known as applied and as a cursor, though it changed nothing', async () => {
    expect(world.view.has(second)).toBe(true);
    expect(world.changes({ after: second }).items).toEqual([]);
    const { eventId } = await world.publish('r');
    const after = world.changes({ after: second }).items.map(({ cursor }) => cursor);
    expect(after).toEqual([eventId]);
    expect(world.changes({ after: first }).items.map(({ cursor }) => cursor)).toEqual([eventId]);
  });

  it('claims on the merged ones count for the one that stays', async () => {
    const claim = { id: 'x', meeting: 'a', field: 'when', value: { edtf: '2022-08' } };
    await world.publish('r', { claims: [claim] });
    expect(world.report('r').claims[0]?.agreement).toBe('agrees');
  });
});

it('goes on when many meetings change their texts', async () => {
  for (let i = 0; i < 12; i += 1) await world.announce(`m${i}`);
  for (let i = 0; i < 12; i += 1) await world.revise(`m${i}`, { title: `Talks ${i}` });
  expect(world.ids({ filters: { q: ['talks'] } })).toHaveLength(12);
  expect(world.ids({ filters: { q: ['session'] } })).toHaveLength(0);
});
