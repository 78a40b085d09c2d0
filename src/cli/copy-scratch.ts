import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../folder.ts';
import type { StoreSettings } from '../open-store.ts';
import { tryLock } from '../views/lock.ts';
import { CommandFailed } from './failure.ts';

/** Where the views of two stores are built to be compared. They hold what the stores hold, also what is confidential. */
export interface Scratch extends Disposable {
  readonly folder: string;
}

/**
 * One place for each pair of stores, so that what a killed copy left goes with the next one: beside the embedded
 * target, or else source, where the disk has room for events; between clusters, in the data folder.
 */
export function scratchOf(
  source: StoreSettings,
  target: StoreSettings,
  dataDir: string | undefined,
): string {
  const embedded = [target, source].find((settings) => settings.kind === 'sqlite');
  return embedded === undefined ? join(dataDir ?? 'data', 'copying') : `${embedded.file}.copying`;
}

/** @throws {CommandFailed} another copy works there */
export function openScratch(folder: string): Scratch {
  makeFolder(folder);
  const lock = tryLock(folder);
  if (lock === undefined) {
    throw new CommandFailed(`another copy works in ${folder}: wait for it, or end it`);
  }
  empty(folder);
  return {
    folder,
    [Symbol.dispose]() {
      // While it is ours: the next one makes a folder, and a lock, of its own.
      rmSync(folder, { recursive: true, force: true });
      lock.release();
    },
  };
}

/** All but the lock itself. */
function empty(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('owner.db')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
