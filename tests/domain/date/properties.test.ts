import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EdtfWhen, TimedWhen, When } from '../../../events/values.ts';
import {
  checkWhen,
  contains,
  earliestMs,
  isCoarse,
  latestMs,
  matchesRange,
  moved,
  overlaps,
  resolveWhen,
  sameWhen,
} from '../../../src/domain/date/index.ts';

const two = (n: number) => `${n}`.padStart(2, '0');
const zone = fc.constantFrom(
  'Europe/Zurich',
  'Asia/Damascus',
  'Asia/Tehran',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'UTC',
);
// Few years, so that dates often meet.
const year = fc.integer({ min: 2010, max: 2024 });
const code = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.constantFrom(21, 22, 23, 24, 33, 34, 35, 36, 40, 41),
);
const day = fc
  .tuple(year, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([y, m, d]) => `${y}-${two(m)}-${two(d)}`);
const part = fc
  .tuple(
    fc.oneof(
      day,
      fc.tuple(year, code).map(([y, c]) => `${y}-${two(c)}`),
      year.map(String),
    ),
    fc.constantFrom('', '', '', '?', '~', '%'),
  )
  .map(([text, qualifier]) => text + qualifier);
const edtf = fc.oneof(
  part,
  fc.tuple(part, part).map(([a, b]) => `${a}/${b}`),
  fc.tuple(day, day).map(([a, b]) => `${a}/${b}`),
  part.map((a) => `${a}/..`),
  part.map((b) => `../${b}`),
);
const isValid = (when: When) => checkWhen(when) === undefined;
const span: fc.Arbitrary<EdtfWhen> = fc
  .record(
    {
      edtf,
      timezone: zone,
      extent: fc.constantFrom<'throughout' | 'within'>('throughout', 'within'),
    },
    { requiredKeys: ['edtf'] },
  )
  .filter(isValid);
const wall = fc
  .tuple(day, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([d, h, m]) => `${d}T${two(h)}:${two(m)}`);
const timed: fc.Arbitrary<TimedWhen> = fc
  .record({ start: wall, end: wall, timezone: zone }, { requiredKeys: ['start', 'timezone'] })
  .filter(isValid);
const resolved = fc.oneof(span, timed).map((when) => resolveWhen(when));

test('the earliest is never after the latest, as date and as moment', () => {
  fc.assert(
    fc.property(resolved, (w) => {
      if (w.earliest !== null && w.latest !== null) expect(w.earliest <= w.latest).toBe(true);
      expect(earliestMs(w) ?? -Infinity).toBeLessThanOrEqual(latestMs(w) ?? Infinity);
      expect(earliestMs(w) === null).toBe(w.earliest === null);
      expect(latestMs(w) === null).toBe(w.latest === null);
    }),
  );
});

test('no start instant exists below the precision of time', () => {
  fc.assert(
    fc.property(span, (when) => {
      const keys = Object.keys(resolveWhen(when));
      for (const key of ['start', 'end', 'date', 'startsAt', 'endsAt'])
        expect(keys).not.toContain(key);
    }),
  );
});

const MONTH =
  '(January|February|March|April|May|June|July|August|September|October|November|December)';
const MONTHS = MONTH.slice(1, -1).split('|');

test('the words name exactly the days that the date names', () => {
  fc.assert(
    fc.property(span, (when) => {
      const named = when.edtf.match(/\d{4}-\d{2}-\d{2}/g) ?? [];
      const { display } = resolveWhen(when);
      // A number of one or two digits is a day: years have four.
      const days = (display.match(/(?<!\d)\d{1,2}(?!\d)/g) ?? []).map(Number);
      expect(days).toEqual(named.map((date) => Number(date.slice(8))));
      const months = display.match(new RegExp(MONTH, 'g')) ?? [];
      for (const date of named) expect(months).toContain(MONTHS[Number(date.slice(5, 7)) - 1]);
    }),
  );
});

test('the words show every qualifier', () => {
  fc.assert(
    fc.property(span, (when) => {
      const { display } = resolveWhen(when);
      const count = (text: string, pattern: RegExp) => (text.match(pattern) ?? []).length;
      expect(count(display, /\(uncertain\)/g)).toBe(count(when.edtf, /[?%]/g));
      expect(count(display, /about /g)).toBe(count(when.edtf, /[~%]/g));
    }),
  );
});

test('a coarse date is never the same as its first day, nor certain on it', () => {
  fc.assert(
    fc.property(span.map((w) => resolveWhen(w)).filter(isCoarse), (coarse) => {
      const first = coarse.earliest ?? coarse.latest;
      if (first === null) return;
      const firstDay = resolveWhen({ edtf: first, timezone: coarse.timezone });
      expect(sameWhen(coarse, firstDay)).toBe(false);
      expect(contains(coarse, firstDay)).toBe(true);
      expect(contains(firstDay, coarse)).toBe(false);
      expect(coarse.display).not.toBe(firstDay.display);
      expect(matchesRange(coarse, first, first, false)).toBe(true);
      expect(matchesRange(coarse, first, first, true)).toBe(false);
    }),
  );
});

test('sameness is an equivalence', () => {
  // Few values, so that equal ones are common.
  const few = fc
    .record({
      edtf: fc.constantFrom('2022-03-21/2022-03-25', '2022-08', '2022-08?'),
      timezone: fc.constantFrom('UTC', 'Asia/Tehran'),
      extent: fc.constantFrom<'within' | undefined>('within', undefined),
    })
    .map(({ extent, ...when }) => resolveWhen(extent ? { ...when, extent } : when));
  const times = fc.constantFrom('2022-03-21T10:00', '2022-03-21T10:00:00', '2022-03-21T11:00');
  const any = fc.oneof(
    few,
    times.map((start) => resolveWhen({ start, timezone: 'UTC' })),
    resolved,
  );
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(sameWhen(a, a)).toBe(true);
      expect(sameWhen(a, b)).toBe(sameWhen(b, a));
      if (sameWhen(a, b) && sameWhen(b, c)) expect(sameWhen(a, c)).toBe(true);
      if (sameWhen(a, b)) expect(moved(a, b)).toMatchObject({ kind: 'refinement', days: 0 });
    }),
    { numRuns: 500 },
  );
});

test('containing implies overlapping; both behave as orders of spans do', () => {
  fc.assert(
    fc.property(resolved, resolved, (a, b) => {
      expect(contains(a, a)).toBe(true);
      expect(overlaps(a, b)).toBe(overlaps(b, a));
      if (contains(a, b)) expect(overlaps(a, b)).toBe(true);
      if (overlaps(a, b)) {
        expect(latestMs(a) ?? Infinity).toBeGreaterThanOrEqual(earliestMs(b) ?? -Infinity);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a slip lies within its range', () => {
  fc.assert(
    fc.property(resolved, resolved, (from, to) => {
      const { days, range } = moved(from, to);
      if (range === null || days === null) return;
      expect(range[0]).toBeLessThanOrEqual(days);
      expect(range[1]).toBeGreaterThanOrEqual(days);
    }),
  );
});

test('any text is either resolved or refused with a problem, never anything else', () => {
  const text = fc.oneof(fc.string(), edtf, fc.stringMatching(/^[0-9./?~%-]{0,24}$/));
  fc.assert(
    fc.property(text, fc.oneof(zone, fc.string()), (value, timezone) => {
      const when = { edtf: value, timezone };
      const problem = checkWhen(when);
      if (problem === undefined) expect(resolveWhen(when)).toHaveProperty('edtf', value);
      else expect(() => resolveWhen(when)).toThrow(problem.message);
    }),
    { numRuns: 1_000 },
  );
});
