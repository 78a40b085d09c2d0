import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** How view files are opened. Their content is a copy of what the log says, so speed may cost durability. */

/**
 * A live view: WAL, so that readers never wait; synchronous NORMAL, since commits that a power cut takes back
 * are applied again from the log.
 * @throws an SQLite error when the file is no database
 */
export function openLive(file: string): DatabaseSync {
  return configured(
    new DatabaseSync(file, { timeout: 1_000 }),
    `PRAGMA journal_mode = WAL;
     PRAGMA synchronous = NORMAL;
     PRAGMA cache_size = -16384;
     PRAGMA mmap_size = 268435456;`,
  );
}

/** The handle after these statements; closed when one of them fails. */
function configured(db: DatabaseSync, sql: string): DatabaseSync {
  try {
    db.exec(sql);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A second handle on a live view that cannot write. */
export function openReader(file: string): DatabaseSync {
  return configured(
    new DatabaseSync(file, { readOnly: true, timeout: 1_000 }),
    'PRAGMA cache_size = -32768; PRAGMA mmap_size = 268435456',
  );
}

/** Whether SQLite finds nothing wrong with a file that nobody writes. */
export function isWhole(file: string): boolean {
  const url = pathToFileURL(file);
  // Nobody else has it: so no other file is made beside it (https://sqlite.org/uri.html#uriimmutable).
  url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    return db.prepare('PRAGMA quick_check(1)').get()?.quick_check === 'ok';
  } finally {
    db.close();
  }
}

/** A file under construction: no journal, no syncs, ours alone. A crash leaves litter, never a view. */
export function openBuild(file: string): DatabaseSync {
  return configured(
    new DatabaseSync(file),
    `PRAGMA journal_mode = OFF;
     PRAGMA synchronous = OFF;
     PRAGMA locking_mode = EXCLUSIVE;
     PRAGMA cache_size = -65536;`,
  );
}

/** Runs `work` in one transaction; whatever throws, also the commit, takes all of it back. */
export function transaction(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    // Some faults (disk full) make SQLite roll back by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
