import { beforeEach, describe, expect, it } from 'vitest';
import { RowCache } from '../../projections/row-cache.ts';

interface Row {
  readonly id: string;
  readonly text: string;
}

let written: string[];
let rows: Map<string, Row>;

beforeEach(() => {
  written = [];
  rows = new Map();
});

const cacheOf = (limit: number) =>
  new RowCache<Row>({
    load: (id) => rows.get(id),
    write: (row) => {
      written.push(`${row.id} ${row.text}`);
      rows.set(row.id, row);
    },
    placeOf: ({ id }) => id.charCodeAt(0),
    limit,
  });
const row = (id: string, text = 'a'): Row => ({ id, text });

describe('without room', () => {
  it('writes what a batch touched once, at its end', () => {
    const cache = cacheOf(0);
    cache.set(row('x', 'a'), 10);
    cache.set(row('y', 'a'), 10);
    cache.set(row('x', 'b'), 10);
    expect(written).toEqual([]);
    cache.flush();
    expect(written.toSorted()).toEqual(['x b', 'y a']);
    cache.flush();
    expect(written).toHaveLength(2);
  });

  it('reads back what it has written', () => {
    const cache = cacheOf(0);
    cache.set(row('x'), 10);
    expect(cache.get('x')).toEqual(row('x'));
    cache.flush();
    rows.set('x', row('x', 'read'));
    expect(cache.get('x')).toEqual(row('x', 'read'));
    expect(cache.get('y')).toBeUndefined();
  });
});

describe('with room', () => {
  it('once the bound is passed, writes the oldest down to three quarters of it, and only those', () => {
    const cache = cacheOf(40);
    for (const id of ['v', 'z', 'y']) cache.set(row(id), 10);
    cache.set(row('v', 'b'), 10);
    cache.set(row('w'), 10);
    cache.flush();
    expect(written).toEqual([]);
    cache.set(row('x'), 10);
    cache.flush();
    expect(written).toEqual(['y a', 'z a']);
  });

  it('counts a record by its newest weight', () => {
    const cache = cacheOf(25);
    cache.set(row('x'), 20);
    cache.set(row('x', 'b'), 5);
    cache.set(row('y'), 10);
    cache.set(row('z'), 10);
    cache.flush();
    expect(written).toEqual([]);
    cache.set(row('y', 'b'), 11);
    cache.flush();
    expect(written).toEqual(['x b', 'z a']);
  });

  it('has no memory of what it let go', () => {
    const cache = cacheOf(10);
    for (let i = 0; i < 100; i += 1) {
      cache.set(row(`r${i}`), 11);
      cache.flush();
    }
    expect(written).toHaveLength(100);
  });

  it('writes all that is left in the end', () => {
    const cache = cacheOf(1_000);
    for (const id of ['x', 'y']) cache.set(row(id), 10);
    cache.flush();
    expect(written).toEqual([]);
    cache.drain();
    expect(written).toEqual(['x a', 'y a']);
  });
});
