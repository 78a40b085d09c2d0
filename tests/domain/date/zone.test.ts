import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  InvalidDate,
  instantMs,
  isoInstant,
  isZone,
  resolveWhen,
} from '../../../src/domain/date/index.ts';
import { endOfLocalDayMs, localDateOf, startOfLocalDayMs } from '../../../src/domain/date/zone.ts';
import { LOCAL_DAYS, WALL_TIMES } from './zone-cases.ts';

const run = promisify(execFile);

test.each(WALL_TIMES)('%s %s is %s (%s)', (timezone, start, instant) => {
  expect(resolveWhen({ start, timezone })).toMatchObject({ start, startsAt: instant });
});

test.each(LOCAL_DAYS)('the day in %s of %s is %s to %s (%s)', (zone, date, first, last) => {
  expect(isoInstant(startOfLocalDayMs(date, zone))).toBe(first);
  expect(isoInstant(endOfLocalDayMs(date, zone))).toBe(last);
});

test.each([
  ['UTC', '2026-01-15T00:00:00Z', 'UTC'],
  ['Asia/Beirut', '2022-03-26T22:30:00Z', 'Asia/Damascus'],
  ['America/Sao_Paulo', '2018-11-04T03:30:00Z', 'America/Sao_Paulo'],
  ['Pacific/Apia', '2022-07-15T12:00:00Z', 'Europe/Zurich'],
])('the answers are the same with TZ %s, now %s and default zone %s', async (TZ, now, zone) => {
  const { stdout } = await run(
    process.execPath,
    [fileURLToPath(new URL('answers.ts', import.meta.url)), `${instantMs(now)}`, zone],
    { env: { ...process.env, TZ } },
  );
  expect(JSON.parse(stdout)).toEqual({
    walls: WALL_TIMES.map(([timezone, start]) => resolveWhen({ start, timezone })),
    days: LOCAL_DAYS.map(([, , first, last]) => [first, last]),
  });
});

const ZONES = [
  ...new Set([...WALL_TIMES, ...LOCAL_DAYS].map(([zone]) => zone)),
  ...['Africa/El_Aaiun', 'Asia/Gaza', 'Asia/Kathmandu', 'America/St_Johns', 'Asia/Manila'],
  ...['Antarctica/Troll', 'Pacific/Kwajalein', 'America/Juneau', 'Europe/Dublin'],
];
const zone = fc.constantFrom(...ZONES);
const wall = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2050-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 16));
// Near its changes a zone is interesting, and a random minute is hardly ever near one.
const nearChange = fc
  .tuple(zone, wall, fc.integer({ min: -120, max: 120 }))
  .map(([id, at, off]) => {
    const change = Temporal.ZonedDateTime.from(`${at}[${id}]`).getTimeZoneTransition('next');
    const local = change?.toPlainDateTime() ?? Temporal.PlainDateTime.from(at);
    return [id, local.add({ minutes: off }).toString({ smallestUnit: 'minute' })] as const;
  });

test('wall times and days agree with Temporal, which decides as RFC 5545 does', () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(zone, wall), nearChange), ([timezone, start]) => {
      const oracle = Temporal.PlainDateTime.from(start).toZonedDateTime(timezone);
      const ms = oracle.epochMilliseconds;
      const resolved = resolveWhen({ start, timezone });
      expect(resolved).toMatchObject({ startsAt: isoInstant(ms) });
      expect(resolved.earliest).toBe(oracle.toPlainDate().toString());
      expect(localDateOf(ms, timezone)).toBe(oracle.toPlainDate().toString());
      expect(startOfLocalDayMs(resolved.earliest ?? '', timezone)).toBe(
        oracle.startOfDay().epochMilliseconds,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('the answers survive more days than are remembered', () => {
  const first = resolveWhen({ start: '2022-03-27T02:30', timezone: 'Europe/Zurich' });
  const day = 86_400_000;
  for (let n = 0; n < 60_000; n += 1) localDateOf(n * day, 'UTC');
  expect(resolveWhen({ start: '2022-03-27T02:30', timezone: 'Europe/Zurich' })).toEqual(first);
});

test.each(['Europe/Zurich', 'Asia/Kolkata', 'Asia/Calcutta', 'Europe/Kyiv', 'UTC', 'Etc/GMT+5'])(
  '%s is a zone',
  (name) => expect(isZone(name)).toBe(true),
);

test.each([
  'europe/zurich',
  'EUROPE/ZURICH',
  'Europe/Geneva',
  '+02:00',
  'Z',
  'ACT',
  '',
  'local',
  'Europe/Zurich\n',
])('%j is not a zone', (name) => {
  expect(isZone(name)).toBe(false);
  expect(() => localDateOf(0, name)).toThrow(InvalidDate);
});
