import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '../../../events/envelope.ts';
import type { SubscriptionMessage } from '../event-store.ts';
import { backoff } from './errors.ts';
import type { Watch } from './watch.ts';

/** Events in one message of a subscription at most. */
export const SUBSCRIPTION_PAGE = 500;

/**
 * Reads pages at the consumer's pace, then waits for more. Ends on abort and when the store is closed.
 * @param start position after which to begin
 * @param page events after a position; empty at the live end, undefined while the store is away
 */
export async function* follow(
  start: Promise<number>,
  page: (after: number) => RecordedEvent[] | undefined,
  watch: Watch,
  signal: AbortSignal,
): AsyncGenerator<SubscriptionMessage, void> {
  let after = await start;
  let behind = true;
  for (;;) {
    // Before the read: a write between the read and the wait then ends the wait.
    const { version } = watch;
    // A consumer that never waits would otherwise keep the event loop from everyone else.
    await nextTurn();
    if (watch.ended(signal)) return;
    const events = page(after);
    const last = events?.at(-1);
    if (events === undefined) {
      await delay(backoff());
    } else if (last !== undefined) {
      yield { kind: 'events', events };
      after = Number(last.position);
      behind = true;
    } else if (behind) {
      yield { kind: 'caught-up' };
      behind = false;
    } else {
      await watch.changed(version, signal);
    }
  }
}
