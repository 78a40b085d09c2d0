import type { EventStore } from '../store/event-store.ts';
import type { Checkpoint } from './ledger.ts';

/**
 * Whether the store has the checkpoint's event at the checkpoint's position: if not, the view belongs to
 * another log, or to a newer copy of this one. A view without events belongs to any.
 * @throws {StoreUnavailable}
 */
export async function isOfLog(
  store: Pick<EventStore, 'readStream'>,
  checkpoint: Checkpoint | undefined,
): Promise<boolean> {
  if (checkpoint === undefined) return true;
  const { stream, revision, id, position } = checkpoint;
  const [event] = await store.readStream(stream, { from: revision, limit: 1 });
  return event?.id === id && event.position === position;
}
