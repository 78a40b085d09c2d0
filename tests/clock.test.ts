import { expect, test } from 'vitest';
import { EXAMPLE_START, exampleClock, systemClock } from '../src/clock.ts';

const START = Date.parse(EXAMPLE_START);

test.each([
  ['its start, when nothing is recorded', undefined, EXAMPLE_START],
  ['its start, when all was recorded before', '2021-11-21T08:00:00Z', EXAMPLE_START],
  ['its start, when the last was recorded then', EXAMPLE_START, EXAMPLE_START],
  ['the last event, when that is later', '2021-11-25T10:30:00.250Z', '2021-11-25T10:30:00.250Z'],
])("the example's clock runs on from %s", (_, lastRecordedAt, from) => {
  let real = Date.UTC(2026, 0, 1);
  const clock = exampleClock(lastRecordedAt, () => real);
  expect(clock()).toBe(Date.parse(from));
  real += 90_000;
  expect(clock()).toBe(Date.parse(from) + 90_000);
});

test("the example's clock may start when the real one is behind it", () => {
  let real = Date.UTC(2000, 0, 1);
  const clock = exampleClock(undefined, () => real);
  real += 1;
  expect(clock()).toBe(START + 1);
});

test('the real clock is the default', () => {
  const before = Date.now();
  const [real, example] = [systemClock(), exampleClock(undefined)()];
  const after = Date.now();
  expect(real).toBeGreaterThanOrEqual(before);
  expect(real).toBeLessThanOrEqual(after);
  expect(example - START).toBeLessThanOrEqual(Date.now() - before);
  expect(example).toBeGreaterThanOrEqual(START);
});
