import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDays,
  endOfUtcDayMs,
  hasBegunSomewhere,
  InvalidDate,
  instantMs,
  isoInstant,
  LUXON_VERSION,
  utcDay,
} from '../../../src/domain/date/index.ts';

const ms = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.getTime());

test('instants are written and read as Date does, without idle milliseconds', () => {
  fc.assert(
    fc.property(ms, (at) => {
      const iso = new Date(at).toISOString();
      expect(isoInstant(at)).toBe(iso.replace('.000Z', 'Z'));
      expect(instantMs(iso)).toBe(at);
      expect(instantMs(isoInstant(at))).toBe(at);
      expect(utcDay(iso)).toBe(iso.slice(0, 10));
    }),
  );
});

test('days are counted as Date counts them', () => {
  fc.assert(
    fc.property(ms, fc.integer({ min: -3_000, max: 3_000 }), (at, days) => {
      const there = new Date(at + days * 86_400_000);
      fc.pre(there.getUTCFullYear() > 0 && there.getUTCFullYear() < 10_000);
      const date = new Date(at).toISOString().slice(0, 10);
      expect(addDays(date, days)).toBe(there.toISOString().slice(0, 10));
    }),
  );
});

test.each([
  ['2021-11-21T08:00Z', '2021-11-21T08:00:00Z'],
  ['2021-11-21T08:00:00.5Z', '2021-11-21T08:00:00.500Z'],
  ['2021-11-21T08:00:00.123999Z', '2021-11-21T08:00:00.123Z'],
])('%s is read as %s', (text, iso) => expect(isoInstant(instantMs(text))).toBe(iso));

test.each([
  '2021-02-29T00:00:00Z',
  '2021-11-21T24:00:00Z',
  '2021-11-21T08:00:00',
  'year-11-21T08:00:00Z',
  '2021-11-21',
  '',
])('%j is no instant', (text) => expect(() => instantMs(text)).toThrow(InvalidDate));

test('a date is its own UTC day and ends with its last millisecond', () => {
  expect(utcDay('2021-11-21')).toBe('2021-11-21');
  expect(isoInstant(endOfUtcDayMs('2021-11-21'))).toBe('2021-11-21T23:59:59.999Z');
  expect(() => endOfUtcDayMs('2021-11-31')).toThrow(InvalidDate);
});

test('a date begins first in the zone fourteen hours ahead', () => {
  const begins = instantMs('2021-11-20T10:00:00Z');
  expect(hasBegunSomewhere('2021-11-21', begins)).toBe(true);
  expect(hasBegunSomewhere('2021-11-21', begins - 1)).toBe(false);
});

test('the version of luxon is told, for the versions of views', () => {
  expect(LUXON_VERSION).toMatch(/^3\./);
});
