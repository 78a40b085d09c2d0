import { describe, expect, test } from 'vitest';
import type { MeetingStatus } from '../../events/values.ts';
import { entryUid } from '../../src/ids.ts';
import { lineOf, linesOf, physicalLines, soleValue, valuesOf, words } from './support/read.ts';
import { AUGUST, at, DAY, on, rendered } from './support/rows.ts';

const PUBLIC = { publicUrl: 'https://calendar.example.org' };

test('bytes: the Committee in August 2022, as it stands in the feed', () => {
  expect(physicalLines(rendered({}, {}, PUBLIC) ?? '')).toEqual([
    'BEGIN:VEVENT',
    'UID:de9bf9a3-e381-5505-9477-0d4b7334f62e',
    'SEQUENCE:0',
    'DTSTAMP:20211121T200000Z',
    'LAST-MODIFIED:20211121T200000Z',
    'CREATED:20211121T200000Z',
    'DTSTART;VALUE=DATE:20220801',
    'DTEND;VALUE=DATE:20220901',
    'SUMMARY:[August 2022\\, date TBC] Syrian Constitutional Committee meeting',
    'STATUS:TENTATIVE',
    'TRANSP:TRANSPARENT',
    'X-MICROSOFT-CDO-BUSYSTATUS:FREE',
    'CATEGORIES:constitution,session',
    'LOCATION:Geneva\\, CH',
    'URL:https://calendar.example.org/meetings/scc-geneva-2022-08',
    'DESCRIPTION:Date: August 2022\\, date to be confirmed\\, as printed: “Augus',
    ' t next year”\\nStatus: announced\\, may occur\\nLatest changes:\\n- 2021-11-',
    ' 21: Announced for August 2022\\nSources:\\n- Tehran Times\\, 2021-11-21: http',
    ' s://www.tehrantimes.com/news/467281',
    'END:VEVENT',
  ]);
});

describe('UID: one per meeting for ever', () => {
  const uid = entryUid('meeting-scc-geneva-2022-08');

  test.each([
    ['another title', { title: 'Ninth session of the Committee' }],
    ['a reschedule', { when: on('2022-07-25/2022-07-29') }],
    ['a postponement', { status: 'postponed', when: null, lastWhen: AUGUST }],
    ['a lost date', { when: null, dates: [AUGUST] }],
    ['a cancellation', { status: 'cancelled' }],
  ] as const)('is the same after %s', (_, change) => {
    expect(soleValue(rendered(change), 'UID')).toBe(uid);
  });

  test('does not contain the host name', () => {
    expect(soleValue(rendered({}, {}, PUBLIC), 'UID')).toBe(uid);
  });

  test('differs between two meetings with the same facts', () => {
    expect(soleValue(rendered({ id: 'scc-session-9' }), 'UID')).not.toBe(uid);
  });

  test('is escaped as text', () => {
    expect(lineOf(rendered({ uid: 'a,b;c\\d\ne' }), 'UID')).toBe('UID:a\\,b\\;c\\\\d e');
  });
});

describe('SEQUENCE: the count of visible events, from the row', () => {
  test('is what the row says', () => {
    expect(soleValue(rendered({ sequence: 7 }), 'SEQUENCE')).toBe('7');
  });

  test.each([
    [{ cancelled: 'label' }],
    [{ postponed: 'tentative' }],
    [{ approx: 'marker' }],
    [{ past: 'all' }],
  ] as const)('does not depend on the option %o', (option) => {
    expect(soleValue(rendered({ sequence: 7 }, option), 'SEQUENCE')).toBe('7');
  });

  test('rises when a postponed meeting gets a new date, on the same UID', () => {
    const postponed = rendered({ status: 'postponed', when: null, lastWhen: DAY, sequence: 3 });
    const revived = rendered({ when: on('2024-04-29'), dates: [DAY], sequence: 4 });
    expect(soleValue(revived, 'UID')).toBe(soleValue(postponed, 'UID'));
    expect(soleValue(revived, 'SEQUENCE')).toBe('4');
    expect(soleValue(revived, 'STATUS')).toBe('TENTATIVE');
    expect(soleValue(revived, 'SUMMARY')).toBe('Syrian Constitutional Committee meeting');
  });
});

describe('DTSTAMP = LAST-MODIFIED, CREATED: instants of events, in UTC', () => {
  const text = rendered({ created: '2021-10-22T09:08:07Z', stamp: '2022-07-16T12:34:56Z' });

  test('DTSTAMP and LAST-MODIFIED are the newest event', () => {
    expect(lineOf(text, 'DTSTAMP')).toBe('DTSTAMP:20220716T123456Z');
    expect(lineOf(text, 'LAST-MODIFIED')).toBe('LAST-MODIFIED:20220716T123456Z');
  });

  test('CREATED is the first event', () => {
    expect(lineOf(text, 'CREATED')).toBe('CREATED:20211022T090807Z');
  });

  test.each([
    ['milliseconds', '2022-07-16T12:34:56.789Z', '20220716T123456Z'],
    ['no seconds', '2022-07-16T12:34Z', '20220716T123400Z'],
  ])('an instant with %s is written to the second', (_, stamp, written) => {
    expect(soleValue(rendered({ stamp }), 'DTSTAMP')).toBe(written);
  });

  test('the same row gives the same bytes at any time: nothing comes from a clock', () => {
    const first = rendered();
    const later = Date.now;
    Date.now = () => later() + 86_400_000;
    try {
      expect(rendered()).toBe(first);
    } finally {
      Date.now = later;
    }
  });
});

describe('busy: a claim about others never makes the reader busy', () => {
  test.each<MeetingStatus>(['announced', 'confirmed', 'held', 'cancelled'])('%s', (status) => {
    const text = rendered({ status, when: at('2022-06-10T10:00', 'Europe/Zurich') });
    expect(valuesOf(text, 'TRANSP')).toEqual(['TRANSPARENT']);
    expect(valuesOf(text, 'X-MICROSOFT-CDO-BUSYSTATUS')).toEqual(['FREE']);
  });
});

test('never: ATTENDEE, ORGANIZER, VALARM or METHOD, whoever takes part', () => {
  const text = rendered({
    status: 'confirmed',
    participants: [
      { party: 'iran', name: 'Iran', role: 'host', presence: 'confirmed' },
      { party: 'un-envoy', name: 'UN envoy', role: 'organiser', presence: 'confirmed' },
    ],
  });
  const names = new Set(linesOf(text).flatMap(({ name, value }) => [name, value]));
  for (const name of ['ATTENDEE', 'ORGANIZER', 'VALARM', 'METHOD', 'REQUEST', 'PUBLISH']) {
    expect(names).not.toContain(name);
  }
});

describe('has: CATEGORIES', () => {
  test('are the topics and then the form', () => {
    const text = rendered({ topics: ['reconstruction', 'economy'], form: 'bilateral' });
    expect(soleValue(text, 'CATEGORIES')).toBe('reconstruction,economy,bilateral');
  });

  test('are separated by commas, and a comma inside one is escaped', () => {
    expect(soleValue(rendered({ topics: ['a,b'] }), 'CATEGORIES')).toBe('a\\,b,session');
  });
});

describe('has: LOCATION and GEO', () => {
  test.each([
    ['venue, name and country', { venue: 'Palais des Nations', name: 'Geneva', country: 'CH' }],
    ['name and country', { name: 'Tehran', country: 'IR' }],
    ['a country alone', { country: 'SY' }],
  ])('LOCATION has %s', (_, place) => {
    const location = words(soleValue(rendered({ place }), 'LOCATION'));
    expect(location).toBe(Object.values(place).join(', '));
  });

  test.each([
    ['online', true as const, 'online'],
    ['its address', 'https://meet.example.org/1,2', 'https://meet.example.org/1\\,2'],
  ])('LOCATION of a meeting that is online is %s', (_, online, written) => {
    expect(soleValue(rendered({ place: { online } }), 'LOCATION')).toBe(written);
  });

  test('without a place there is neither', () => {
    const text = rendered({ place: null });
    expect(soleValue(text, 'LOCATION')).toBeUndefined();
    expect(soleValue(text, 'GEO')).toBeUndefined();
  });

  test('without coordinates there is no GEO', () => {
    expect(soleValue(rendered(), 'GEO')).toBeUndefined();
  });

  test.each([
    ['Geneva', 46.2266, 6.1404, '46.2266;6.1404'],
    ['0 is a value', 0, 0, '0;0'],
    ['latitude 0', 0, 6.5, '0;6.5'],
    ['longitude 0', 51.4779, 0, '51.4779;0'],
    ['south and west', -33.9, -70.66, '-33.9;-70.66'],
    ['no digit of a round number is lost', 10, 100, '10;100'],
    ['six decimals at most', 1.123456789, 2.9999996, '1.123457;3'],
    ['no exponent, no minus zero', 1e-7, -1e-7, '0;0'],
  ])('GEO: %s', (_, lat, lon, written) => {
    const text = rendered({ place: { country: 'CH', geo: { lat, lon } } });
    expect(soleValue(text, 'GEO')).toBe(written);
  });
});

describe('URL', () => {
  test('is absolute', () => {
    expect(soleValue(rendered({}, {}, PUBLIC), 'URL')).toBe(
      'https://calendar.example.org/meetings/scc-geneva-2022-08',
    );
  });

  test('does not double the slash of PUBLIC_URL', () => {
    expect(soleValue(rendered({}, {}, { publicUrl: 'https://c.example.org/base/' }), 'URL')).toBe(
      'https://c.example.org/base/meetings/scc-geneva-2022-08',
    );
  });

  test('has its commas and semicolons percent-encoded, not backslashed', () => {
    const text = rendered({}, {}, { publicUrl: 'https://c.example.org/a,b;c' });
    expect(soleValue(text, 'URL')).toBe(
      'https://c.example.org/a%2Cb%3Bc/meetings/scc-geneva-2022-08',
    );
  });

  test('is absent without PUBLIC_URL', () => {
    expect(soleValue(rendered(), 'URL')).toBeUndefined();
  });

  test('of a merged one leads to the survivor, and the description says so', () => {
    const text = rendered(
      { status: 'merged', mergedInto: 'scc-session-9', goneAt: '2022-07-01T00:00:00Z' },
      {},
      PUBLIC,
    );
    const survivor = 'https://calendar.example.org/meetings/scc-session-9';
    expect(soleValue(text, 'URL')).toBe(survivor);
    expect(words(soleValue(text, 'DESCRIPTION'))).toContain(`\nMerged into: ${survivor}\n`);
  });

  test('without PUBLIC_URL the description of a merged one names the survivor by its id', () => {
    const text = rendered({ status: 'merged', mergedInto: 'scc-session-9' });
    expect(words(soleValue(text, 'DESCRIPTION'))).toContain('\nMerged into: scc-session-9\n');
  });

  test('of a merged one whose survivor this level does not see stays its own', () => {
    const text = rendered({ status: 'merged', mergedInto: null }, {}, PUBLIC);
    expect(soleValue(text, 'URL')).toBe('https://calendar.example.org/meetings/scc-geneva-2022-08');
    expect(words(soleValue(text, 'DESCRIPTION'))).not.toContain('Merged into');
  });
});

describe('has: DESCRIPTION', () => {
  const said = (changes: Parameters<typeof rendered>[0]): string[] =>
    (words(soleValue(rendered(changes), 'DESCRIPTION')) ?? '').split('\n');

  test.each([
    ['a day', { when: DAY }, 'Date: 10 June 2022'],
    [
      'a time',
      { when: at('2022-06-10T10:00', 'Europe/Zurich', '2022-06-10T12:00') },
      'Date: 10 June 2022, 10:00–12:00 (Europe/Zurich)',
    ],
    [
      'a coarse date as printed',
      {},
      'Date: August 2022, date to be confirmed, as printed: “August next year”',
    ],
    [
      'a coarse date of one that was held',
      { status: 'held', when: on('2021-11') },
      'Date: November 2021, the day is not known',
    ],
    [
      'the last date of a postponed one',
      { status: 'postponed', when: null, lastWhen: on('2022-07-25/2022-07-29') },
      'Date: open (last date: 25–29 July 2022)',
    ],
    [
      'the last date of one that was withdrawn after it had been postponed',
      { status: 'withdrawn', when: null, lastWhen: on('2022-07-25/2022-07-29') },
      'Date: open (last date: 25–29 July 2022)',
    ],
    [
      'the last shown date of one that became too coarse',
      { when: on('2022'), dates: [DAY, on('2022')] },
      'Date: 2022, the day is open (last date: 10 June 2022)',
    ],
  ] as const)('has the date in words: %s', (_, changes, line) => {
    expect(said(changes)[0]).toBe(line);
  });

  test('has status, likelihood and reason', () => {
    const lines = said({ status: 'not-held', likelihood: 'highly-likely', reason: 'No visas' });
    expect(lines).toContain('Status: not held, highly likely');
    expect(lines).toContain('Reason: No visas');
  });

  test('has no line for what is not known', () => {
    expect(said({ likelihood: null, sources: [], recent: [] })).toEqual([
      'Date: August 2022, date to be confirmed, as printed: “August next year”',
      'Status: announced',
    ]);
  });

  test('has the participants with office, country, role and presence', () => {
    const lines = said({
      participants: [
        {
          party: 'hossein-amir-abdollahian',
          name: 'Hossein Amir-Abdollahian',
          country: 'IR',
          as: 'foreign minister of Iran',
          role: 'host',
          presence: 'confirmed',
        },
        {
          party: 'russian-delegation',
          name: 'Russian delegation',
          role: 'visitor',
          presence: 'unknown',
        },
      ],
    });
    const from = lines.indexOf('Participants:');
    expect(lines.slice(from, from + 3)).toEqual([
      'Participants:',
      '- Hossein Amir-Abdollahian [IR], foreign minister of Iran (host, confirmed)',
      '- Russian delegation (visitor)',
    ]);
  });

  test('has the last three changes with their days', () => {
    const recent = [
      { sentence: 'Date moved to May 2022', statedAt: '2022-02-22T10:00:00Z' },
      { sentence: 'Date set to 30 May–3 June 2022', statedAt: '2022-06-03T10:00:00Z' },
      { sentence: 'Postponed', statedAt: '2022-07-16T10:00:00Z' },
    ];
    const lines = said({ recent });
    const from = lines.indexOf('Latest changes:');
    expect(lines.slice(from, from + 4)).toEqual([
      'Latest changes:',
      '- 2022-02-22: Date moved to May 2022',
      '- 2022-06-03: Date set to 30 May–3 June 2022',
      '- 2022-07-16: Postponed',
    ]);
  });

  test('has the sources with their addresses, and marks a retracted one', () => {
    const lines = said({
      sources: [
        {
          announcement: 'tass-2021-10-22',
          outlet: 'TASS',
          url: 'https://tass.example.org/a,b',
          publishedAt: '2021-10-22T08:00:00Z',
          retracted: true,
        },
        {
          announcement: 'urdupoint-2021-12-21',
          outlet: 'Urdupoint',
          url: null,
          publishedAt: '2021-12-21',
        },
      ],
    });
    expect(lines.slice(lines.indexOf('Sources:'))).toEqual([
      'Sources:',
      '- TASS, 2021-10-22 (retracted): https://tass.example.org/a,b',
      '- Urdupoint, 2021-12-21',
    ]);
  });

  test('has the previous dates with their reasons', () => {
    const when = on('2022-07-25/2022-07-29');
    const previous = { when, until: '2022-07-16T10:00:00Z', statedAt: '2022-06-03', reason: null };
    const lines = said({
      previousDates: [previous, { ...previous, reason: 'Not\npossible' }],
    });
    expect(lines).toContain('- 25–29 July 2022 (until 2022-07-16)');
    expect(lines).toContain('- 25–29 July 2022 (until 2022-07-16): Not possible');
  });

  test('has the outcome', () => {
    expect(said({ status: 'held', outcome: 'No text agreed' })).toContain(
      'Outcome: No text agreed',
    );
  });
});

test('text: a title cannot break out of its line', () => {
  const text = rendered({ title: 'Talks\r\nMETHOD:REQUEST\nATTENDEE:x', when: DAY });
  expect(soleValue(text, 'SUMMARY')).toBe('Talks METHOD:REQUEST ATTENDEE:x');
  expect(linesOf(text).map((line) => line.name)).toEqual(
    linesOf(rendered({ when: DAY })).map((line) => line.name),
  );
});

test('bytes: an entry begins and ends with its own lines, CRLF also last', () => {
  const text = rendered() ?? '';
  expect(text.startsWith('BEGIN:VEVENT\r\n')).toBe(true);
  expect(text.endsWith('\r\nEND:VEVENT\r\n')).toBe(true);
});
