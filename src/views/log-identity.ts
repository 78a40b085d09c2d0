import type { RecordedEvent } from '../../events/envelope.ts';
import type { EventStore, Position } from '../store/event-store.ts';
import type { Checkpoint } from './ledger.ts';

/**
 * Whether the store has the checkpoint's event at the checkpoint's position: if not, the view belongs to
 * another log, or to a newer copy of this one. A view without events belongs to any.
 * @throws {StoreUnavailable}
 */
async function isOfLog(
  store: Pick<EventStore, 'readStream'>,
  checkpoint: Checkpoint | undefined,
): Promise<boolean> {
  if (checkpoint === undefined) return true;
  const { stream, revision, id, position } = checkpoint;
  const [event] = (await unlessInvalid(() =>
    store.readStream(stream, { from: revision, limit: 1 }),
  )) ?? [checkpoint];
  return event?.id === id && event.position === position;
}

/**
 * Undefined: the store holds something that is no event any more. A view that has taken it in goes on, and one that
 * has not is read as far as it is.
 */
async function unlessInvalid<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name === 'StoreInvalid') return undefined;
    throw error;
  }
}

/** What the view has may have lost words since: the log goes on with an EventRedacted, so it is a later copy. */
export const REDACTED_SINCE = 'view is of the log before a redaction: rebuilding';

export const isRedaction = ({ type }: Pick<RecordedEvent, 'type'>): boolean =>
  type === 'EventRedacted';

/**
 * Why a view must not be read with this log: the log line that says so; undefined: it may.
 * @throws {StoreUnavailable}
 */
export async function whyNotOf(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  checkpoint: Checkpoint | undefined,
): Promise<string | undefined> {
  if (checkpoint === undefined) return undefined;
  if (!(await isOfLog(store, checkpoint))) return 'view is of another or an older log: rebuilding';
  return (await isRedactedAfter(store, checkpoint.position)) ? REDACTED_SINCE : undefined;
}

/** Events read at once. */
const PAGE = 500;

async function isRedactedAfter(
  store: Pick<EventStore, 'readAll'>,
  checkpoint: Position,
): Promise<boolean> {
  for (let after = checkpoint, limit = PAGE; ; ) {
    const request = { after, limit };
    const page = await unlessInvalid(() => store.readAll(request));
    if (page?.some(isRedaction)) return true;
    const last = page?.at(-1);
    const isEnd = page === undefined ? limit === 1 : page.length < limit;
    if (isEnd) return false;
    // Up to what is damaged, one by one.
    if (page === undefined) limit = 1;
    after = last?.position ?? after;
  }
}
