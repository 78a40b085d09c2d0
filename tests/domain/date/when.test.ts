import { expect, test } from 'vitest';
import type { When } from '../../../events/values.ts';
import { checkWhen, InvalidDate, resolveWhen } from '../../../src/domain/date/index.ts';

test.each([
  ['2022', 'year', '2022-01-01', '2022-12-31', '2022'],
  ['0987', 'year', '0987-01-01', '0987-12-31', '987'],
  ['2022-08', 'month', '2022-08-01', '2022-08-31', 'August 2022'],
  ['2024-02', 'month', '2024-02-01', '2024-02-29', 'February 2024'],
  ['1900-02', 'month', '1900-02-01', '1900-02-28', 'February 1900'],
  ['2022-03-21', 'day', '2022-03-21', '2022-03-21', '21 March 2022'],
  ['2022-21', 'season', '2022-03-01', '2022-05-31', 'spring 2022'],
  ['2022-22', 'season', '2022-06-01', '2022-08-31', 'summer 2022'],
  ['2022-23', 'season', '2022-09-01', '2022-11-30', 'autumn 2022'],
  ['2022-24', 'season', '2022-12-01', '2023-02-28', 'winter 2022–2023'],
  ['2023-24', 'season', '2023-12-01', '2024-02-29', 'winter 2023–2024'],
  ['2022-33', 'quarter', '2022-01-01', '2022-03-31', 'first quarter of 2022'],
  ['2022-34', 'quarter', '2022-04-01', '2022-06-30', 'second quarter of 2022'],
  ['2022-35', 'quarter', '2022-07-01', '2022-09-30', 'third quarter of 2022'],
  ['2022-36', 'quarter', '2022-10-01', '2022-12-31', 'fourth quarter of 2022'],
  ['2022-40', 'half', '2022-01-01', '2022-06-30', 'first half of 2022'],
  ['2022-41', 'half', '2022-07-01', '2022-12-31', 'second half of 2022'],
  ['2022-03-21/2022-03-25', 'days', '2022-03-21', '2022-03-25', '21–25 March 2022'],
  ['2022-05-28/2022-06-03', 'days', '2022-05-28', '2022-06-03', '28 May–3 June 2022'],
  ['2021-12-30/2022-01-02', 'days', '2021-12-30', '2022-01-02', '30 December 2021–2 January 2022'],
  ['2021-03-21/2022-03-25', 'days', '2021-03-21', '2022-03-25', '21 March 2021–25 March 2022'],
  ['2022-05/2022-06', 'interval', '2022-05-01', '2022-06-30', 'between May and June 2022'],
  [
    '2022-12/2023-01',
    'interval',
    '2022-12-01',
    '2023-01-31',
    'between December 2022 and January 2023',
  ],
  ['2022/2024', 'interval', '2022-01-01', '2024-12-31', 'between 2022 and 2024'],
  [
    '2022-21/2022-07-03',
    'interval',
    '2022-03-01',
    '2022-07-03',
    'between spring 2022 and 3 July 2022',
  ],
  [
    '2022-33/2022-34',
    'interval',
    '2022-01-01',
    '2022-06-30',
    'between first quarter of 2022 and second quarter of 2022',
  ],
  ['../2021-11-21', 'interval', null, '2021-11-21', 'on or before 21 November 2021'],
  ['2022-03-21/..', 'interval', '2022-03-21', null, 'on or after 21 March 2022'],
  ['../2022-08', 'interval', null, '2022-08-31', 'in or before August 2022'],
  ['2022-08/..', 'interval', '2022-08-01', null, 'in or after August 2022'],
  ['2021-11-21?', 'day', '2021-11-21', '2021-11-21', '21 November 2021 (uncertain)'],
  ['2021-11-21~', 'day', '2021-11-21', '2021-11-21', 'about 21 November 2021'],
  ['2022-08%', 'month', '2022-08-01', '2022-08-31', 'about August 2022 (uncertain)'],
  ['../2021-11-21?', 'interval', null, '2021-11-21', 'on or before 21 November 2021 (uncertain)'],
  [
    '2022-03-21~/2022-03-25?',
    'days',
    '2022-03-21',
    '2022-03-25',
    'from about 21 March 2022 to 25 March 2022 (uncertain)',
  ],
  [
    '2022-05/2022-06?',
    'interval',
    '2022-05-01',
    '2022-06-30',
    'between May 2022 and June 2022 (uncertain)',
  ],
])('%s is a %s from %s to %s: %s', (edtf, precision, earliest, latest, display) => {
  expect(checkWhen({ edtf })).toBeUndefined();
  const extent = precision === 'day' || precision === 'days' ? 'throughout' : 'within';
  expect(resolveWhen({ edtf })).toEqual({
    ...{ edtf, timezone: 'UTC', extent, precision, earliest, latest, display },
  });
});

test('days that a meeting falls within are an interval', () => {
  const when: When = { edtf: '2022-03-20/2022-03-26', extent: 'within' };
  expect(resolveWhen(when)).toMatchObject({
    precision: 'interval',
    display: 'between 20 and 26 March 2022',
  });
  expect(resolveWhen({ ...when, edtf: '2022-05-28/2022-06-03' }).display).toBe(
    'between 28 May and 3 June 2022',
  );
});

test('a coarse date is answered in the order and shape of the contract, without any start', () => {
  const when = { edtf: '2022-08', phrase: 'August next year', anchor: '2021-11-21' };
  expect(JSON.stringify(resolveWhen(when, 'Europe/Zurich'))).toBe(
    '{"edtf":"2022-08","timezone":"Europe/Zurich","extent":"within","phrase":"August next year","anchor":"2021-11-21","precision":"month","earliest":"2022-08-01","latest":"2022-08-31","display":"August 2022"}',
  );
});

test('the zone is the own one, else that of the place, else UTC', () => {
  expect(resolveWhen({ edtf: '2022', timezone: 'Asia/Tehran' }, 'Asia/Beirut').timezone).toBe(
    'Asia/Tehran',
  );
  expect(resolveWhen({ edtf: '2022' }, 'Asia/Beirut').timezone).toBe('Asia/Beirut');
  expect(resolveWhen({ edtf: '2022' }).timezone).toBe('UTC');
});

test('a time has its instants, local dates and words', () => {
  const when = {
    ...{ start: '2022-03-21T10:00', end: '2022-03-21T12:00', timezone: 'Europe/Zurich' },
    phrase: 'Monday morning',
  };
  expect(JSON.stringify(resolveWhen(when, 'Asia/Tehran'))).toBe(
    '{"start":"2022-03-21T10:00","end":"2022-03-21T12:00","timezone":"Europe/Zurich","phrase":"Monday morning","precision":"time","earliest":"2022-03-21","latest":"2022-03-21","startsAt":"2022-03-21T09:00:00Z","endsAt":"2022-03-21T11:00:00Z","display":"21 March 2022, 10:00–12:00 (Europe/Zurich)"}',
  );
});

test.each([
  ['2022-03-21T10:00', undefined, '2022-03-21', '21 March 2022, 10:00 (Asia/Tehran)'],
  [
    '2022-03-20T22:00',
    '2022-03-21T01:00',
    '2022-03-21',
    '20 March 2022, 22:00–21 March 2022, 01:00 (Asia/Tehran)',
  ],
  [
    '2022-03-20T22:00',
    '2022-03-21T00:00',
    '2022-03-20',
    '20 March 2022, 22:00–21 March 2022, 00:00 (Asia/Tehran)',
  ],
  [
    '2022-03-21T10:00:30',
    '2022-03-21T11:00:00',
    '2022-03-21',
    '21 March 2022, 10:00:30–11:00 (Asia/Tehran)',
  ],
])('a time from %s to %s is over by %s: %s', (start, end, latest, display) => {
  const when = resolveWhen({ start, ...(end && { end }), timezone: 'Asia/Tehran' });
  expect(when).toMatchObject({ latest, display });
  expect(when).toHaveProperty('endsAt', end === undefined ? null : expect.stringMatching(/Z$/));
});

test.each([
  ...[
    '',
    ' ',
    '22',
    '20220',
    '0000',
    '9999',
    '2022-00',
    '2022-13',
    '2022-20',
    '2022-25',
    '2022-32',
  ],
  ...[
    '2022-37',
    '2022-39',
    '2022-42',
    '2022-02-29',
    '2022-04-31',
    '2022-21-01',
    '2022-3',
    '2022-03-1',
  ],
  ...['2022-08??', '2022-08?~', '?2022-08', '2022?-08', '2022-08-XX', '202X', '~2022', '2022-08 '],
  ...[
    '..',
    '../..',
    '/',
    '2022/',
    '/2022',
    '../2022/2023',
    '2022/2023/2024',
    '..?/2022',
    '2022-08-01T10:00',
  ],
  ...['[2021,2022]', '-2022', 'Y12022', '2022-08\n', '٢٠٢٢', '2022-08-01Z', 'P1D', '2022-08--'],
])('%j is refused, saying what is accepted', (edtf) => {
  const problem = checkWhen({ edtf });
  expect(problem).toMatchObject({ code: 'invalid', path: ['edtf'] });
  for (const example of [
    '2022-08',
    '2022-21',
    '2022-33',
    '2022-40',
    '../2021-11-21',
    '2022-05/..',
  ]) {
    expect(problem?.message).toContain(example);
  }
  expect(() => resolveWhen({ edtf })).toThrow(InvalidDate);
});

test('who gives a time as EDTF is told how a time is given', () => {
  expect(checkWhen({ edtf: '2022-08-01T10:00' })?.message).toContain(
    '{"start": "2022-01-17T10:00"',
  );
  expect(checkWhen({ edtf: '2022-8' })?.message).not.toContain('start');
});

test.each(['2022-03-25/2022-03-21', '2022-03-21/2022-03-21', '2022/2022-05', '2022-05/2022-05-20'])(
  'the interval %s does not end after it starts',
  (edtf) => {
    expect(checkWhen({ edtf })).toMatchObject({ code: 'end-before-start', path: ['edtf'] });
    expect(() => resolveWhen({ edtf })).toThrow(InvalidDate);
  },
);

test.each([
  ['2022-08', 'throughout'],
  ['2022-03-21/..', 'throughout'],
  ['2022-05/2022-06', 'throughout'],
  ['2022-03-21', 'within'],
] as const)('%s cannot be %s', (edtf, extent) => {
  expect(checkWhen({ edtf, extent })).toMatchObject({ code: 'invalid', path: ['extent'] });
  expect(() => resolveWhen({ edtf, extent })).toThrow(InvalidDate);
});

test.each([
  ['2022-02-29T10:00', undefined, 'UTC', 'invalid', 'start'],
  ['2022-03-21T24:00', undefined, 'UTC', 'invalid', 'start'],
  ['2022-03-21T10:60', undefined, 'UTC', 'invalid', 'start'],
  ['2022-03-21T10:00:60', undefined, 'UTC', 'invalid', 'start'],
  ['9999-03-21T10:00', undefined, 'UTC', 'invalid', 'start'],
  ['2022-03-21T10:00', '2022-03-32T10:00', 'UTC', 'invalid', 'end'],
  ['2022-03-21T10:00', undefined, 'Europe/Geneva', 'invalid', 'timezone'],
  ['2022-03-21T10:00', undefined, 'europe/zurich', 'invalid', 'timezone'],
  ['2022-03-21T10:00', '2022-03-21T10:00', 'UTC', 'end-before-start', 'end'],
  ['2022-03-21T10:00', '2022-03-21T09:00', 'UTC', 'end-before-start', 'end'],
  // 02:30 does not exist there and is 03:30.
  ['2022-03-27T02:30', '2022-03-27T03:15', 'Europe/Zurich', 'end-before-start', 'end'],
])('%s to %s in %s is %s at %s', (start, end, timezone, code, field) => {
  const problem = checkWhen({ start, ...(end && { end }), timezone });
  expect(problem).toMatchObject({ code, path: [field] });
});

test('a zone that is only written in another case is told how to write it', () => {
  expect(checkWhen({ edtf: '2022', timezone: 'europe/zurich' })?.message).toContain(
    'write Europe/Zurich',
  );
  expect(checkWhen({ edtf: '2022' }, 'Europe/Geneva')).toMatchObject({ path: ['timezone'] });
});

test('a recorded end that new zone rules put before its start does not break reading', () => {
  const when = { start: '2022-03-27T02:30', end: '2022-03-27T03:15', timezone: 'Europe/Zurich' };
  expect(resolveWhen(when)).toMatchObject({
    startsAt: '2022-03-27T01:30:00Z',
    endsAt: '2022-03-27T01:30:00Z',
  });
});

test('the error tells its code and problem', () => {
  try {
    resolveWhen({ edtf: 'soon' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDate);
    expect(error).toMatchObject({ code: 'invalid-date', problem: checkWhen({ edtf: 'soon' }) });
  }
});
