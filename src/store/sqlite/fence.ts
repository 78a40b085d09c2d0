import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreInvalid } from '../event-store.ts';
import { APPLICATION_ID } from './database.ts';
import { translate } from './errors.ts';

/** For a command of its own: nobody is served by this process, so SQLite may wait itself. */
const BUSY_TIMEOUT_MS = 5_000;

// A trigger, since it holds for every process that has the file open, whatever its version, from one
// transaction to the next. RAISE(ABORT): https://sqlite.org/lang_createtrigger.html#raise
const FENCE = `
  CREATE TRIGGER IF NOT EXISTS write_fence BEFORE INSERT ON events
  BEGIN SELECT RAISE(ABORT, 'this store takes no more events'); END`;

/**
 * From now on the file takes no event, until the fence is released; reading goes on. What is repeated of what
 * it holds already is still answered.
 * @throws {StoreInvalid} there is no store
 * @throws {StoreUnavailable} another process holds the file
 */
export const fenceStore = (file: string): void => change(file, (db) => db.exec(FENCE));

/** Takes the fence away. @returns false: there was none */
export function releaseStore(file: string): boolean {
  let was = false;
  change(file, (db) => {
    was = isFenced(db);
    db.exec('DROP TRIGGER IF EXISTS write_fence');
  });
  return was;
}

/** Whether the file takes no event. @throws the driver's error in our words */
export function isStoreFenced(file: string): boolean {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    return isFenced(db);
  } catch (error) {
    throw translate(error, file);
  } finally {
    db?.close();
  }
}

const isFenced = (db: DatabaseSync): boolean =>
  db
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = 'write_fence'")
    .get() !== undefined;

function change(file: string, work: (db: DatabaseSync) => void): void {
  if (!existsSync(file)) throw new StoreInvalid(`there is no event store at ${file}`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    if (db.prepare('PRAGMA application_id').get()?.application_id !== APPLICATION_ID) {
      throw new StoreInvalid(`${file} is not an event store: check DATA_DIR and STORE_URL`);
    }
    db.exec('BEGIN IMMEDIATE');
    work(db);
    db.exec('COMMIT');
  } catch (error) {
    throw translate(error, file);
  } finally {
    db?.close();
  }
}
