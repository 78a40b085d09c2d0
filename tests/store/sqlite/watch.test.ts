import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Watch } from '../../../src/store/sqlite/watch.ts';

const POLL_MS = 50;

let written: number | undefined;
let damage: Error | undefined;
let watch: Watch;
let ended: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  written = 7;
  damage = undefined;
  watch = new Watch(() => {
    if (damage !== undefined) throw damage;
    return written;
  }, POLL_MS);
  ended = new AbortController();
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** A subscriber that always waits for more; counts how often it was woken. */
function follow(): () => number {
  let wakes = 0;
  const wait = async (): Promise<void> => {
    for (;;) {
      await watch.changed(watch.version, ended.signal);
      if (watch.ended(ended.signal)) return;
      wakes += 1;
    }
  };
  void wait();
  return () => wakes;
}

const polls = (count: number) => vi.advanceTimersByTimeAsync(count * POLL_MS);

describe('who waits for writes of others', () => {
  test('is woken once by each', async () => {
    const wakes = follow();
    await polls(10);
    expect(wakes()).toBe(0);
    written = 8;
    await polls(10);
    expect(wakes()).toBe(1);
    written = 9;
    await polls(10);
    expect(wakes()).toBe(2);
  });

  test('is not woken by what was there before', async () => {
    const wakes = follow();
    await polls(10);
    expect(wakes()).toBe(0);
  });

  test('is woken where the file cannot be read any more, and finds out why', async () => {
    const wakes = follow();
    damage = new Error('the file is damaged');
    await polls(1);
    expect(wakes()).toBe(1);
  });

  test('is woken once by what was written while the file could not be asked', async () => {
    const wakes = follow();
    written = undefined;
    await polls(10);
    expect(wakes()).toBe(0);
    written = 8;
    await polls(10);
    expect(wakes()).toBe(1);
  });

  test('costs no look at the file once nobody waits', async () => {
    follow();
    await polls(1);
    expect(vi.getTimerCount()).toBe(1);
    ended.abort();
    await polls(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
