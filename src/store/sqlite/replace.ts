import { renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreInvalid } from '../event-store.ts';
import { REPLACED } from './database.ts';
import { translate } from './errors.ts';

/**
 * Puts a finished store, which nobody has open, in the place of an empty one. Whoever has the empty one open
 * would go on writing into a file that is no longer there: so nobody may, and who comes at this moment is told.
 * @throws {StoreInvalid} it holds events
 * @throws {StoreUnavailable} somebody has it open
 */
export function replaceEmptyStore(empty: string, whole: string): void {
  const db = new DatabaseSync(empty, { timeout: 0 });
  try {
    // WAL mode is left only by who has the file alone (https://sqlite.org/pragma.html#pragma_journal_mode), and in
    // this locking mode nobody else gets in before the end.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    if (db.prepare('SELECT 1 FROM events LIMIT 1').get() !== undefined) {
      throw new StoreInvalid(`${empty} holds events already: restore into another DATA_DIR`);
    }
    db.exec(`PRAGMA user_version = ${REPLACED}; COMMIT`);
  } catch (error) {
    throw translate(error, empty);
  } finally {
    db.close();
  }
  renameSync(whole, empty);
}
