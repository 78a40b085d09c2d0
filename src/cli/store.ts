import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, exampleConfig } from '../config.ts';
import { makeFolder } from '../folder.ts';
import type { EventStore } from '../store/event-store.ts';
import { openSqliteStore } from '../store/sqlite/index.ts';
import { CommandFailed } from './failure.ts';

/** Opens the store, made with its folder when it is not there. */
export async function openStore(config: Config): Promise<EventStore> {
  makeFolder(dirname(config.storeFile));
  return openSqliteStore({ file: config.storeFile });
}

/** Opens the store for a command that only reads: a wrong path must not make an empty store. */
export async function openExistingStore(config: Config): Promise<EventStore> {
  requireStore(config);
  return openSqliteStore({ file: config.storeFile });
}

/** @throws {CommandFailed} there is no store */
export function requireStore(config: Config): void {
  if (existsSync(config.storeFile)) return;
  throw new CommandFailed(
    `there is no event store at ${config.storeFile}: check DATA_DIR and STORE_URL${exampleHint(config)}`,
  );
}

/** Whoever has only run `npm start` has a store, but elsewhere. */
function exampleHint(config: Config): string {
  const { dataDir, storeFile } = exampleConfig(config);
  return existsSync(storeFile) ? ` (for that of the example, set DATA_DIR to ${dataDir})` : '';
}
