import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  isBrokenFile,
  isDatabaseFault,
  isDiskFull,
  messageOf,
  ViewsOwned,
  ViewsUnusable,
} from './errors.ts';

export interface ViewsLock {
  /** Gives the folder up. May be called twice. */
  release(): void;
}

const OWNER = 'owner.db';
const BUSY = 5;

function cureOf(error: unknown, file: string): string {
  if (isBrokenFile(error)) return `delete ${file}, which holds nothing`;
  return isDiskFull(error)
    ? 'make room on its disk'
    : 'make it writable, or choose another folder with DATA_DIR';
}

/** The runtime closes a database that nobody refers to, and its lock with it. */
const HELD = new Set<DatabaseSync>();

/**
 * Takes the views folder (made if it is missing) for this process, until release or the end of the process:
 * the lock is SQLite's own on a small file, which the operating system drops with a killed process, so
 * that nothing stale is left behind as with a pid file.
 * @throws {ViewsOwned} another process, or another owner in this one, has it
 * @throws {ViewsUnusable} the folder cannot be made or written
 */
export function lockViews(folder: string): ViewsLock {
  const lock = tryLock(folder);
  if (lock === undefined) throw new ViewsOwned(folder);
  return lock;
}

/**
 * The same, for those who can do without: undefined when somebody has it.
 * @throws {ViewsUnusable}
 */
export function tryLock(folder: string): ViewsLock | undefined {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    db = new DatabaseSync(join(folder, OWNER), { timeout: 0 });
    // In WAL mode an exclusive transaction does not keep others from reading; in rollback mode it does.
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (isDatabaseFault(error) && (error as { errcode?: number }).errcode === BUSY)
      return undefined;
    const cure = cureOf(error, join(folder, OWNER));
    throw new ViewsUnusable(`cannot use ${folder} for views (${messageOf(error)}): ${cure}`, {
      cause: error,
    });
  }
  const held = db;
  HELD.add(held);
  return {
    release() {
      HELD.delete(held);
      if (held.isOpen) held.close();
    },
  };
}
