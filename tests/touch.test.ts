import { describe, expect, test } from 'vitest';
import type { Head } from '../src/store/event-store.ts';
import { keepTouch, type Touch } from '../src/touch.ts';

/** A store and a view that answer as a test says; the clock stands unless a test moves it. */
async function withTouch(
  work: (given: {
    touch: Touch;
    clock: { ms: number };
    answers: { head: () => Promise<Head | undefined>; applied: boolean };
    /** Settles when the store has been asked once more. */
    asked: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const clock = { ms: 0 };
  const head: Head = { position: '1', id: 'last', recordedAt: '2021-11-22T08:00:00Z' };
  const answers = { head: async (): Promise<Head | undefined> => head, applied: true };
  let signals: (() => void)[] = [];
  const store = {
    head: () => {
      const waiting = signals;
      signals = [];
      const answer = answers.head();
      for (const signal of waiting) signal();
      return answer;
    },
  };
  const view = { waitFor: async () => answers.applied };
  const touch = keepTouch({ store, view, staleMs: 1_000, monotonic: () => clock.ms, everyMs: 1 });
  const once = () => new Promise<void>((resolve) => signals.push(resolve));
  // The second question comes when the first answer has been dealt with.
  const asked = async () => {
    await once();
    await once();
  };
  try {
    await work({ touch, clock, answers, asked });
  } finally {
    touch.close();
  }
}

describe('a view whose store', () => {
  test('answers is in touch, however much time goes by', () =>
    withTouch(async ({ touch, clock, asked }) => {
      clock.ms = 1_000_000;
      await asked();
      expect(touch.isStale()).toBe(false);
    }));

  test('is empty is in touch', () =>
    withTouch(async ({ touch, clock, answers, asked }) => {
      answers.head = async () => undefined;
      await asked();
      clock.ms = 999;
      await asked();
      expect(touch.isStale()).toBe(false);
    }));

  test.each([
    ['fails', async (): Promise<never> => Promise.reject(new Error('away'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])('%s is stale after the time allowed, and in touch again when it is back', (_what, head) =>
    withTouch(async ({ touch, clock, answers, asked }) => {
      const well = answers.head;
      await asked();
      answers.head = head;
      await asked();
      clock.ms = 1_000;
      await asked();
      expect(touch.isStale()).toBe(false);
      clock.ms = 1_001;
      expect(touch.isStale()).toBe(true);
      answers.head = well;
      await asked();
      expect(touch.isStale()).toBe(false);
    }),
  );

  test('answers while the view does not follow is stale', () =>
    withTouch(async ({ touch, clock, answers, asked }) => {
      answers.applied = false;
      await asked();
      clock.ms = 2_000;
      await asked();
      expect(touch.isStale()).toBe(true);
    }));
});
