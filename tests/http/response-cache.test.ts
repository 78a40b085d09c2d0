import { describe, expect, test } from 'vitest';
import { ResponseCache } from '../../src/http/response-cache.ts';

const NEVER = Number.POSITIVE_INFINITY;

describe('a kept answer', () => {
  const cacheOf = (version: number, until: number) => {
    const cache = new ResponseCache<string>(10_000, 5_000);
    cache.set('/meetings', 'answer', 100, version, until);
    return cache;
  };

  test('is found at the version it was made of', () => {
    expect(cacheOf(1, NEVER).get('/meetings', 1, 0)).toBe('answer');
  });

  test('is forgotten at another version, with its bytes', () => {
    const cache = cacheOf(1, NEVER);
    expect(cache.get('/meetings', 2, 0)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  test('holds until its instant, exclusive', () => {
    expect(cacheOf(1, 1_000).get('/meetings', 1, 999)).toBe('answer');
    expect(cacheOf(1, 1_000).get('/meetings', 1, 1_000)).toBeUndefined();
  });

  test('is replaced by a newer one of the same address', () => {
    const cache = cacheOf(1, NEVER);
    const { bytes } = cache;
    cache.set('/meetings', 'newer', 100, 2, NEVER);
    expect(cache.get('/meetings', 2, 0)).toBe('newer');
    expect(cache.bytes).toBe(bytes);
  });
});

describe('the cache', () => {
  test('drops what was used longest ago, and stays within its bytes', () => {
    const cache = new ResponseCache<string>(5_000, 5_000);
    cache.set('a', 'a', 1_500, 1, NEVER);
    cache.set('b', 'b', 1_500, 1, NEVER);
    expect(cache.get('a', 1, 0)).toBe('a');
    cache.set('c', 'c', 1_500, 1, NEVER);
    expect(cache.get('b', 1, 0)).toBeUndefined();
    expect(cache.get('a', 1, 0)).toBe('a');
    expect(cache.get('c', 1, 0)).toBe('c');
    expect(cache.bytes).toBeLessThanOrEqual(5_000);
  });

  test('keeps no answer that is larger than one may be, nor the older one', () => {
    const cache = new ResponseCache<string>(100_000, 2_000);
    cache.set('a', 'small', 100, 1, NEVER);
    cache.set('a', 'large', 3_000, 1, NEVER);
    expect(cache.get('a', 1, 0)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  test('counts long addresses', () => {
    const cache = new ResponseCache<string>(100_000, 100_000);
    cache.set('a'.repeat(1_000), 'a', 0, 1, NEVER);
    expect(cache.bytes).toBeGreaterThanOrEqual(2_000);
  });
});
