import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../../projections/entry.ts';
import type { MeetingFilters } from '../../projections/types.ts';
import { type FeedOptions, filterOf, filterQuery } from '../../src/ical/index.ts';
import { feedText, TODAY } from './support/feeds.ts';
import { valuesOf } from './support/read.ts';
import { at, on, options, row } from './support/rows.ts';

/** Whether a feed with these filters has the meeting. */
async function has(
  changes: Partial<EntryRow>,
  filters: MeetingFilters,
  chosen: Partial<FeedOptions> = {},
): Promise<boolean> {
  const filter = filterOf(filters);
  const text = await feedText([row(changes)], {
    options: options(chosen),
    todayUtc: TODAY,
    ...(filter === undefined ? {} : { filter }),
  });
  return valuesOf(text, 'UID').length === 1;
}

const HEAD = {
  party: 'un-envoy',
  name: 'Lavrentyév',
  as: 'Special Envoy',
  role: 'head',
  presence: 'expected',
} as const;

describe('filters: the same names as REST', () => {
  const MEETING: Partial<EntryRow> = {
    when: on('2022-07-25/2022-07-29'),
    participants: [HEAD],
    place: { name: 'Genève', country: 'CH', venue: 'Palais' },
    topics: ['constitution', 'water'],
  };

  test.each<[MeetingFilters, boolean]>([
    [{ participant: ['un-envoy'] }, true],
    [{ participant: ['iran'] }, false],
    [{ participant: ['iran', 'un-envoy'] }, true],
    [{ country: ['CH'] }, true],
    [{ country: ['AT'] }, false],
    [{ place: ['geneve'] }, true],
    [{ place: ['GENÈVE'] }, true],
    [{ place: ['gene'] }, false],
    [{ track: ['syrian-constitutional-committee'] }, true],
    [{ track: ['astana'] }, false],
    [{ topic: ['water'] }, true],
    [{ topic: ['detainees'] }, false],
    [{ form: ['session'] }, true],
    [{ form: ['summit'] }, false],
    [{ status: ['announced'] }, true],
    [{ status: ['confirmed'] }, false],
    [{ precision: ['days'] }, true],
    [{ precision: ['month'] }, false],
    [{ q: ['lavrentyev'] }, true],
    [{ q: ['special geneve'] }, true],
    [{ q: ['special astana'] }, false],
    [{ q: ['astana', 'palais'] }, true],
    [{ from: '2022-07-29' }, true],
    [{ from: '2022-07-30' }, false],
    [{ to: '2022-07-25' }, true],
    [{ to: '2022-07-24' }, false],
    [{ country: ['CH'], form: ['summit'] }, false],
    [{}, true],
  ])('%j: %s', async (filters, expected) => {
    expect(await has(MEETING, filters)).toBe(expected);
  });

  test('certain=true wants a coarse date wholly between from and to', async () => {
    const august = { when: on('2022-08') };
    const range = { from: '2022-08-10', to: '2022-09-30' };
    expect(await has(august, range)).toBe(true);
    expect(await has(august, { ...range, certain: true })).toBe(false);
    expect(await has(august, { ...range, from: '2022-08-01', certain: true })).toBe(true);
  });

  test('instants are compared with instants', async () => {
    const timed = { when: at('2022-07-25T10:00', 'Europe/Zurich', '2022-07-25T12:00') };
    expect(await has(timed, { from: '2022-07-25T09:59:59Z' })).toBe(true);
    expect(await has(timed, { from: '2022-07-25T10:00:00Z' })).toBe(false);
  });

  test('a q without a word is refused', () => {
    expect(() => filterOf({ q: ['–'] })).toThrow('must contain at least one word');
  });

  test('a from that is no date is refused', () => {
    expect(() => filterOf({ from: 'soon' })).toThrow('soon');
  });
});

describe('filters: what was shown stays, cancelled', () => {
  const DAY = on('2022-07-10');

  test.each<[string, Partial<EntryRow>]>([
    ['cancelled', { status: 'cancelled', statuses: ['announced', 'confirmed', 'cancelled'] }],
    ['not held', { status: 'not-held', statuses: ['confirmed', 'not-held'] }],
    [
      'withdrawn',
      { status: 'withdrawn', statuses: ['confirmed', 'withdrawn'], goneAt: '2022-06-30T00:00:00Z' },
    ],
    [
      'merged',
      { status: 'merged', statuses: ['confirmed', 'merged'], goneAt: '2022-06-30T00:00:00Z' },
    ],
    [
      'postponed',
      { status: 'postponed', statuses: ['confirmed', 'postponed'], when: null, lastWhen: DAY },
    ],
  ])('%s passes the status it had', async (_, changes) => {
    expect(await has({ when: DAY, ...changes }, { status: ['confirmed'] })).toBe(true);
    expect(await has({ when: DAY, ...changes }, { status: ['held'] })).toBe(false);
    expect(await has({ when: DAY, ...changes }, { status: [changes.status ?? 'held'] })).toBe(true);
  });

  test('one that lost its date passes the status it had', async () => {
    const lost = { when: null, dates: [DAY], statuses: ['confirmed', 'announced'] as const };
    expect(await has(lost, { status: ['confirmed'] })).toBe(true);
  });

  test('one that goes on passes its present status only', async () => {
    const held = { status: 'held', when: DAY, statuses: ['confirmed', 'held'] } as const;
    expect(await has(held, { status: ['confirmed'] })).toBe(false);
    expect(await has(held, { status: ['held'] })).toBe(true);
  });

  test('dates are those on which the entry stands: of a postponed one, its last', async () => {
    const postponed = { status: 'postponed', when: null, lastWhen: DAY, dates: [DAY] } as const;
    expect(await has(postponed, { from: '2022-07-10', to: '2022-07-10' })).toBe(true);
    expect(await has(postponed, { from: '2022-07-11' })).toBe(false);
    expect(await has(postponed, { precision: ['day'] })).toBe(true);
  });

  test('of one that became a year, its last shown', async () => {
    const year = { when: on('2022'), dates: [DAY, on('2022')] };
    expect(await has(year, { from: '2022-07-10', to: '2022-07-10' })).toBe(true);
    expect(await has(year, { precision: ['year'] })).toBe(false);
    expect(await has(year, { precision: ['year'] }, { approx: 'marker' })).toBe(true);
  });
});

describe('filters that say the same are one feed', () => {
  test.each<[MeetingFilters, string]>([
    [
      { topic: ['water', 'constitution'], country: ['CH'] },
      'country=CH&topic=constitution&topic=water',
    ],
    [{ country: ['CH', 'CH'], certain: false }, 'country=CH'],
    [{ place: ['Genève & Bern'] }, 'place=Gen%C3%A8ve%20%26%20Bern'],
    [{ certain: true, from: '2022-01-01' }, 'certain=true&from=2022-01-01'],
  ])('%j is %s', (filters, query) => {
    expect(filterQuery(filters)).toBe(query);
    expect(filterOf(filters)?.key).toBe(query);
  });
});
