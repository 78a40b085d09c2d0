import fc from 'fast-check';
import ICAL from 'ical.js';
import nodeIcal, { type VEvent } from 'node-ical';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EntryRow } from '../../projections/entry.ts';
import { oneLine, sanitise } from '../../src/ical/text.ts';
import { feedText } from './support/feeds.ts';
import { readCalendar, readEvents } from './support/oracles.ts';
import { words } from './support/read.ts';
import { AUGUST, at, DAY, on, options, row } from './support/rows.ts';
import { anyText } from './support/texts.ts';

const HEAD = {
  name: 'Astana; Geneva, and more',
  description: 'Dates as announced,\nas exactly as they are known.',
  sourceUrl: 'https://calendar.example.org/calendar.ics',
  options: options({ past: 'all' }),
};
const PUBLIC_URL = 'https://calendar.example.org';

const MONTH = row({
  title: 'Committee; plenary, then "small body" 𝄞 اللجنة الدستورية',
  when: AUGUST,
  place: { name: 'Geneva', country: 'CH', geo: { lat: 0, lon: 6.5 } },
  sequence: 4,
  created: '2021-11-21T20:00:00Z',
  stamp: '2022-02-22T10:11:12Z',
  topics: ['constitution', 'refugees'],
});
const CANCELLED = row({
  id: 'cancelled',
  status: 'cancelled',
  reason: 'No visas;\nno venue, no date \\ at all',
  when: at('2022-06-10T10:00', 'Europe/Zurich', '2022-06-10T12:30'),
});
const DAMASCUS = row({ id: 'damascus', when: at('2021-11-21T10:00', 'Asia/Damascus') });
const DAYS = row({ id: 'scc-session-7', status: 'held', when: on('2022-03-21/2022-03-25') });
const POSTPONED = row({ id: 'scc-session-9', status: 'postponed', when: null, lastWhen: DAY });
const ROWS = [MONTH, CANCELLED, DAMASCUS, DAYS, POSTPONED];

let text: string;
beforeAll(async () => {
  text = await feedText(ROWS, HEAD, PUBLIC_URL);
});

describe('round trip through ical.js', () => {
  const property = (entry: EntryRow, name: string): unknown =>
    readEvents(text)
      .find((event) => event.uid === entry.uid)
      ?.event.component.getFirstPropertyValue(name);

  test('all entries come back', () => {
    expect(readEvents(text).map((event) => event.uid)).toEqual(ROWS.map((r) => r.uid).sort());
  });

  test.each([
    ['a month as its days', MONTH, '2022-08-01', '2022-09-01'],
    ['a run of days', DAYS, '2022-03-21', '2022-03-26'],
    ['a day', POSTPONED, '2022-06-10', '2022-06-11'],
    [
      'a time in its zone',
      CANCELLED,
      Date.parse('2022-06-10T08:00:00Z'),
      Date.parse('2022-06-10T10:30:00Z'),
    ],
    ['a time without end', DAMASCUS, Date.parse('2021-11-21T08:00:00Z'), null],
  ])('%s', (_, entry, start, end) => {
    const event = readEvents(text).find(({ uid }) => uid === entry.uid);
    expect([event?.start, event?.end]).toEqual([start, end]);
  });

  test.each([
    ['SUMMARY', MONTH, 'summary', `[August 2022, date TBC] ${MONTH.title}`],
    ['STATUS', CANCELLED, 'status', 'CANCELLED'],
    ['LOCATION', MONTH, 'location', 'Geneva, CH'],
    ['GEO with 0', MONTH, 'geo', [0, 6.5]],
    ['SEQUENCE', MONTH, 'sequence', 4],
    ['URL', MONTH, 'url', `${PUBLIC_URL}/meetings/scc-geneva-2022-08`],
    ['TRANSP', MONTH, 'transp', 'TRANSPARENT'],
  ])('%s', (_, entry, name, value) => {
    expect(property(entry, name)).toEqual(value);
  });

  test('the reason in the description, with its break and its signs', () => {
    expect(property(CANCELLED, 'description')).toContain(`Reason: ${CANCELLED.reason}\n`);
  });

  test('each category by itself', () => {
    const event = readEvents(text).find(({ uid }) => uid === MONTH.uid);
    expect(event?.event.component.getFirstProperty('categories')?.getValues()).toEqual([
      'constitution',
      'refugees',
      'session',
    ]);
  });

  test('stamps are instants', () => {
    expect(String(property(MONTH, 'dtstamp'))).toBe('2022-02-22T10:11:12Z');
    expect(String(property(MONTH, 'last-modified'))).toBe('2022-02-22T10:11:12Z');
    expect(String(property(MONTH, 'created'))).toBe('2021-11-21T20:00:00Z');
  });

  test('the calendar by name, description, source and refresh interval', () => {
    const value = (name: string) => readCalendar(text).getFirstPropertyValue(name);
    // It knows neither as text, and so leaves the escapes to whoever asks.
    expect(words(String(value('name')))).toBe(HEAD.name);
    expect(words(String(value('x-wr-calname')))).toBe(HEAD.name);
    expect(value('description')).toBe(HEAD.description);
    expect(value('source')).toBe(HEAD.sourceUrl);
    expect(value('refresh-interval')).toBeInstanceOf(ICAL.Duration);
    expect(String(value('refresh-interval'))).toBe('PT1H');
  });

  test('an empty feed is a calendar', async () => {
    const calendar = readCalendar(await feedText([], HEAD, PUBLIC_URL));
    expect(calendar.getAllSubcomponents().map((c) => c.name)).toEqual(['vtimezone']);
  });

  test('any title, reason and name, as far as a calendar can hold them', async () => {
    await fc.assert(
      fc.asyncProperty(anyText(), anyText(1_000), anyText(), async (title, reason, name) => {
        const made = await feedText([row({ title, reason, when: DAY })], { ...HEAD, name });
        const calendar = readCalendar(made);
        expect(words(String(calendar.getFirstPropertyValue('name')))).toBe(oneLine(name));
        const event = calendar.getFirstSubcomponent('vevent');
        expect(event?.getFirstPropertyValue('summary')).toBe(oneLine(title));
        expect(event?.getFirstPropertyValue('description')).toContain(
          sanitise(`\nReason: ${reason}\nLatest changes:\n`),
        );
      }),
    );
  });
});

describe('round trip through node-ical', () => {
  const parsed = () => nodeIcal.sync.parseICS(text);
  const eventOf = (entry: EntryRow): VEvent => {
    const event = parsed()[entry.uid];
    if (event?.type !== 'VEVENT') throw new Error(`there is no event ${entry.uid}`);
    return event as VEvent;
  };

  test('all entries come back', () => {
    const uids = Object.values(parsed()).flatMap((c) => (c?.type === 'VEVENT' ? [c.uid] : []));
    expect(uids).toEqual(ROWS.map((r) => r.uid).sort());
  });

  // It makes a date the midnight of wherever it runs.
  test.each([
    ['a month as its days', MONTH, new Date(2022, 7, 1), new Date(2022, 8, 1)],
    ['a run of days', DAYS, new Date(2022, 2, 21), new Date(2022, 2, 26)],
    ['a day', POSTPONED, new Date(2022, 5, 10), new Date(2022, 5, 11)],
  ])('%s', (_, entry, start, end) => {
    const event = eventOf(entry);
    expect(event.datetype).toBe('date');
    expect([event.start.getTime(), event.end?.getTime()]).toEqual([start.getTime(), end.getTime()]);
  });

  test('a time in its zone', () => {
    const { start, end, datetype } = eventOf(CANCELLED);
    expect(datetype).toBe('date-time');
    expect(start.toISOString()).toBe('2022-06-10T08:00:00.000Z');
    expect(end?.toISOString()).toBe('2022-06-10T10:30:00.000Z');
  });

  test('a time without end lasts no time', () => {
    const { start, end } = eventOf(DAMASCUS);
    expect(start.toISOString()).toBe('2021-11-21T08:00:00.000Z');
    expect(end?.toISOString()).toBe('2021-11-21T08:00:00.000Z');
  });

  test('title, status, place, categories, address and count', () => {
    expect(eventOf(MONTH)).toMatchObject({
      summary: `[August 2022, date TBC] ${MONTH.title}`,
      status: 'TENTATIVE',
      transparency: 'TRANSPARENT',
      location: 'Geneva, CH',
      geo: { lat: 0, lon: 6.5 },
      categories: ['constitution', 'refugees', 'session'],
      url: `${PUBLIC_URL}/meetings/scc-geneva-2022-08`,
      sequence: 4,
    });
    expect(eventOf(CANCELLED)).toMatchObject({ status: 'CANCELLED' });
  });

  test('the reason in the description, with its break and its signs', () => {
    expect(eventOf(CANCELLED).description).toContain(`Reason: ${CANCELLED.reason}\n`);
  });

  test('stamps are instants', () => {
    const { dtstamp, lastmodified, created } = eventOf(MONTH);
    expect([dtstamp, lastmodified, created].map((stamp) => stamp?.toISOString())).toEqual([
      '2022-02-22T10:11:12.000Z',
      '2022-02-22T10:11:12.000Z',
      '2021-11-21T20:00:00.000Z',
    ]);
  });

  test('the calendar by name and description, and it is no invitation', () => {
    expect(parsed().vcalendar).toMatchObject({
      name: HEAD.name,
      'WR-CALNAME': HEAD.name,
      description: HEAD.description,
    });
    expect(parsed().vcalendar).not.toHaveProperty('method');
  });
});
