import type { RecordedEvent } from '../../events/envelope.ts';
import type { EventStore } from './event-store.ts';

/** Events in memory at once. */
const PAGE = 500;

/** A log from its first event to its end, a page at a time. */
export async function* eachEvent(
  log: Pick<EventStore, 'readAll'>,
  signal?: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  for (let after: string | undefined; ; ) {
    signal?.throwIfAborted();
    const page = await log.readAll({ after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    after = last.position;
  }
}
