import { dirname } from 'node:path';
import { makeFolder } from './folder.ts';
import type { EventStore } from './store/event-store.ts';
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
