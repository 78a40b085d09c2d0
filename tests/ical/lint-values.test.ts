import { describe, expect, test } from 'vitest';
import { lint } from '../../src/ical/index.ts';

/** Values of foreign feeds, each with its fault on a known line. */

const calendar = (event: readonly string[], more: readonly string[] = []): Buffer =>
  Buffer.from(
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Somebody//Something//EN',
      ...more,
      'BEGIN:VEVENT',
      'UID:1@example.org',
      'DTSTAMP:20211121T200000Z',
      ...event,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
const found = (bytes: Buffer) =>
  lint(bytes).map(({ line, severity, rule }) => `${line} ${severity} ${rule}`);

const START = 'DTSTART:20220610T100000Z';
const DAY = 'DTSTART;VALUE=DATE:20220610';

test('a plain foreign event is sound', () => {
  const event = [START, 'DURATION:PT1H30M', 'SUMMARY:Talks\\, second round\\; part \\\\ one'];
  expect(found(calendar([...event, 'GEO:46.2;6.15', 'RRULE:FREQ=DAILY;COUNT=3']))).toEqual([]);
});

const alarm = (...lines: string[]) => ['BEGIN:VALARM', ...lines, 'END:VALARM'];

describe('in an event', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a bare comma', [START, 'SUMMARY:Talks, again'], ['8 error value']],
    ['a bare semicolon', [START, 'LOCATION:Geneva; Palais'], ['8 error value']],
    ['a bare comma behind an escaped backslash', [START, 'SUMMARY:a\\\\,b'], ['8 error value']],
    ['an escape that is none', [START, 'SUMMARY:a\\tb'], ['8 error value']],
    ['a backslash at the end', [START, 'SUMMARY:a\\'], ['8 error value']],
    ['a wrong TRANSP', [START, 'TRANSP:FREE'], ['8 error value']],
    ['a SEQUENCE that is no number', [START, 'SEQUENCE:1.5'], ['8 error value']],
    ['a GEO with a comma', [START, 'GEO:46.2,6.15'], ['8 error value']],
    ['a GEO outside of the earth', [START, 'GEO:96.2;6.15'], ['8 error value']],
    ['a relative URL', [START, 'URL:/meetings/1'], ['8 error value']],
    ['a URL with a space', [START, 'URL:https://example.org/a b'], ['8 error value']],
    ['a wrong duration', [START, 'DURATION:1H'], ['8 error value']],
    ['a negative duration', [START, 'DURATION:-PT1H'], ['8 error value']],
    ['a duration with a plus', [START, 'DURATION:+PT1H'], []],
    ['hours from a day on', [DAY, 'DURATION:PT36H'], ['8 error end-type']],
    ['days and hours from a day on', [DAY, 'DURATION:P1DT12H'], ['8 error end-type']],
    ['days from a day on', [DAY, 'DURATION:P2D'], []],
    ['weeks from a day on', [DAY, 'DURATION:P1W'], []],
    ['a status in small letters', [START, 'STATUS:tentative'], []],
    ['a status of another kind of entry', [START, 'STATUS:final'], ['8 error status']],
    ['two summaries', [START, 'SUMMARY:a', 'SUMMARY:b'], ['9 error once']],
    [
      'DTEND and DURATION',
      [START, 'DTEND:20220610T110000Z', 'DURATION:PT1H'],
      ['9 error end-type'],
    ],
    ['a day that does not exist', ['DTSTART;VALUE=DATE:20220231'], ['7 error time']],
    ['29 February of a common year', ['DTSTART;VALUE=DATE:20230229'], ['7 error time']],
    ['29 February of a leap year', ['DTSTART;VALUE=DATE:20240229'], []],
    ['an hour that does not exist', ['DTSTART:20220610T240000Z'], ['7 error time']],
    ['a time without a zone', ['DTSTART:20220610T100000'], ['7 warning floating']],
    ['an RRULE without FREQ', [START, 'RRULE:COUNT=3'], ['8 error value']],
    [
      'an UNTIL that is a day for a time',
      [START, 'RRULE:FREQ=DAILY;UNTIL=20220630'],
      ['8 error until'],
    ],
    [
      'an UNTIL without Z for a time in UTC',
      [START, 'RRULE:FREQ=DAILY;UNTIL=20220630T000000'],
      ['8 error until'],
    ],
    [
      'an UNTIL that is a day for a day',
      ['DTSTART;VALUE=DATE:20220610', 'RRULE:FREQ=DAILY;UNTIL=20220630'],
      [],
    ],
    ['an alarm', [START, ...alarm('TRIGGER:-PT5M', 'ACTION:AUDIO')], ['8 warning forbidden']],
    [
      'an alarm that does not say when',
      [START, ...alarm('ACTION:AUDIO')],
      ['8 error required', '8 warning forbidden'],
    ],
    [
      'an alarm that shows nothing',
      [START, ...alarm('TRIGGER:-PT5M', 'ACTION:DISPLAY')],
      ['8 error required', '8 warning forbidden'],
    ],
    ['categories with commas', [START, 'CATEGORIES:a,b\\, c'], []],
    ['categories with a semicolon', [START, 'CATEGORIES:a;b'], ['8 error value']],
    ['an escape that is none in categories', [START, 'CATEGORIES:a,b\\q'], ['8 error value']],
    ['a contact with a comma', [START, 'CONTACT:Desk, all'], ['8 error value']],
    ['a conference without its type', [START, 'CONFERENCE:https://a.b/c'], ['8 error value']],
    ['a conference', [START, 'CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://a.b/c'], []],
    ['an image in bytes', [START, 'IMAGE;VALUE=BINARY;ENCODING=BASE64:AAAA'], []],
    ['an exception on no day', [DAY, 'EXDATE;VALUE=DATE:20220611,20220230'], ['8 error time']],
    ['a priority beyond 9', [START, 'PRIORITY:12'], ['8 error value']],
    [
      'an address in a parameter without quotes',
      [START, 'DESCRIPTION;ALTREP=cid:a:b'],
      ['8 error value'],
    ],
    [
      'a zone for a day',
      ['DTSTART;VALUE=DATE;TZID=X:20220610'],
      ['7 error timezone', '7 error time'],
    ],
    [
      'an end two days before its start, in another zone',
      ['DTSTART:20220610T100000Z', 'DTEND:20220608T080000'],
      ['8 warning floating', '8 error end-order'],
    ],
    [
      'an end that may be later, in another zone',
      ['DTSTART:20220610T100000Z', 'DTEND:20220609T090000'],
      ['8 warning floating'],
    ],
  ])('%s', (_, event, findings) => {
    expect(found(calendar(event))).toEqual(findings);
  });
});

describe('in a calendar', () => {
  const zone = (...lines: string[]) => ['BEGIN:VTIMEZONE', ...lines, 'END:VTIMEZONE'];
  const standard = (...lines: string[]) => ['BEGIN:STANDARD', ...lines, 'END:STANDARD'];
  const BEGUN = ['DTSTART:19700101T000000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0100'];

  test.each<[string, readonly string[], readonly string[]]>([
    ['a zone of the whole calendar', ['X-WR-TIMEZONE:Europe/Zurich'], ['4 warning calendar-zone']],
    ['an unescaped name', ['X-WR-CALNAME:Talks, all'], ['4 error value']],
    [
      'an interval that is no duration',
      ['REFRESH-INTERVAL;VALUE=DURATION:1 hour'],
      ['4 error value'],
    ],
    ['an interval that does not name its type', ['REFRESH-INTERVAL:PT1H'], ['4 error value']],
    ['an interval of another type', ['REFRESH-INTERVAL;VALUE=TEXT:PT1H'], ['4 error value']],
    ['an interval that goes back', ['REFRESH-INTERVAL;VALUE=DURATION:-PT1H'], ['4 error value']],
    ['an interval in small letters', ['REFRESH-INTERVAL;value=duration:PT1H'], []],
    ['an interval of Outlook, which has no type', ['X-PUBLISHED-TTL:PT1H'], []],
    ['METHOD', ['METHOD:PUBLISH'], ['4 warning forbidden']],
    [
      'METHOD twice',
      ['METHOD:PUBLISH', 'METHOD:PUBLISH'],
      ['4 warning forbidden', '5 warning forbidden', '5 error once'],
    ],
    ['a METHOD of two words', ['METHOD:PUT UP'], ['4 warning forbidden', '4 error value']],
    [
      'an offset of one digit',
      zone('TZID:X', ...standard('DTSTART:19700101T000000', 'TZOFFSETFROM:+1', 'TZOFFSETTO:+0100')),
      ['8 error value'],
    ],
    [
      'an observance that begins in UTC',
      zone('TZID:X', ...standard('DTSTART:19700101T000000Z', ...BEGUN.slice(1))),
      ['7 error time'],
    ],
    [
      'an observance that begins in a zone',
      zone('TZID:X', ...standard('DTSTART;TZID=X:19700101T000000', ...BEGUN.slice(1))),
      ['7 error time'],
    ],
    [
      'an observance that begins on a day',
      zone('TZID:X', ...standard('DTSTART;VALUE=DATE:19700101', ...BEGUN.slice(1))),
      ['7 error time'],
    ],
    [
      'an offset of minus nothing',
      zone('TZID:X', ...standard(...BEGUN.slice(0, 2), 'TZOFFSETTO:-0000')),
      ['9 error value'],
    ],
    [
      'an alarm of no event',
      alarm('TRIGGER:-PT5M', 'ACTION:AUDIO'),
      ['4 error nesting', '4 warning forbidden'],
    ],
    ['an observance of no zone', standard(...BEGUN), ['4 error nesting']],
    [
      'an event in another',
      [
        'BEGIN:VTODO',
        'UID:2',
        'DTSTAMP:20211121T200000Z',
        'BEGIN:VEVENT',
        'END:VEVENT',
        'END:VTODO',
      ],
      ['7 error nesting'],
    ],
    [
      'a to-do without UID and DTSTAMP',
      ['BEGIN:VTODO', 'END:VTODO'],
      ['4 error required', '4 error required'],
    ],
    ['a component that nobody knows', ['BEGIN:X-NOTE', 'END:X-NOTE'], []],
    ['a zone without a name', zone(...standard(...BEGUN)), ['4 error required']],
    ['a zone without rules', zone('TZID:X'), ['4 error timezone']],
    [
      'an observance until a time in UTC',
      zone('TZID:X', ...standard(...BEGUN, 'RRULE:FREQ=YEARLY;UNTIL=20060402T070000Z')),
      [],
    ],
    [
      'an observance until a local time',
      zone('TZID:X', ...standard(...BEGUN, 'RRULE:FREQ=YEARLY;UNTIL=20060402T020000')),
      ['10 error until'],
    ],
    [
      'an observance from no day',
      zone('TZID:X', ...standard('DTSTART:19701301T000000', ...BEGUN.slice(1))),
      ['7 error time'],
    ],
    ['a source without its type', ['SOURCE:https://a.b/c'], ['4 error value']],
    [
      'two sources',
      ['SOURCE;VALUE=URI:https://a.b/c', 'SOURCE;VALUE=URI:https://a.b/d'],
      ['5 error once'],
    ],
    [
      'an observance without an offset',
      zone('TZID:X', ...standard(...BEGUN.slice(0, 2))),
      ['6 error required'],
    ],
  ])('%s', (_, more, findings) => {
    expect(found(calendar([START], more))).toEqual(findings);
  });

  test.each([
    ['(UTC-05:00) Eastern Time (US & Canada)', '(UTC-05:00) Eastern Time (US & Canada)'],
    ['Amsterdam\\, Berlin\\, Bern', 'Amsterdam, Berlin, Bern'],
  ])('a zone called %s', (written, name) => {
    const zoned = zone(`TZID:${written}`, ...standard(...BEGUN));
    const times = [
      `DTSTART;TZID="${name}":20200101T100000`,
      `DTEND;TZID="${name}":20200101T110000`,
    ];
    expect(found(calendar(times, zoned))).toEqual([]);
    expect(found(calendar(times))).toEqual(['7 error timezone', '8 error timezone']);
  });

  test('what is sent about an event need not say when it is', () => {
    const sent = calendar(['STATUS:CANCELLED'], ['METHOD:CANCEL']);
    expect(found(sent)).toEqual(['4 warning forbidden']);
    expect(found(calendar(['STATUS:CANCELLED']))).toEqual(['4 error required']);
    expect(found(calendar([START, START], ['METHOD:PUBLISH']))).toEqual([
      ...['4 warning forbidden', '5 error required'],
    ]);
  });

  test('what stands outside of it', () => {
    const inside = calendar([START]).toString();
    const event = ['BEGIN:VEVENT', 'END:VEVENT', ''].join('\r\n');
    expect(found(Buffer.from(`SUMMARY:a\r\n${inside}${event}`))).toEqual([
      '1 error nesting',
      '11 error nesting',
    ]);
  });

  test.each(['UID:', 'UID: '])('an event with %j', (uid) => {
    const bytes = Buffer.from(calendar([START]).toString().replace('UID:1@example.org', uid));
    expect(found(bytes)).toEqual(['5 error value']);
  });

  test('another version', () => {
    const bytes = Buffer.from(calendar([START]).toString().replace('2.0', '1.0'));
    expect(found(bytes)).toEqual(['2 error value']);
  });

  test('a byte order mark is told of, and the rest is read', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), calendar(['DTSTART:x'])]);
    expect(found(bytes)).toEqual(['1 error bom', '7 error time']);
  });
});
