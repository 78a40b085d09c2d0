import { describe, expect, it } from 'vitest';
import {
  type Figure,
  interleaved,
  median,
  percentile,
  ratioOf,
  verdictOf,
} from '../../bench/harness.ts';
import { jsonOf, numberText, tableOf } from '../../bench/report.ts';

const RATE: Figure = {
  ...{ name: 'rebuild', value: 40_000, unit: 'events/s', floor: 100_000, floorName: 'F1' },
  goal: { ratio: 0.35, aim: 0.5 },
};
const TIME: Figure = { name: 'feed-cold', value: 50, unit: 'ms', floor: 5_000, floorName: 'F3' };
const ALONE: Figure = { name: 'start', value: 1_200, unit: 'ms', goal: { most: 1_000 } };

describe('interleaved rounds', () => {
  it('take every measure in turn and give the median of each', async () => {
    const order: string[] = [];
    const from = (name: string, values: number[]) => async () => {
      order.push(name);
      return values.shift() ?? 0;
    };
    const taken = await interleaved({ ours: from('o', [9, 1, 4]), floor: from('f', [2, 8, 3]) });
    expect(order.join('')).toBe('ofofof');
    expect(taken).toEqual({ ours: 4, floor: 3 });
  });

  it('have a percentile that is one of the values', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile([3, 1, 2], 99)).toBe(3);
    expect(percentile([5], 50)).toBe(5);
    expect(percentile([], 99)).toBeNaN();
  });

  it('have a median of even counts between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('a figure', () => {
  it('has a ratio that grows with how good it is, whether a rate or a time', () => {
    expect(ratioOf(RATE)).toBe(0.4);
    expect(ratioOf(TIME)).toBe(100);
    expect(ratioOf(ALONE)).toBeUndefined();
  });

  it.each([
    [0.34, 'MISSED'],
    [0.35, 'met'],
    [0.5, 'aim met'],
  ])('at a ratio of %s is %s', (ratio, verdict) => {
    expect(verdictOf({ ...RATE, value: ratio * 100_000 })).toBe(verdict);
  });

  it('may have a goal for its value, or none', () => {
    expect(verdictOf(ALONE)).toBe('MISSED');
    expect(verdictOf({ ...ALONE, value: 1_000 })).toBe('met');
    expect(verdictOf(TIME)).toBeUndefined();
  });
});

describe('the report', () => {
  it('is a table with the goal and whether it is met', () => {
    expect(tableOf([RATE, TIME, ALONE])).toMatchInlineSnapshot(`
      "figure               value       floor   ratio  goal
      ---------  ---------------  ----------  ------  ---------------  ------
      rebuild    40,000 events/s  100,000 F1    0.40  ≥ 0.35, aim 0.5  met
      feed-cold          50.0 ms    5,000 F3  100.00
      start             1,200 ms                      ≤ 1,000 ms       MISSED"
    `);
  });

  it('is JSON with null where there is no floor', () => {
    expect(JSON.parse(jsonOf([RATE, ALONE]))).toEqual([
      { name: 'rebuild', value: 40_000, unit: 'events/s', floor: 100_000, ratio: 0.4 },
      { name: 'start', value: 1_200, unit: 'ms', floor: null, ratio: null },
    ]);
  });

  it.each([
    [123_456.7, '123,457'],
    [12.34, '12.3'],
    [0.0456, '0.0456'],
    [0, '0.00'],
  ])('writes %s as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });
});
