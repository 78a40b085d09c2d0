import { describe, expect, test } from 'vitest';
import type { MeetingStatus } from '../../events/values.ts';
import type { EntryRow } from '../../projections/entry.ts';
import type { FeedOptions } from '../../src/ical/index.ts';
import { lineOf, soleValue, words } from './support/read.ts';
import { AUGUST, at, DAY, on, rendered } from './support/rows.ts';

const TITLE = 'Syrian Constitutional Committee meeting';
const YEAR = on('2022');

const statusOf = (changes: Partial<EntryRow>, options: Partial<FeedOptions> = {}) =>
  soleValue(rendered(changes, options), 'STATUS');
const titleOf = (changes: Partial<EntryRow>, options: Partial<FeedOptions> = {}) =>
  words(soleValue(rendered(changes, options), 'SUMMARY'));

/** Meetings in every state that a prefix or a STATUS depends on. */
const postponed = { status: 'postponed', when: null, lastWhen: DAY } as const;
const open = { when: null, dates: [DAY] } as const;

describe('STATUS', () => {
  test.each<[MeetingStatus, string]>([
    ['proposed', 'TENTATIVE'],
    ['announced', 'TENTATIVE'],
    ['confirmed', 'CONFIRMED'],
    ['held', 'CONFIRMED'],
    ['cancelled', 'CANCELLED'],
    ['not-held', 'CANCELLED'],
    ['withdrawn', 'CANCELLED'],
    ['merged', 'CANCELLED'],
  ])('of %s on a day is %s', (status, written) => {
    expect(statusOf({ status, when: DAY })).toBe(written);
  });

  test.each<[MeetingStatus, string]>([
    ['proposed', 'TENTATIVE'],
    ['announced', 'TENTATIVE'],
    ['confirmed', 'TENTATIVE'],
    ['held', 'CONFIRMED'],
    ['cancelled', 'CANCELLED'],
    ['not-held', 'CANCELLED'],
    ['withdrawn', 'CANCELLED'],
    ['merged', 'CANCELLED'],
  ])('of %s in August 2022, a coarse date, is %s', (status, written) => {
    expect(statusOf({ status, when: AUGUST })).toBe(written);
  });

  test('of confirmed through 25–29 July, which is not coarse, is CONFIRMED', () => {
    expect(statusOf({ status: 'confirmed', when: on('2022-07-25/2022-07-29') })).toBe('CONFIRMED');
  });

  test('of confirmed at a time is CONFIRMED', () => {
    const when = at('2022-06-10T10:00', 'Europe/Zurich');
    expect(statusOf({ status: 'confirmed', when })).toBe('CONFIRMED');
  });
});

describe('title: one prefix, strongest first', () => {
  test.each<[MeetingStatus, string]>([
    ['cancelled', '[CANCELLED]'],
    ['not-held', '[NOT HELD]'],
    ['withdrawn', '[WITHDRAWN]'],
    ['merged', '[MERGED]'],
  ])('%s is %s', (status, prefix) => {
    expect(titleOf({ status, when: DAY })).toBe(`${prefix} ${TITLE}`);
  });

  test('postponed is [POSTPONED]', () => {
    expect(titleOf(postponed)).toBe(`[POSTPONED] ${TITLE}`);
  });

  test('a lost date is [DATE OPEN]', () => {
    expect(titleOf(open)).toBe(`[DATE OPEN] ${TITLE}`);
  });

  test('a coarse date is said, and that it is to be confirmed', () => {
    expect(titleOf({})).toBe(`[August 2022, date TBC] ${TITLE}`);
  });

  test('a coarse date of one that was held is said alone', () => {
    expect(titleOf({ status: 'held' })).toBe(`[August 2022] ${TITLE}`);
  });

  test.each(['2022-06-10?', '2022-06-10~', '2022-06-10%', '2022-06-10?/2022-06-12'])(
    '%s is [date uncertain]',
    (edtf) => {
      expect(titleOf({ when: on(edtf) })).toBe(`[date uncertain] ${TITLE}`);
    },
  );

  test.each<[string, Partial<EntryRow>]>([
    ['a day', { when: DAY }],
    ['a run of days', { when: on('2022-07-25/2022-07-29') }],
    ['a time', { when: at('2022-06-10T10:00', 'Europe/Zurich') }],
  ])('%s has no prefix', (_, changes) => {
    expect(titleOf(changes)).toBe(TITLE);
  });

  test.each<[string, Partial<EntryRow>, string]>([
    ['cancelled over a lost date', { ...open, status: 'cancelled' }, '[CANCELLED]'],
    ['not held over a coarse date', { status: 'not-held' }, '[NOT HELD]'],
    ['merged over an uncertain date', { status: 'merged', when: on('2022-06-10?') }, '[MERGED]'],
    ['withdrawn over a coarse date', { status: 'withdrawn' }, '[WITHDRAWN]'],
    ['postponed over a coarse date', { ...postponed, lastWhen: AUGUST }, '[POSTPONED]'],
    [
      'postponed over a lost date',
      { status: 'postponed', when: null, lastWhen: YEAR, dates: [DAY, YEAR] },
      '[POSTPONED]',
    ],
    ['a lost date over the coarse one it had', { when: null, dates: [AUGUST] }, '[DATE OPEN]'],
    ['a lost date over held', { ...open, status: 'held' }, '[DATE OPEN]'],
    [
      'a coarse date over its uncertainty',
      { when: on('2022-08~') },
      '[about August 2022, date TBC]',
    ],
  ])('%s', (_, changes, prefix) => {
    expect(titleOf(changes)).toBe(`${prefix} ${TITLE}`);
  });
});

const OFF: readonly MeetingStatus[] = ['cancelled', 'not-held', 'withdrawn', 'merged'];

describe('cancelled=status|label|hide', () => {
  test.each(OFF)('label: %s keeps its prefix, STATUS is CONFIRMED', (status) => {
    const label = { cancelled: 'label' } as const;
    expect(statusOf({ status, when: DAY }, label)).toBe('CONFIRMED');
    expect(titleOf({ status, when: DAY }, label)).toBe(titleOf({ status, when: DAY }));
  });

  test.each(OFF)('hide: %s is left out', (status) => {
    expect(rendered({ status, when: DAY }, { cancelled: 'hide' })).toBeNull();
  });

  test.each(['label', 'hide'] as const)('%s does not touch a postponed one', (cancelled) => {
    expect(rendered(postponed, { cancelled })).toBe(rendered(postponed));
  });

  test.each(['label', 'hide'] as const)('%s does not touch a lost date', (cancelled) => {
    expect(rendered(open, { cancelled })).toBe(rendered(open));
  });

  test.each<MeetingStatus>(['proposed', 'announced', 'confirmed', 'held'])(
    'label and hide do not touch %s',
    (status) => {
      const shown = rendered({ status, when: DAY });
      expect(rendered({ status, when: DAY }, { cancelled: 'label' })).toBe(shown);
      expect(rendered({ status, when: DAY }, { cancelled: 'hide' })).toBe(shown);
    },
  );
});

describe('postponed=cancelled|tentative', () => {
  test('a postponed one is CANCELLED on its old date', () => {
    expect(statusOf(postponed)).toBe('CANCELLED');
    expect(lineOf(rendered(postponed), 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220610');
  });

  test('tentative: a postponed one is TENTATIVE on its old date, with the prefix', () => {
    const text = rendered(postponed, { postponed: 'tentative' });
    expect(soleValue(text, 'STATUS')).toBe('TENTATIVE');
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220610');
    expect(soleValue(text, 'SUMMARY')).toBe(`[POSTPONED] ${TITLE}`);
  });

  test('a lost date is CANCELLED', () => {
    expect(statusOf(open)).toBe('CANCELLED');
  });

  test.each<MeetingStatus>(['announced', 'confirmed', 'held'])(
    'a lost date is CANCELLED also when %s',
    (status) => {
      expect(statusOf({ ...open, status })).toBe('CANCELLED');
    },
  );

  test('tentative: [DATE OPEN] follows it', () => {
    expect(statusOf(open, { postponed: 'tentative' })).toBe('TENTATIVE');
    expect(titleOf(open, { postponed: 'tentative' })).toBe(`[DATE OPEN] ${TITLE}`);
  });

  test.each(OFF)('tentative does not touch %s, even when its date was lost', (status) => {
    expect(statusOf({ ...open, status }, { postponed: 'tentative' })).toBe('CANCELLED');
  });

  test('a postponed one that never had a date is left out', () => {
    expect(rendered({ status: 'postponed', when: null, lastWhen: null })).toBeNull();
  });
});
