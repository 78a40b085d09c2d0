import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../event-store.ts';
import { isNotLeader } from './errors.ts';

/** Waiting for a cluster: never longer than somebody else waits for us. */

/**
 * The task's result, or StoreUnavailable when it takes too long; the task itself cannot be ended by this.
 * @param outcome what a task that was given up may have done
 */
export async function within<T>(
  timeoutMs: number,
  task: Promise<T>,
  shown: string,
  outcome: StoreUnavailable['outcome'],
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silent(shown, timeoutMs, outcome)), timeoutMs);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
    // Nobody listens any more once the time is up.
    task.catch(() => undefined);
  }
}

export const silent = (
  shown: string,
  timeoutMs: number,
  outcome: StoreUnavailable['outcome'],
): StoreUnavailable =>
  new StoreUnavailable(`${shown} has not answered within ${timeoutMs} ms: try again`, outcome);

/** Times that a node may name another one as the leader while they elect one. */
const REDIRECTS = 5;
const REDIRECT_MS = 20;

/** Runs a task again when the node asked was not the leader: the driver then turns to the one it was named. */
export async function onLeader<T>(task: () => Promise<T>): Promise<T> {
  for (let redirects = 0; ; redirects += 1) {
    try {
      return await task();
    } catch (error) {
      if (!isNotLeader(error) || redirects === REDIRECTS) throw error;
    }
    await delay(REDIRECT_MS * 2 ** redirects);
  }
}

/** Milliseconds before another try to subscribe: doubling up to a limit, and spread, so that nodes do not march in step. */
export function backoff(attempt: number, longestMs: number): number {
  const longest = Math.min(longestMs, 50 * 2 ** Math.min(attempt, 20));
  return longest * (0.5 + Math.random() / 2);
}

/** Waits for a time, until one of the signals aborts, or for what comes before both. */
export async function pause(
  ms: number,
  signals: readonly AbortSignal[],
  sooner?: Promise<void>,
): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return;
  const woken = Promise.withResolvers<void>();
  const wake = () => woken.resolve();
  const timer = setTimeout(wake, ms);
  void sooner?.then(wake);
  for (const signal of signals) signal.addEventListener('abort', wake);
  try {
    await woken.promise;
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', wake);
  }
}
