import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../../projections/entry.ts';
import type { ResolvedWhen } from '../../src/domain/date/index.ts';
import { type FeedOptions, renderEntry } from '../../src/ical/index.ts';
import { lineOf, soleValue } from './support/read.ts';
import { AUGUST, at, DAY, on, options, rendered, row } from './support/rows.ts';

/** Both ends as written; null when the entry is left out. */
function ends(
  changes: Partial<EntryRow>,
  chosen: Partial<FeedOptions> = {},
): (string | undefined)[] | null {
  const text = rendered(changes, chosen);
  return text === null ? null : [lineOf(text, 'DTSTART'), lineOf(text, 'DTEND')];
}

const allDay = (first: string, afterLast: string): string[] => [
  `DTSTART;VALUE=DATE:${first}`,
  `DTEND;VALUE=DATE:${afterLast}`,
];

const within = (from: string, to: string): ResolvedWhen =>
  on({ edtf: `${from}/${to}`, extent: 'within' });

describe('all-day: VALUE=DATE, DTEND exclusive', () => {
  test.each([
    ['one day', '2022-06-10', '20220610', '20220611'],
    ['the last of a year', '2022-12-31', '20221231', '20230101'],
    ['a leap day', '2024-02-29', '20240229', '20240301'],
    ['a run of days', '2022-03-21/2022-03-25', '20220321', '20220326'],
  ])('%s', (_, edtf, first, afterLast) => {
    expect(ends({ when: on(edtf) })).toEqual(allDay(first, afterLast));
  });

  test('a day has no zone and no time, whatever its zone', () => {
    const when = on({ edtf: '2022-06-10', timezone: 'Pacific/Auckland' });
    expect(ends({ when })).toEqual(allDay('20220610', '20220611'));
  });
});

describe('coarse date: approx=span', () => {
  test('a month is all-day over its whole span', () => {
    expect(ends({})).toEqual(allDay('20220801', '20220901'));
  });

  test('the week of 20 March is all-day from the 20th to the 26th', () => {
    const when = within('2022-03-20', '2022-03-26');
    expect(ends({ when })).toEqual(allDay('20220320', '20220327'));
  });

  test('31 days are shown, across two months too', () => {
    const when = within('2022-03-20', '2022-04-19');
    expect(ends({ when })).toEqual(allDay('20220320', '20220420'));
  });

  test('32 days are left out', () => {
    expect(ends({ when: within('2022-03-20', '2022-04-20') })).toBeNull();
  });

  test.each(['2022-33', '2022-21', '2022-40', '2022', '2022-05/2022-06'])(
    '%s, longer than 31 days, is left out',
    (edtf) => {
      expect(ends({ when: on(edtf) })).toBeNull();
    },
  );
});

describe('coarse date: approx=marker', () => {
  test.each([
    ['a month', '2022-08', '20220801', '20220802', '[August 2022\\, date TBC]'],
    ['a year', '2022', '20220101', '20220102', '[2022\\, date TBC]'],
    ['a season', '2022-21', '20220301', '20220302', '[spring 2022\\, date TBC]'],
  ])('%s is one day, its first, and the title says so', (_, edtf, first, next, prefix) => {
    const text = rendered({ when: on(edtf) }, { approx: 'marker' });
    expect([lineOf(text, 'DTSTART'), lineOf(text, 'DTEND')]).toEqual(allDay(first, next));
    expect(soleValue(text, 'SUMMARY')).toBe(`${prefix} Syrian Constitutional Committee meeting`);
  });

  test('of one that was held says the span alone', () => {
    const text = rendered({ status: 'held', when: on('2022') }, { approx: 'marker' });
    expect(soleValue(text, 'SUMMARY')).toBe('[2022] Syrian Constitutional Committee meeting');
  });

  test.each(['../2021-11-21', '2022-08/..'])('%s, an open interval, is left out', (edtf) => {
    expect(ends({ when: on(edtf) }, { approx: 'marker' })).toBeNull();
  });
});

describe('coarse date: approx=omit', () => {
  test.each(['2022-08', '2022', '2022-33'])('%s is left out', (edtf) => {
    expect(ends({ when: on(edtf) }, { approx: 'omit' })).toBeNull();
  });

  test('the week of 20 March is left out', () => {
    expect(ends({ when: within('2022-03-20', '2022-03-26') }, { approx: 'omit' })).toBeNull();
  });
});

describe('coarse date: throughout days are not coarse', () => {
  test.each(['span', 'marker', 'omit'] as const)(
    'under approx=%s a session of days is an ordinary all-day run',
    (approx) => {
      const text = rendered({ when: on('2022-03-21/2022-03-25') }, { approx });
      expect([lineOf(text, 'DTSTART'), lineOf(text, 'DTEND')]).toEqual(
        allDay('20220321', '20220326'),
      );
      expect(soleValue(text, 'SUMMARY')).toBe('Syrian Constitutional Committee meeting');
    },
  );

  test('also when it lasts longer than 31 days', () => {
    const when = on('2022-03-01/2022-05-31');
    expect(ends({ when })).toEqual(allDay('20220301', '20220601'));
  });

  test.each(['span', 'marker', 'omit'] as const)('under approx=%s a time is as it is', (approx) => {
    const when = at('2022-06-10T10:00', 'UTC');
    expect(ends({ when }, { approx })).toEqual(['DTSTART:20220610T100000Z', undefined]);
  });
});

describe('never shown or no longer', () => {
  test('undated from the start is left out', () => {
    expect(rendered({ when: null })).toBeNull();
  });

  test.each(['../2021-11-21', '2022-08/..'])('%s, an open interval, is left out', (edtf) => {
    expect(rendered({ when: on(edtf) })).toBeNull();
  });

  test('a date that never fitted the feed is left out after it was lost', () => {
    expect(rendered({ when: null, dates: [on('2022')] })).toBeNull();
  });

  test.each<[string, Partial<EntryRow>]>([
    ['none', { when: null, dates: [DAY] }],
    ['a year', { when: on('2022'), dates: [DAY, on('2022')] }],
    ['an open interval', { when: on('2022-08/..'), dates: [DAY, on('2022-08/..')] }],
  ])('one that was shown stays on its last shown date after a correction to %s', (_, changes) => {
    const text = rendered(changes);
    expect([lineOf(text, 'DTSTART'), lineOf(text, 'DTEND')]).toEqual(
      allDay('20220610', '20220611'),
    );
    expect(soleValue(text, 'STATUS')).toBe('CANCELLED');
    expect(soleValue(text, 'SUMMARY')).toBe('[DATE OPEN] Syrian Constitutional Committee meeting');
  });

  test('of several dates it stays on the last that was shown', () => {
    const dates = [on('2022-05-02'), DAY, on('2022')];
    expect(ends({ when: null, dates })).toEqual(allDay('20220610', '20220611'));
  });

  test('a lost time stays at its time', () => {
    const dates = [at('2022-06-10T10:00', 'UTC', '2022-06-10T12:00')];
    expect(ends({ when: null, dates })).toEqual([
      'DTSTART:20220610T100000Z',
      'DTEND:20220610T120000Z',
    ]);
  });

  test('a date that fits again takes the entry back', () => {
    const text = rendered({ when: on('2022-06-20'), dates: [DAY, on('2022'), on('2022-06-20')] });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220620');
    expect(soleValue(text, 'SUMMARY')).toBe('Syrian Constitutional Committee meeting');
  });

  test("what was shown is judged under the feed's options: approx=omit never showed August", () => {
    expect(rendered({ when: null, dates: [AUGUST] })).not.toBeNull();
    expect(rendered({ when: null, dates: [AUGUST] }, { approx: 'omit' })).toBeNull();
  });

  test('under approx=omit a day that became a month stays on the day, date open', () => {
    const text = rendered({ when: AUGUST, dates: [DAY, AUGUST] }, { approx: 'omit' });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220610');
    expect(soleValue(text, 'SUMMARY')).toBe('[DATE OPEN] Syrian Constitutional Committee meeting');
  });

  test('under approx=marker a day that became a year is shown on the year', () => {
    const text = rendered({ when: on('2022'), dates: [DAY, on('2022')] }, { approx: 'marker' });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220101');
    expect(soleValue(text, 'STATUS')).toBe('TENTATIVE');
  });

  test('a postponed one whose last date was never shown stays on the one that was', () => {
    const text = rendered({
      status: 'postponed',
      when: null,
      lastWhen: on('2022'),
      dates: [DAY, on('2022')],
    });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;VALUE=DATE:20220610');
    expect(soleValue(text, 'STATUS')).toBe('CANCELLED');
  });

  test('the present date counts whether or not the history holds it', () => {
    expect(rendered({ when: DAY, dates: [] })).toBe(rendered({ when: DAY, dates: [DAY] }));
  });

  test('so does the last date of a postponed one', () => {
    const dates = [on('2022-05-02')];
    expect(ends({ status: 'postponed', when: null, lastWhen: DAY, dates })).toEqual(
      allDay('20220610', '20220611'),
    );
  });

  test('the last day that a date can have is shown', () => {
    expect(ends({ when: on('9998-12') })).toEqual(allDay('99981201', '99990101'));
  });
});

describe('never shown or no longer: filters test the date that the entry stands on', () => {
  const standsOn = (changes: Partial<EntryRow>, chosen: Partial<FeedOptions> = {}) =>
    renderEntry(row(changes), options(chosen))?.standsOn;

  test('the present one', () => {
    expect(standsOn({ when: AUGUST })).toEqual({
      first: '2022-08-01',
      last: '2022-08-31',
      endMs: Date.parse('2022-08-31T21:59:59.999Z'),
      when: AUGUST,
    });
  });

  test('of a postponed one, its last', () => {
    expect(standsOn({ status: 'postponed', when: null, lastWhen: DAY })?.when).toBe(DAY);
  });

  test('of one that lost its date, the last shown', () => {
    const dates = [on('2022-05-02'), DAY, on('2022')];
    expect(standsOn({ when: on('2022'), dates })).toMatchObject({ last: '2022-06-10', when: DAY });
  });

  test('of a marker, its whole span', () => {
    const when = on('2022');
    const { first, last } = standsOn({ when }, { approx: 'marker' }) ?? {};
    expect([first, last]).toEqual(['2022-01-01', '2022-12-31']);
  });

  test('of a time, its local days and its end', () => {
    const when = at('2022-06-10T22:00', 'Europe/Zurich', '2022-06-11T01:00');
    expect(standsOn({ when })).toEqual({
      first: '2022-06-10',
      last: '2022-06-11',
      endMs: Date.parse('2022-06-10T23:00:00Z'),
      when,
    });
  });
});

describe('no end', () => {
  test('a timed meeting without end has no DTEND and no DURATION', () => {
    const text = rendered({ when: at('2022-06-10T10:00', 'Europe/Zurich') });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART;TZID=Europe/Zurich:20220610T100000');
    expect(lineOf(text, 'DTEND')).toBeUndefined();
    expect(lineOf(text, 'DURATION')).toBeUndefined();
  });

  test('nor in UTC', () => {
    const text = rendered({ when: at('2022-06-10T10:00', 'UTC') });
    expect(lineOf(text, 'DTSTART')).toBe('DTSTART:20220610T100000Z');
    expect(lineOf(text, 'DTEND')).toBeUndefined();
  });

  // 02:30 does not exist that night and means 03:30; resolving it again may leave no time in between.
  test('an end that the zone has pushed onto the start is no end', () => {
    const when = at('2022-03-27T02:30', 'Europe/Zurich', '2022-03-27T03:30');
    expect(when).toMatchObject({
      startsAt: '2022-03-27T01:30:00Z',
      endsAt: '2022-03-27T01:30:00Z',
    });
    expect(lineOf(rendered({ when }), 'DTEND')).toBeUndefined();
  });
});
