import { existsSync, renameSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { StoreInvalid } from '../event-store.ts';
import { translate } from './errors.ts';

/**
 * Copies a store's file as it is at one moment, while others write to it. The copy is there whole or not at
 * all.
 * @throws {StoreInvalid} the target exists, or one of the two cannot be used
 * @throws {StoreUnavailable} the disk is full, or the file busy
 */
export async function backupStore(file: string, target: string): Promise<void> {
  if (existsSync(target)) throw new StoreInvalid(`${target} exists: name another file`);
  const making = `${target}.partial`;
  rmSync(making, { force: true });
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
    await backup(source, making);
    renameSync(making, target);
  } catch (error) {
    throw translate(error, file);
  } finally {
    source?.close();
    rmSync(making, { force: true });
  }
}
