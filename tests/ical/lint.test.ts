import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MEETING_STATUSES } from '../../events/values.ts';
import { lint } from '../../src/ical/index.ts';
import { feedText } from './support/feeds.ts';
import { at, DAY, on, options, row } from './support/rows.ts';
import { anyText } from './support/texts.ts';

const ZONE = [
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Zurich',
  'BEGIN:STANDARD',
  'DTSTART:19700101T000000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0100',
  'END:STANDARD',
  'END:VTIMEZONE',
];
const EVENT = [
  'BEGIN:VEVENT',
  'UID:de9bf9a3-e381-5505-9477-0d4b7334f62e',
  'DTSTAMP:20211121T200000Z',
  'DTSTART;TZID=Europe/Zurich:20220610T100000',
  'DTEND;TZID=Europe/Zurich:20220610T120000',
  'STATUS:CONFIRMED',
  'END:VEVENT',
];
/** Line numbers from here on are 1-based: EVENT begins at line 12. */
const SOUND = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//Chancery//Chancery//EN',
  ...ZONE,
  ...EVENT,
  'END:VCALENDAR',
];

const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n`);
const found = (bytes: Uint8Array): [number, string][] =>
  lint(bytes).map(({ line, rule }) => [line, rule]);

/** The sound calendar with some of its lines changed, or taken away with null. */
function changed(changes: Readonly<Record<string, string | readonly string[] | null>>): Buffer {
  const lines = SOUND.flatMap((line) => {
    const change = changes[line];
    return change === undefined ? [line] : (change ?? []);
  });
  for (const line of Object.keys(changes)) {
    if (!SOUND.includes(line)) throw new Error(`there is no line ${line}`);
  }
  return bytesOf(lines);
}

const ALARM = ['BEGIN:VALARM', 'ACTION:AUDIO', 'TRIGGER:-PT5M', 'END:VALARM'];
const [BEGIN = '', UID = '', STAMP = '', START = '', END = '', STATUS = ''] = EVENT;

test('a sound calendar has no findings', () => {
  expect(found(bytesOf(SOUND))).toEqual([]);
});

describe('what it finds, and on which line', () => {
  test.each<[string, Buffer, [number, string][]]>([
    [
      'a line that ends in LF alone',
      Buffer.from(SOUND.join('\r\n').replace('2.0\r\n', '2.0\n').concat('\r\n')),
      [[2, 'crlf']],
    ],
    ['a last line without CRLF', Buffer.from(SOUND.join('\r\n')), [[19, 'crlf']]],
    [
      'a line of 76 octets',
      changed({ [STATUS]: [STATUS, `SUMMARY:${'a'.repeat(68)}`] }),
      [[18, 'line-length']],
    ],
    [
      '75 characters that are more octets',
      changed({ [STATUS]: [STATUS, `SUMMARY:${'é'.repeat(67)}`] }),
      [[18, 'line-length']],
    ],
    ['a control character', changed({ [STATUS]: [STATUS, 'SUMMARY:a\u0007b'] }), [[18, 'control']]],
    ['a CR inside a line', changed({ [STATUS]: [STATUS, 'SUMMARY:a\rb'] }), [[18, 'control']]],
    [
      'a line that is no property',
      changed({ [STATUS]: [STATUS, 'SUMMARY'] }),
      [[18, 'content-line']],
    ],
    ['an empty line', changed({ [STATUS]: [STATUS, ''] }), [[18, 'content-line']]],
    [
      'a line break that was not escaped',
      changed({ [STATUS]: [STATUS, 'SUMMARY:a', 'b c'] }),
      [[19, 'content-line']],
    ],
    [
      'a parameter without a value',
      changed({ [STATUS]: [STATUS, 'SUMMARY;LANGUAGE:a'] }),
      [[18, 'content-line']],
    ],
    [
      'an END that closes nothing',
      changed({ 'END:VCALENDAR': ['END:VEVENT', 'END:VCALENDAR'] }),
      [[19, 'nesting']],
    ],
    ['a component without END', bytesOf(SOUND.slice(0, -1)), [[1, 'nesting']]],
    [
      'no calendar at all',
      bytesOf(EVENT),
      [
        [1, 'nesting'],
        [1, 'calendar'],
      ],
    ],
    ['no bytes', Buffer.alloc(0), [[1, 'calendar']]],
    ['no VERSION', changed({ 'VERSION:2.0': null }), [[1, 'required']]],
    ['no PRODID', changed({ 'PRODID:-//Chancery//Chancery//EN': null }), [[1, 'required']]],
    ['two VERSION', changed({ 'VERSION:2.0': ['VERSION:2.0', 'VERSION:2.0'] }), [[1, 'required']]],
    ['no UID', changed({ [UID]: null }), [[12, 'required']]],
    ['two UIDs', changed({ [UID]: [UID, UID] }), [[12, 'required']]],
    ['no DTSTAMP', changed({ [STAMP]: null }), [[12, 'required']]],
    ['no DTSTART', changed({ [START]: null }), [[12, 'required']]],
    ['two DTSTART', changed({ [START]: [START, START] }), [[12, 'required']]],
    ['an empty calendar', bytesOf([...SOUND.slice(0, 3), 'END:VCALENDAR']), [[1, 'empty']]],
    ['METHOD', changed({ 'VERSION:2.0': ['VERSION:2.0', 'METHOD:PUBLISH'] }), [[3, 'forbidden']]],
    [
      'ATTENDEE',
      changed({ [STATUS]: [STATUS, 'ATTENDEE:mailto:a@example.org'] }),
      [[18, 'forbidden']],
    ],
    [
      'ORGANIZER',
      changed({ [STATUS]: [STATUS, 'ORGANIZER:mailto:a@example.org'] }),
      [[18, 'forbidden']],
    ],
    ['VALARM', changed({ [STATUS]: [STATUS, ...ALARM] }), [[18, 'forbidden']]],
    [
      'a property in small letters too',
      changed({ [STATUS]: [STATUS, 'attendee:mailto:a@example.org'] }),
      [[18, 'forbidden']],
    ],
    [
      'a TZID without its VTIMEZONE',
      changed({ [START]: START.replace('Zurich', 'Vaduz'), [END]: null }),
      [[15, 'timezone']],
    ],
    [
      'a quoted TZID without its VTIMEZONE',
      changed({ [START]: 'DTSTART;TZID="Europe/Vaduz":20220610T100000', [END]: null }),
      [[15, 'timezone']],
    ],
    [
      'two VTIMEZONE of one TZID',
      bytesOf([...SOUND.slice(0, 3), ...ZONE, ...SOUND.slice(3)]),
      [[1, 'timezone']],
    ],
    [
      'a UID used twice',
      bytesOf([...SOUND.slice(0, -1), ...EVENT, 'END:VCALENDAR']),
      [[19, 'uid']],
    ],
    ['a STATUS that there is not', changed({ [STATUS]: 'STATUS:POSTPONED' }), [[17, 'status']]],
    ['a STATUS of a to-do', changed({ [STATUS]: 'STATUS:COMPLETED' }), [[17, 'status']]],
    ['a DTSTAMP without Z', changed({ [STAMP]: 'DTSTAMP:20211121T200000' }), [[14, 'utc']]],
    [
      'a DTSTAMP in a zone',
      changed({ [STAMP]: 'DTSTAMP;TZID=Europe/Zurich:20211121T200000Z' }),
      [[14, 'utc']],
    ],
    [
      'a CREATED without Z',
      changed({ [STATUS]: [STATUS, 'CREATED:20211121T200000'] }),
      [[18, 'utc']],
    ],
    [
      'a LAST-MODIFIED without Z',
      changed({ [STATUS]: [STATUS, 'LAST-MODIFIED:20211121'] }),
      [[18, 'utc']],
    ],
    [
      'a date that does not say so',
      changed({ [START]: 'DTSTART:20220610', [END]: null }),
      [[15, 'time']],
    ],
    [
      'a time that says it is a date',
      changed({ [START]: 'DTSTART;VALUE=DATE:20220610T100000Z', [END]: null }),
      [[15, 'time']],
    ],
    [
      'a time that is none',
      changed({ [START]: 'DTSTART:2022-06-10T10:00', [END]: null }),
      [[15, 'time']],
    ],
    ['a DTEND that is none', changed({ [END]: 'DTEND:20220610T1200Z' }), [[16, 'time']]],
    [
      'a DTEND of another type',
      changed({ [END]: 'DTEND;VALUE=DATE:20220611' }),
      [[16, 'end-type']],
    ],
    [
      'a DTEND before the DTSTART',
      changed({ [END]: END.replace('T12', 'T09') }),
      [[16, 'end-order']],
    ],
    ['a DTEND at the DTSTART', changed({ [END]: END.replace('T12', 'T10') }), [[16, 'end-order']]],
    [
      'an inclusive DTEND of one day',
      changed({ [START]: 'DTSTART;VALUE=DATE:20220610', [END]: 'DTEND;VALUE=DATE:20220610' }),
      [[16, 'end-order']],
    ],
  ])('%s', (_, bytes, findings) => {
    expect(found(bytes)).toEqual(findings);
  });

  test('a character that folding cut in two, on both its lines', () => {
    const [head, tail] = changed({ [STATUS]: [STATUS, 'SUMMARY:é'] })
      .toString('latin1')
      .split('\u00a9');
    const bytes = Buffer.from(`${head}\r\n \u00a9${tail}`, 'latin1');
    expect(found(bytes)).toEqual([
      [18, 'utf-8'],
      [19, 'utf-8'],
    ]);
  });

  test('several faults, in the order of their lines', () => {
    const bytes = changed({
      'VERSION:2.0': null,
      [STAMP]: null,
      [STATUS]: ['STATUS:NONE', `SUMMARY:${'a'.repeat(68)}`],
    });
    expect(found(bytes)).toEqual([
      [1, 'required'],
      [11, 'required'],
      [15, 'status'],
      [16, 'line-length'],
    ]);
  });

  test('says in words what it found', () => {
    const bytes = changed({ [START]: START.replace('Zurich', 'Vaduz'), [END]: null });
    expect(lint(bytes)[0]?.message).toBe('there is no VTIMEZONE for Europe/Vaduz');
  });
});

describe('what it lets pass, being sound', () => {
  test.each<[string, Buffer]>([
    ['75 octets', changed({ [STATUS]: [STATUS, `SUMMARY:${'a'.repeat(67)}`] })],
    ['a folded line, which is judged as one', changed({ [STATUS]: ['STATUS:CONF', ' IRMED'] })],
    ['a line folded with a tab', changed({ [STATUS]: ['STATUS:CONF', '\tIRMED'] })],
    ['a tab in a text', changed({ [STATUS]: [STATUS, 'SUMMARY:a\tb'] })],
    [
      'a quoted parameter with a colon and a semicolon',
      changed({ [STATUS]: [STATUS, 'SUMMARY;ALTREP="cid:a;b":c'] }),
    ],
    [
      'several values of a parameter, quoted or not',
      changed({ [STATUS]: [STATUS, 'X-SEEN;BY="a:1","b:2",c:d'] }),
    ],
    ['a UTC start with a zoned end', changed({ [START]: 'DTSTART:20220610T080000Z' })],
    ['a zoned start with a UTC end', changed({ [END]: 'DTEND:20220610T090000Z' })],
    ['no DTEND', changed({ [END]: null })],
    [
      'all-day with an exclusive DTEND',
      changed({ [START]: 'DTSTART;VALUE=DATE:20220610', [END]: 'DTEND;VALUE=DATE:20220611' }),
    ],
    [
      'a changed occurrence under the same UID',
      bytesOf([
        ...SOUND.slice(0, -1),
        BEGIN,
        UID,
        STAMP,
        START,
        'RECURRENCE-ID;TZID=Europe/Zurich:20220610T100000',
        'END:VEVENT',
        'END:VCALENDAR',
      ]),
    ],
    [
      'a calendar with a VTIMEZONE alone',
      bytesOf([...SOUND.slice(0, 3), ...ZONE, 'END:VCALENDAR']),
    ],
  ])('%s', (_, bytes) => {
    expect(found(bytes)).toEqual([]);
  });
});

test.each(['google', 'outlook', 'apple'])(
  'a calendar as %s writes it has no errors: what follows from its being no feed is a warning',
  (name) => {
    const bytes = readFileSync(new URL(`golden/foreign/${name}.ics`, import.meta.url));
    expect(lint(bytes).filter(({ severity }) => severity === 'error')).toEqual([]);
  },
);

describe('it finds nothing in our own feeds', () => {
  test('empty', async () => {
    expect(lint(Buffer.from(await feedText([])))).toEqual([]);
  });

  const someWhen = fc.constantFrom(
    DAY,
    on('2022-08'),
    on('2022'),
    on('2022-06-10?'),
    on('2022-08/..'),
    on('2022-03-21/2022-03-25'),
    at('2022-06-10T10:00', 'Europe/Zurich', '2022-06-10T12:00'),
    at('2022-06-10T10:00', 'Asia/Tehran'),
    at('2022-10-30T02:30', 'Europe/Zurich', '2022-10-30T03:30'),
    at('2022-03-27T02:30', 'Europe/Zurich', '2022-03-27T03:30'),
    null,
  );
  const someRow = fc.record({
    title: anyText(),
    status: fc.constantFrom(...MEETING_STATUSES),
    when: someWhen,
    lastWhen: someWhen,
    reason: anyText(1_000),
    outcome: fc.option(anyText(1_000)),
    place: fc.record({ name: anyText(), venue: anyText(), online: fc.constant(true as const) }),
    topics: fc.array(anyText(30), { maxLength: 3 }),
    mergedInto: fc.option(anyText(20)),
    participants: fc.array(
      fc.record({
        party: fc.constant('delegation'),
        name: anyText(),
        as: anyText(),
        role: fc.constant('member' as const),
        presence: fc.constant('expected' as const),
      }),
      { maxLength: 3 },
    ),
  });

  test('whatever their texts hold, under any options', async () => {
    const chosen = fc.record({
      cancelled: fc.constantFrom('status', 'label', 'hide'),
      postponed: fc.constantFrom('cancelled', 'tentative'),
      approx: fc.constantFrom('span', 'marker', 'omit'),
      past: fc.constantFrom('all' as const, 365, 0),
    });
    const sourceUrl = anyText().map((text) => `https://c.example.org/${text}`);
    const head = fc.record({ name: anyText(), description: anyText(1_000), sourceUrl });
    await fc.assert(
      fc.asyncProperty(fc.array(someRow, { maxLength: 5 }), chosen, head, async (some, o, h) => {
        const rows = some.map((changes, index) => row({ ...changes, id: `m-${index}` }));
        const text = await feedText(rows, { ...h, options: options(o) }, 'https://c.example.org');
        expect(lint(Buffer.from(text))).toEqual([]);
      }),
    );
  });
});
