import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { endOfUtcDayMs, instantMs, isoInstant } from '../../src/domain/date/index.ts';
import { LEVELS, type Level } from '../../src/domain/visibility.ts';
import { announcePool } from './support/pool.ts';
import { World } from './support/world.ts';

let world: World;

// One world that no test changes but by its clock: each begins by setting that.
beforeAll(async () => {
  world = await World.open();
  await announcePool(world);
  for (const [id, embargoUntil] of [
    ['embargoed', '2021-11-22T20:00:00Z'],
    ['embargoed-too', '2021-11-23T10:30:00Z'],
  ]) {
    await world.announce(`${id}`, { when: { edtf: '2022' }, embargoUntil });
  }
  await world.publish('report', { embargoUntil: '2021-11-24T06:00:00Z' });
  await world.announce('internal', {
    classification: 'internal',
    when: { start: '2021-11-22T16:00', end: '2021-11-22T17:00', timezone: 'UTC' },
  });
});
afterAll(() => world.close());

const ms = instantMs;

/** The stretch at the clock's present, as text. */
function stretch(level: Level = 2) {
  const { nowMs, untilMs } = world.queries.boundary(world.reader(level), world.now);
  return [isoInstant(nowMs), isoInstant(untilMs)];
}

describe('the stretch', () => {
  test.each<[string, Level, string, string, string]>([
    [
      'between two meetings',
      2,
      '2021-11-22T13:00:00Z',
      '2021-11-22T11:00:00.001Z',
      '2021-11-22T17:00:00.001Z',
    ],
    [
      'does not know what is hidden',
      0,
      '2021-11-22T13:00:00Z',
      '2021-11-22T11:00:00.001Z',
      '2021-11-22T20:00:00Z',
    ],
    [
      'at the last moment of one',
      2,
      '2021-11-22T17:00:00Z',
      '2021-11-22T11:00:00.001Z',
      '2021-11-22T17:00:00.001Z',
    ],
    ['after it', 2, '2021-11-22T17:00:00.001Z', '2021-11-22T17:00:00.001Z', '2021-11-22T20:00:00Z'],
    [
      'ends where an embargo does',
      1,
      '2021-11-22T18:00:00Z',
      '2021-11-22T17:00:00.001Z',
      '2021-11-22T20:00:00Z',
    ],
    [
      "ends where an announcement's does",
      0,
      '2021-11-24T05:00:00Z',
      '2021-11-24T00:00:00Z',
      '2021-11-24T06:00:00Z',
    ],
    [
      'is at most a UTC day',
      0,
      '2021-11-25T05:00:00Z',
      '2021-11-25T00:00:00Z',
      '2021-11-26T00:00:00Z',
    ],
  ])('%s (level %i, %s)', (_, level, now, from, until) => {
    world.at(now);
    expect(stretch(level)).toEqual([from, until]);
  });
});

/** Everything that depends on the clock, for a reader of one level. */
function answers(level: Level, nowMs: number) {
  const sides = (['upcoming', 'past'] as const).map((side) => world.list({ side, nowMs }, level));
  return { sides, reports: world.reports({ nowMs }, level), changes: world.changes({}, level) };
}

// Clocks near the instants at which something turns, where a mistake of a millisecond shows.
const turning = [
  '2021-11-21T00:00:00Z',
  '2021-11-21T23:59:59.999Z',
  '2021-11-22T11:00:00Z',
  '2021-11-22T17:00:00Z',
  '2021-11-22T20:00:00Z',
  '2021-11-22T22:59:59.999Z',
  '2021-11-23T10:30:00Z',
  '2021-11-23T20:29:59.999Z',
  '2021-11-24T06:00:00Z',
  '2021-11-24T10:00:00Z',
].map(ms);
const clock = fc
  .tuple(
    fc.constantFrom(...turning),
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -7_200_000, max: 7_200_000 })),
  )
  .map(([instant, by]) => instant + by);

describe('within the stretch', () => {
  it('every later clock gives the same answers', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LEVELS),
        clock,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (level, now, share) => {
          world.at(isoInstant(now));
          const { untilMs } = world.queries.boundary(world.reader(level), now);
          const before = answers(level, now);
          const later = now + Math.floor((untilMs - 1 - now) * share);
          world.at(isoInstant(later));
          expect(answers(level, later)).toEqual(before);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('every earlier instant parts past from upcoming alike', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LEVELS),
        clock,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (level, now, share) => {
          world.at(isoInstant(now));
          const { nowMs } = world.queries.boundary(world.reader(level), now);
          const earlier = nowMs + Math.floor((now - nowMs) * share);
          expect(answers(level, earlier)).toEqual(answers(level, now));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('contains the clock and stays within its UTC day', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LEVELS), clock, (level, now) => {
        world.at(isoInstant(now));
        const { nowMs, untilMs } = world.queries.boundary(world.reader(level), now);
        expect(nowMs).toBeLessThanOrEqual(now);
        expect(untilMs).toBeGreaterThan(now);
        expect(isoInstant(nowMs).slice(0, 10)).toBe(isoInstant(now).slice(0, 10));
        expect(untilMs).toBeLessThanOrEqual(endOfUtcDayMs(isoInstant(now).slice(0, 10)) + 1);
      }),
    );
  });
});
