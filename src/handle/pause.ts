import { setTimeout as delay } from 'node:timers/promises';

const FIRST_MS = 4;
const LONGEST_MS = 250;

/** Milliseconds before a further try: doubling, capped, and spread so that those who met do not meet again. */
export const backoff = (attempt: number): number => {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return longest * (0.5 + Math.random() / 2);
};

/** Waits before the try after the `attempt`-th, counted from 1. */
export const pauseBriefly = (attempt: number): Promise<void> => delay(backoff(attempt));
