import { expect, test } from 'vitest';
import type { When } from '../../../events/values.ts';
import {
  contains,
  earliestMs,
  InvalidDate,
  instantMs,
  isCoarse,
  latestMs,
  matchesRange,
  moved,
  overlaps,
  parseBound,
  resolveWhen,
  sameWhen,
} from '../../../src/domain/date/index.ts';

const date = (edtf: string, extent?: 'within' | 'throughout') =>
  resolveWhen({ edtf, timezone: 'UTC', ...(extent && { extent }) });
const time = (start: string, end?: string, timezone = 'UTC') =>
  resolveWhen({ start, ...(end && { end }), timezone });

test.each([
  ['2022-08', true],
  ['2022', true],
  ['2022-05/2022-06', true],
  ['../2021-11-21', true],
  ['2022-03-21', false],
  ['2021-11-21?', false],
  ['2022-03-21/2022-03-25', false],
])('whether %s is coarse: %s', (edtf, coarse) => expect(isCoarse(date(edtf))).toBe(coarse));

test('days within a week are coarse, a time is not', () => {
  expect(isCoarse(date('2022-03-20/2022-03-26', 'within'))).toBe(true);
  expect(isCoarse(time('2022-03-21T10:00'))).toBe(false);
});

test('sameness compares what was said and the resolved zone', () => {
  const month: When = { edtf: '2022-08' };
  expect(
    sameWhen(resolveWhen(month, 'Asia/Tehran'), resolveWhen({ ...month, timezone: 'Asia/Tehran' })),
  ).toBe(true);
  expect(sameWhen(resolveWhen(month), resolveWhen(month, 'Asia/Tehran'))).toBe(false);
  expect(sameWhen(date('2022-08'), date('2022-08?'))).toBe(false);
  expect(sameWhen(date('2022-08'), resolveWhen({ ...month, phrase: 'in August' }))).toBe(true);
  const days = '2022-03-21/2022-03-25';
  expect(sameWhen(date(days), date(days, 'throughout'))).toBe(true);
  expect(sameWhen(date(days), date(days, 'within'))).toBe(false);
  expect(sameWhen(time('2022-03-21T10:00'), time('2022-03-21T10:00:00'))).toBe(true);
  expect(sameWhen(time('2022-03-21T10:00'), time('2022-03-21T10:00', '2022-03-21T11:00'))).toBe(
    false,
  );
  expect(sameWhen(time('2022-03-21T10:00'), date('2022-03-21'))).toBe(false);
});

test.each([
  [
    resolveWhen({ edtf: '2022-08', timezone: 'Europe/Zurich' }),
    '2022-07-31T22:00:00Z',
    '2022-08-31T21:59:59.999Z',
  ],
  [
    resolveWhen({ edtf: '2022-03-25', timezone: 'Asia/Damascus' }),
    '2022-03-24T22:00:00Z',
    '2022-03-25T20:59:59.999Z',
  ],
  [time('2022-03-21T10:00', '2022-03-21T12:00'), '2022-03-21T10:00:00Z', '2022-03-21T12:00:00Z'],
  [
    time('2022-03-26T10:00', undefined, 'Asia/Beirut'),
    '2022-03-26T08:00:00Z',
    '2022-03-26T21:59:59.999Z',
  ],
])('the moments of $display', (when, first, last) => {
  expect(earliestMs(when)).toBe(instantMs(first));
  expect(latestMs(when)).toBe(instantMs(last));
});

test('an open end has no moment', () => {
  expect(earliestMs(date('../2021-11-21'))).toBeNull();
  expect(latestMs(date('2022-05/..'))).toBeNull();
});

test.each([
  // a, b, overlap, a contains b, b contains a
  ['2022-08', '2022-08', true, true, true],
  ['2022-08', '2022-08-31', true, true, false],
  ['2022-08-01', '2022-08', true, false, true],
  ['2022-08-25/2022-09-03', '2022-08', true, false, false],
  ['2022-08-01', '2022-08-02', false, false, false],
  ['../2022-08', '2022-08', true, true, false],
  ['../2022-08-01', '2022-08/..', true, false, false],
  ['../2022-07', '2022-08/..', false, false, false],
])('%s and %s', (a, b, overlap, first, second) => {
  const [x, y] = [date(a), date(b)];
  expect([overlaps(x, y), overlaps(y, x)]).toEqual([overlap, overlap]);
  expect([contains(x, y), contains(y, x)]).toEqual([first, second]);
});

test('what ends when the other starts does not overlap it', () => {
  const morning = time('2022-03-21T10:00', '2022-03-21T12:00');
  expect(overlaps(morning, time('2022-03-21T12:00', '2022-03-21T13:00'))).toBe(false);
  expect(overlaps(morning, time('2022-03-21T11:59', '2022-03-21T13:00'))).toBe(true);
  expect(overlaps(date('2022-03-22'), time('2022-03-21T22:00', '2022-03-22T00:00'))).toBe(false);
  expect(contains(date('2022-03-21'), time('2022-03-21T22:00', '2022-03-22T00:00'))).toBe(true);
});

test('zones decide whether days overlap', () => {
  const here = resolveWhen({ edtf: '2022-03-21', timezone: 'Pacific/Kiritimati' });
  expect(overlaps(here, resolveWhen({ edtf: '2022-03-21', timezone: 'Pacific/Pago_Pago' }))).toBe(
    false,
  );
  expect(overlaps(here, resolveWhen({ edtf: '2022-03-20', timezone: 'Pacific/Pago_Pago' }))).toBe(
    true,
  );
});

const week = date('2022-03-20/2022-03-26', 'within');
test.each([
  [date('2022-08'), date('2022-08-21'), 'refinement', 0, null],
  [week, date('2022-03-21/2022-03-25'), 'refinement', 0, null],
  [date('2022-03-21'), time('2022-03-21T10:00'), 'refinement', 0, null],
  [time('2022-03-21T10:00'), time('2022-03-21T10:00', '2022-03-21T12:00'), 'refinement', 0, null],
  [time('2022-03-21T10:00'), time('2022-03-21T14:00'), 'slip', 0, null],
  [date('2022-08/..'), date('2022-09-01'), 'refinement', 0, null],
  [date('2022-08'), time('2022-08-01T00:30', undefined, 'Asia/Tehran'), 'refinement', 0, null],
  [date('2022-03-21'), date('2022-04-01'), 'slip', 11, null],
  [date('2022-04-01'), date('2022-03-21'), 'slip', -11, null],
  [date('2022-05-28/2022-06-03'), date('2022-05-30/2022-06-04'), 'slip', 1, null],
  [date('2021-11-22'), date('2022-01'), 'slip', 70, [40, 70]],
  [date('2022-01'), week, 'slip', 54, [48, 84]],
  [date('2022-03-21'), date('2022-03'), 'slip', 10, [-20, 10]],
  [date('2022-08'), date('2022-09/..'), 'slip', null, null],
  [date('2022-08/..'), date('2022-07'), 'slip', null, null],
  [date('2022-08'), date('../2022-09'), 'slip', 30, null],
] as const)('from $display to the next: %#', (from, to, kind, days, range) => {
  expect(moved(from, to)).toEqual({ kind, days, range });
});

const AUGUST = date('2022-08');
const SESSION = date('2022-03-21/2022-03-25');
const HOUR = time('2022-03-21T10:00', '2022-03-21T12:00');
test.each([
  // when, from, to, by overlap, certain
  [AUGUST, '2022-08-31', undefined, true, false],
  [AUGUST, '2022-09-01', undefined, false, false],
  [AUGUST, undefined, '2022-08-01', true, false],
  [AUGUST, undefined, '2022-07-31', false, false],
  [AUGUST, '2022-08-01', '2022-08-31', true, true],
  [AUGUST, '2022-08-02', '2022-08-31', true, false],
  [AUGUST, '2022-08-01T00:00:00Z', '2022-09-01T00:00:00Z', true, true],
  [AUGUST, '2022-08-01T00:00:00Z', '2022-08-31T23:59:59Z', true, false],
  [AUGUST, undefined, '2022-08-01T00:00:00Z', false, false],
  [AUGUST, '2022-08-31T23:59:59.999Z', undefined, true, false],
  [AUGUST, '2022-09-01T00:00:00Z', undefined, false, false],
  [SESSION, '2022-03-25', undefined, true, true],
  [SESSION, undefined, '2022-03-21', true, true],
  [SESSION, '2022-03-26', undefined, false, false],
  [HOUR, '2022-03-21', '2022-03-21', true, true],
  [HOUR, '2022-03-21T12:00:00Z', undefined, false, false],
  [HOUR, '2022-03-21T11:59:00Z', undefined, true, true],
  [HOUR, undefined, '2022-03-21T10:00:00Z', false, false],
  [HOUR, undefined, '2022-03-21T10:00:01Z', true, true],
  [date('../2021-11-21'), '2021-11-21', '2021-12-31', true, false],
  [date('../2021-11-21'), undefined, '2021-11-21', true, true],
  [date('../2021-11-21'), undefined, '1900-01-01T00:00:00Z', true, false],
  [date('2022-05/..'), '2022-05-01', undefined, true, true],
  [date('2022-05/..'), '2022-06-01', '2100-01-01', true, false],
  [AUGUST, undefined, undefined, true, true],
] as const)('matching a range: %#', (when, from, to, overlap, certain) => {
  expect(matchesRange(when, from, to, false)).toBe(overlap);
  expect(matchesRange(when, from, to, true)).toBe(certain);
  const [lower, upper] = [from && parseBound(from), to && parseBound(to)];
  expect(matchesRange(when, lower, upper, false)).toBe(overlap);
  expect(matchesRange(when, lower, upper, true)).toBe(certain);
});

test('dates compare with local dates, whatever the zone', () => {
  const early = time('2022-03-22T00:30', undefined, 'Asia/Tehran');
  expect(matchesRange(early, '2022-03-22', undefined, false)).toBe(true);
  expect(matchesRange(early, undefined, '2022-03-21', false)).toBe(false);
  expect(matchesRange(early, undefined, '2022-03-21T22:00:00Z', false)).toBe(true);
});

test.each(['2022-02-30', '2022-08', '', 'today', '2022-03-21T10:00', '2022-03-21T25:00:00Z'])(
  '%j is no bound',
  (text) => expect(() => parseBound(text)).toThrow(InvalidDate),
);
