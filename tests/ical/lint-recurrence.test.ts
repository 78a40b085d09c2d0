import { describe, expect, test } from 'vitest';
import { lint } from '../../src/ical/index.ts';

/** Recurring events of foreign feeds; our own have none. */

const HEAD = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Somebody//Something//EN'];
const event = (...lines: string[]) => [
  ...['BEGIN:VEVENT', 'UID:1@example.org', 'DTSTAMP:20211121T200000Z'],
  ...lines,
  'END:VEVENT',
];
const found = (...events: string[][]) =>
  lint(Buffer.from([...HEAD, ...events.flat(), 'END:VCALENDAR', ''].join('\r\n'))).map(
    ({ line, severity, rule }) => `${line} ${severity} ${rule}`,
  );

const TIME = 'DTSTART:20220610T100000Z';
const DAY = 'DTSTART;VALUE=DATE:20220610';

describe('RRULE (RFC 5545 §3.3.10)', () => {
  test.each([
    'FREQ=WEEKLY;WKST=MO;UNTIL=20241231T225959Z;BYDAY=MO,WE',
    'FREQ=MONTHLY;INTERVAL=2;BYDAY=-1SU,2TU;BYSETPOS=-1',
    'FREQ=YEARLY;COUNT=3;BYMONTH=6,12;BYMONTHDAY=-1',
    'FREQ=YEARLY;BYYEARDAY=366;BYWEEKNO=-53',
    'FREQ=DAILY;BYHOUR=0,23;BYMINUTE=59;BYSECOND=60',
    'freq=daily;count=2',
    'RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD',
  ])('%s is sound', (rule) => {
    expect(found(event(TIME, `RRULE:${rule}`))).toEqual([]);
  });

  test.each([
    'COUNT=3',
    'FREQ=FORTNIGHTLY',
    'FREQ=DAILY;FREQ=DAILY',
    'FREQ=DAILY;COUNT=3;UNTIL=20240701T000000Z',
    'FREQ=DAILY;COUNT=0',
    'FREQ=DAILY;INTERVAL=0',
    'FREQ=DAILY;INTERVAL=1.5',
    'FREQ=YEARLY;BYMONTH=13',
    'FREQ=YEARLY;BYMONTH=5L',
    'FREQ=MONTHLY;BYMONTHDAY=0',
    'FREQ=MONTHLY;BYDAY=XX',
    'FREQ=DAILY;BYHOUR=24',
    'FREQ=DAILY;WKST=1MO',
    'FREQ=DAILY;EVERY=2',
    'FREQ=DAILY;',
  ])('%s is not', (rule) => {
    expect(found(event(TIME, `RRULE:${rule}`))).toEqual(['8 error value']);
  });
});

describe('EXDATE, RDATE and RECURRENCE-ID are of the type of DTSTART (§3.8.4.4, §3.8.5)', () => {
  test.each([
    [[TIME, 'EXDATE:20220611T100000Z,20220612T100000Z']],
    [[DAY, 'EXDATE;VALUE=DATE:20220611']],
    [[TIME, 'RDATE;VALUE=PERIOD:20220611T100000Z/PT1H']],
    [[TIME, 'RDATE;VALUE=DATE-TIME:20220611T100000Z']],
  ])('sound: %j', (lines) => {
    expect(found(event(...lines))).toEqual([]);
  });

  test.each([
    ['a day for a time', [TIME, 'EXDATE;VALUE=DATE:20220611']],
    ['a time for a day', [DAY, 'EXDATE:20220611T100000Z']],
    ['a day that does not say so', [DAY, 'EXDATE:20220611']],
    ['an added day that does not say so', [TIME, 'RDATE:20220611']],
    ['a period that is left out', [TIME, 'EXDATE;VALUE=PERIOD:20220611T100000Z/PT1H']],
    ['a text', [TIME, 'RDATE;VALUE=TEXT:tomorrow']],
  ])('%s is not', (_, lines) => {
    expect(found(event(...lines))).toEqual(['8 error time']);
  });

  test('an occurrence that is named by its day, of an event with a time', () => {
    const changed = event(TIME, 'RECURRENCE-ID;VALUE=DATE:20220611');
    expect(found(event(TIME, 'RRULE:FREQ=DAILY'), changed)).toEqual(['14 error time']);
    expect(found(changed)).toEqual([]);
  });
});
