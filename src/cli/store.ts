import { type Config, exampleConfig } from '../config.ts';
import { openStore as open } from '../open-store.ts';
import type { EventStore } from '../store/event-store.ts';
import { exists } from './exists.ts';
import { CommandFailed } from './failure.ts';

/** Opens the store, made with its folder when it is an embedded one that is not there. */
export const openStore = (config: Config): Promise<EventStore> => open(config.store);

/** Opens the store for a command that only reads: a wrong path must not make an empty store. */
export async function openExistingStore(config: Config): Promise<EventStore> {
  requireStore(config);
  return open(config.store);
}

/** @throws {CommandFailed} there is no embedded store; whether a cluster is there shows when it is asked */
export function requireStore(config: Config): void {
  const { store } = config;
  if (store.kind === 'cluster' || exists(store.file)) return;
  throw new CommandFailed(
    `there is no event store at ${store.file}: check DATA_DIR and STORE_URL; serve or import makes one${exampleHint(config)}`,
  );
}

/**
 * The embedded store's file, for a command that a cluster has its own means for.
 * @throws {CommandFailed} the store is a cluster; `cure` says what to do there
 */
export function embeddedFile({ store }: Config, cure: string): string {
  if (store.kind === 'sqlite') return store.file;
  throw new CommandFailed(`STORE_URL names a cluster: ${cure}`);
}

/** Whoever has only run `npm start` has a store, but elsewhere. */
function exampleHint(config: Config): string {
  const { dataDir, store } = exampleConfig(config);
  const there = store.kind === 'sqlite' && exists(store.file);
  return there ? ` (for that of the example, set DATA_DIR to ${dataDir})` : '';
}
