import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from './folder.ts';
import { type EventStore, StoreUnavailable } from './store/event-store.ts';
import type { ClusterSettings } from './store/eventstoredb/settings.ts';
import { openSqliteStore } from './store/sqlite/index.ts';

/** Which store: plain data, so that a thread of its own can open the same one. */
export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'cluster'; readonly cluster: ClusterSettings };

/**
 * Opens the store; the embedded one is made with its folder when it is not there.
 * @throws {StoreInvalid} it cannot be used as it is
 * @throws {StoreUnavailable} the embedded one is busy; a cluster is not asked anything yet
 */
export async function openStore(settings: StoreSettings): Promise<EventStore> {
  if (settings.kind === 'cluster') {
    // The driver takes longer to load than the rest of the program: only where there is a cluster.
    const { openClusterStore } = await import('./store/eventstoredb/index.ts');
    return openClusterStore(settings.cluster);
  }
  makeFolder(dirname(settings.file));
  return openSqliteStore({ file: settings.file });
}

/** How a store is called in messages: without a password. */
export const nameOfStore = (settings: StoreSettings): string =>
  settings.kind === 'sqlite' ? settings.file : settings.cluster.address.shown;

/** Milliseconds between two questions to a store that is not there yet. */
const WAIT_MS = 500;

/**
 * Settles when the store answers: nodes and the cluster may be started in any order.
 * @param onWaiting told once, when the store does not answer at first
 * @throws {StoreInvalid} waiting does not help
 * @throws the signal's reason when it is aborted
 */
export async function untilThere(
  store: EventStore,
  onWaiting: (error: StoreUnavailable) => void,
  signal?: AbortSignal,
): Promise<void> {
  let told = false;
  for (;;) {
    const away = await store.head().then(nothing, unavailable);
    if (away === undefined) return;
    if (!told) onWaiting(away);
    told = true;
    await delay(WAIT_MS, undefined, signal === undefined ? {} : { signal });
  }
}

const nothing = (): undefined => undefined;

/** @throws whatever else it is */
function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  throw error;
}
