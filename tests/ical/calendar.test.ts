import { describe, expect, test } from 'vitest';
import { renderSingle } from '../../src/ical/index.ts';
import { feedText } from './support/feeds.ts';
import { lineOf, linesOf, physicalLines, soleValue, valuesOf } from './support/read.ts';
import { at, DAY, on, options, row } from './support/rows.ts';

const PUBLIC_URL = 'https://calendar.example.org';
const SOURCE_URL = `${PUBLIC_URL}/calendar.ics`;

describe('has: what stands above the entries', () => {
  test('all of it, in this order', async () => {
    const text = await feedText(
      [row()],
      { name: 'Chancery', description: 'Meetings', sourceUrl: SOURCE_URL },
      PUBLIC_URL,
    );
    expect(physicalLines(text).slice(0, 13)).toEqual([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Chancery//Chancery//EN',
      'CALSCALE:GREGORIAN',
      'NAME:Chancery',
      'X-WR-CALNAME:Chancery',
      'DESCRIPTION:Meetings',
      'X-WR-CALDESC:Meetings',
      'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
      'X-PUBLISHED-TTL:PT1H',
      'SOURCE;VALUE=URI:https://calendar.example.org/calendar.ics',
      'URL:https://calendar.example.org',
      'BEGIN:VEVENT',
    ]);
  });

  test('without a description there is none', async () => {
    const head = (await feedText([row()])).split('BEGIN:VEVENT')[0] ?? '';
    expect(soleValue(head, 'DESCRIPTION')).toBeUndefined();
    expect(soleValue(head, 'X-WR-CALDESC')).toBeUndefined();
  });
});

describe('text: calendar name and description are escaped', () => {
  test('the name, on one line', async () => {
    const text = await feedText([row()], { name: 'Talks; A, B \\ C\nMETHOD:REQUEST' });
    expect(soleValue(text, 'NAME')).toBe('Talks\\; A\\, B \\\\ C METHOD:REQUEST');
    expect(soleValue(text, 'X-WR-CALNAME')).toBe('Talks\\; A\\, B \\\\ C METHOD:REQUEST');
  });

  test('the description, which keeps its line breaks', async () => {
    const head = (await feedText([], { description: 'A, B;\r\nC\\' })).split('BEGIN:VTIMEZONE')[0];
    expect(soleValue(head ?? '', 'DESCRIPTION')).toBe('A\\, B\\;\\nC\\\\');
    expect(soleValue(head ?? '', 'X-WR-CALDESC')).toBe('A\\, B\\;\\nC\\\\');
  });
});

describe('URL: SOURCE and URL of the calendar', () => {
  test('without PUBLIC_URL there is neither', async () => {
    const text = await feedText([row()], { sourceUrl: SOURCE_URL });
    expect(soleValue(text, 'SOURCE')).toBeUndefined();
    expect(soleValue(text, 'URL')).toBeUndefined();
  });

  test('a feed that gives no address of its own, as a private one, has no SOURCE', async () => {
    const text = await feedText([], {}, PUBLIC_URL);
    expect(soleValue(text, 'SOURCE')).toBeUndefined();
    expect(soleValue(text, 'URL')).toBe(PUBLIC_URL);
  });

  test('commas and semicolons are percent-encoded', async () => {
    const text = await feedText([], { sourceUrl: `${PUBLIC_URL}/a,b;c.ics` }, PUBLIC_URL);
    expect(soleValue(text, 'SOURCE')).toBe(`${PUBLIC_URL}/a%2Cb%3Bc.ics`);
  });
});

describe('empty feed', () => {
  test('carries one VTIMEZONE, Etc/UTC', async () => {
    expect(physicalLines(await feedText([])).slice(-10)).toEqual([
      'BEGIN:VTIMEZONE',
      'TZID:Etc/UTC',
      'BEGIN:STANDARD',
      'TZNAME:UTC',
      'TZOFFSETFROM:+0000',
      'TZOFFSETTO:+0000',
      'DTSTART:19700101T000000',
      'END:STANDARD',
      'END:VTIMEZONE',
      'END:VCALENDAR',
    ]);
  });

  test('so does one whose entries are all outside the window', async () => {
    expect(valuesOf(await feedText([row({ when: on('2015-03-21') })]), 'TZID')).toEqual([
      'Etc/UTC',
    ]);
  });

  test('so does one whose rows have no day to stand on', async () => {
    expect(valuesOf(await feedText([row({ when: null })]), 'TZID')).toEqual(['Etc/UTC']);
  });

  test('one with an all-day entry needs none', async () => {
    expect(valuesOf(await feedText([row({ when: DAY })]), 'TZID')).toEqual([]);
  });
});

test('never: METHOD, ATTENDEE, ORGANIZER or VALARM in a feed', async () => {
  const rows = [
    row({ status: 'confirmed', when: DAY }),
    row({ id: 'scc-session-9', status: 'cancelled', when: DAY }),
  ];
  const text = await feedText(rows, { sourceUrl: SOURCE_URL }, PUBLIC_URL);
  const told = new Set(linesOf(text).flatMap(({ name, value }) => [name, value]));
  expect(told).toContain('VEVENT');
  for (const name of ['METHOD', 'ATTENDEE', 'ORGANIZER', 'VALARM'])
    expect(told).not.toContain(name);
});

describe('bytes: a feed', () => {
  test('has CRLF after each line, also the last, and no other CR or LF', async () => {
    const text = await feedText([row({ reason: 'a\r\nb\rc\nd' })], { description: 'a\nb' });
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(physicalLines(text)).not.toContain('');
  });

  test('has no byte order mark', async () => {
    expect((await feedText([])).startsWith('BEGIN:VCALENDAR')).toBe(true);
  });
});

describe('one meeting as a calendar of its own', () => {
  const single = (...args: Parameters<typeof renderSingle>): string => {
    const made = renderSingle(...args);
    if (made.kind === 'nothing') throw new Error(made.reason);
    return made.body.toString();
  };
  const reason = (...args: Parameters<typeof renderSingle>): string => {
    const made = renderSingle(...args);
    if (made.kind === 'calendar') throw new Error('there is a calendar');
    return made.reason;
  };

  test('has the title as its name, without a prefix', () => {
    expect(soleValue(single(row({ title: 'Astana, again' })), 'NAME')).toBe('Astana\\, again');
  });

  test('has the same VEVENT as the feed', async () => {
    const event = /BEGIN:VEVENT.*END:VEVENT/s;
    const feed = await feedText([row()], {}, PUBLIC_URL);
    expect(event.exec(single(row(), { publicUrl: PUBLIC_URL }))?.[0]).toBe(event.exec(feed)?.[0]);
  });

  test('has the VTIMEZONE that it names', () => {
    const text = single(row({ when: at('2022-06-10T10:00', 'Europe/Zurich') }));
    expect(valuesOf(text, 'TZID')).toEqual(['Europe/Zurich']);
  });

  test('has its SOURCE', () => {
    const sourceUrl = `${PUBLIC_URL}/meetings/scc-geneva-2022-08.ics`;
    const text = single(row(), { publicUrl: PUBLIC_URL, sourceUrl });
    expect(lineOf(text, 'SOURCE')).toBe(`SOURCE;VALUE=URI:${sourceUrl}`);
  });

  test('without a date there is nothing to show, and it says why', () => {
    expect(reason(row({ when: null }))).toBe(
      'This meeting has no date yet, so there is no calendar entry.',
    );
  });

  test.each([
    ['2022', '2022'],
    ['2022-33', 'first quarter of 2022'],
  ])('on a date as coarse as %s, and it says why', (edtf, display) => {
    expect(reason(row({ when: on(edtf) }))).toBe(
      `The date of this meeting (${display}) is too coarse for a calendar entry.`,
    );
  });

  test('of a postponed one too', () => {
    const changes = { status: 'postponed', when: null, lastWhen: on('2022') } as const;
    expect(reason(row(changes))).toContain('(2022) is too coarse');
  });

  test.each([
    ['cancelled', 'cancelled'],
    ['not-held', 'not held'],
  ] as const)('%s and hidden by its options, and it says so', (status, spoken) => {
    const hidden = row({ status, when: DAY });
    expect(reason(hidden, {}, options({ cancelled: 'hide' }))).toBe(
      `This meeting is ${spoken}, and this calendar leaves such meetings out.`,
    );
  });
});
