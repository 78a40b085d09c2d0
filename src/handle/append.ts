import type { NewEvent } from '../../events/envelope.ts';
import {
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  InvalidEvent,
  StoreUnavailable,
} from '../store/event-store.ts';
import { TooLarge } from './errors.ts';
import { pauseBriefly } from './pause.ts';

/** Further tries after an append of unknown outcome. */
export const RETRIES = 5;
/** After a conflict: of many who write to one entry at once, one gets its turn each time. */
export const CONFLICT_RETRIES = 20;

export interface AppendDependencies {
  readonly store: Pick<EventStore, 'append'>;
  /** Default RETRIES. */
  readonly retries?: number | undefined;
  /** Waits before the try after the `attempt`-th, counted from 1; default a few ms, doubling, spread. */
  readonly pause?: ((attempt: number) => Promise<void>) | undefined;
}

/** An append of unknown outcome is sent again with the same ids and revision, never with new ones. */
export async function append(
  { store, retries = RETRIES, pause = pauseBriefly }: AppendDependencies,
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
): Promise<AppendResult> {
  let unknown: StoreUnavailable | undefined;
  for (let tried = 1; ; tried += 1) {
    try {
      return await store.append(stream, events, expected);
    } catch (error) {
      unknown = stillUnknown(error, unknown);
      if (tried > retries) throw unknown;
    }
    await pause(tried);
  }
}

/**
 * The failure of an append that may have been written, when it is to be sent again; every other one is
 * thrown. What failed without writing says nothing about an earlier try that may have written.
 */
function stillUnknown(error: unknown, earlier: StoreUnavailable | undefined): StoreUnavailable {
  if (error instanceof InvalidEvent) throw new TooLarge(error.message, { cause: error });
  if (!(error instanceof StoreUnavailable)) throw error;
  if (error.outcome === 'unknown') return error;
  if (earlier === undefined) throw error;
  throw new StoreUnavailable(error.message, 'unknown', { cause: error });
}
