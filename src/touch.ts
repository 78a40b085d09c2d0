import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore } from './store/event-store.ts';

/** Whether a view knows what the store holds, as a matter of time. */
export interface Touch {
  /** Whether the view was last known to be at the store's end longer ago than is allowed. */
  isStale(): boolean;
  close(): void;
}

export interface TouchOptions {
  readonly store: Pick<EventStore, 'head'>;
  readonly view: {
    waitFor(eventId: string, timeoutMs: number): Promise<boolean>;
  };
  readonly staleMs: number;
  /** Milliseconds that only ever rise: a clock that is set back must not keep a revoked token alive. */
  readonly monotonic: () => number;
  /** Milliseconds between two questions to the store; default 5,000, or less where staleMs is short. */
  readonly everyMs?: number;
}

const EVERY_MS = 5_000;
/** Questions within the time that is allowed: one lost answer must not lock everybody out. */
const QUESTIONS = 4;

/**
 * Asks the store for its last event again and again, and the view whether it has that. Each answer says how
 * things were when it was asked for.
 */
export function keepTouch(options: TouchOptions): Touch {
  const { store, view, staleMs, monotonic } = options;
  const everyMs = options.everyMs ?? Math.min(EVERY_MS, Math.ceil(staleMs / QUESTIONS));
  const stop = new AbortController();
  let knownMs = monotonic();
  const look = async () => {
    const askedMs = monotonic();
    const head = await Promise.race([store.head(), silence(everyMs)]);
    const current = head === undefined || (await view.waitFor(head.id, everyMs));
    if (current) knownMs = askedMs;
  };
  const run = async () => {
    while (!stop.signal.aborted) {
      await look().catch(() => {}); // silence is what counts
      await delay(everyMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
    }
  };
  void run();
  return { isStale: () => monotonic() - knownMs > staleMs, close: () => stop.abort() };
}

/** A question that is never answered must not be the last one. */
async function silence(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error('the store does not answer');
}
