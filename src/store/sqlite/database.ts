import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreInvalid } from '../event-store.ts';
import { isBusy } from './errors.ts';

/** `CHCY`: tells our event stores from other databases (https://sqlite.org/fileformat2.html#application_id). */
export const APPLICATION_ID = 0x43484359;
/** Version of the tables below. */
export const FORMAT = 1;

/** In place of the format: this empty store is about to be replaced by a restored one. */
export const REPLACED = -1;

/** Milliseconds SQLite itself may wait for a lock, during which the event loop stands still. */
const BUSY_TIMEOUT_MS = 10;

/** The write-ahead log is copied back at 1,000 pages (4 MB); a longer one is cut to this after that. */
const WAL_BYTES = 8 * 1024 * 1024;

// AUTOINCREMENT: a position is never used twice, not even after its event was deleted by hand.
const TABLES = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    meta TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`;

const COLUMNS = 'position stream revision id type data meta';

/**
 * Opens the file, and makes the tables in a new or empty one. A file that is not ours is left untouched.
 * @throws {StoreInvalid} foreign, newer, a folder, or on a file system that cannot hold it
 * @throws the driver's error when the file is busy, damaged or without rights: see errors.ts
 */
export function openDatabase(file: string): DatabaseSync {
  const folder = dirname(file);
  if (!existsSync(folder)) throw new StoreInvalid(`folder ${folder} does not exist: create it`);
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new StoreInvalid(`${file} is a folder: name a file in it`);
  }
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const empty = isEmpty(db, file);
    setUp(db, file);
    if (empty) createTables(db, file);
    checkWritable(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** In one statement, which sees one state: another process may be making the tables just now. */
const IDENTITY = `SELECT (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT count(*) FROM sqlite_schema) AS objects`;

/** True for a database without anything in it; throws for one that is not ours. */
function isEmpty(db: DatabaseSync, file: string): boolean {
  const { application, version, objects } = db.prepare(IDENTITY).get() ?? {};
  if (application === 0 && version === 0 && objects === 0) return true;
  if (application !== APPLICATION_ID) {
    throw new StoreInvalid(
      `${file} is a database of another program: choose another file for the event store`,
    );
  }
  if (version === REPLACED) {
    throw new StoreInvalid(
      `${file} is being replaced by a restore: try again; if none is running, delete it`,
    );
  }
  if (version !== FORMAT) {
    throw new StoreInvalid(
      `${file} has format ${version}, this program reads ${FORMAT}: use the version of Chancery that wrote it, or a newer one`,
    );
  }
  const columns = db.prepare(
    "SELECT group_concat(name, ' ') AS names FROM pragma_table_info('events')",
  );
  if (columns.get()?.names !== COLUMNS) {
    throw new StoreInvalid(`${file} has lost the table of its events: restore it from a backup`);
  }
  return false;
}

function setUp(db: DatabaseSync, file: string): void {
  if (pragma(db, 'journal_mode = WAL') !== 'wal') {
    throw new StoreInvalid(
      `${file} is on a file system without shared memory: put it on a local disk`,
    );
  }
  // FULL: a commit has reached the disk when it returns. On macOS only fullfsync gives that.
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA journal_size_limit = ${WAL_BYTES};
    PRAGMA cache_size = -16000;
  `);
}

function createTables(db: DatabaseSync, file: string): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    if (isEmpty(db, file)) db.exec(TABLES);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite opens a file without write permission for reading, and says nothing until the first write. */
function checkWritable(db: DatabaseSync): void {
  try {
    // Changes nothing, but needs the right to; BEGIN IMMEDIATE alone would pass.
    db.exec('DELETE FROM events WHERE false');
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

function pragma(db: DatabaseSync, text: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${text}`).get() ?? {})[0];
}
