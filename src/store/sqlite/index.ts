import type { EventStore } from '../event-store.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../serialise.ts';
import { openDatabase } from './database.ts';
import { translate, whenFree } from './errors.ts';
import { SqliteStore } from './store.ts';

export { DEFAULT_LIMITS, type StoreLimits } from '../serialise.ts';

/** Milliseconds between two looks at what other processes wrote; subscribers are promised 100. */
const POLL_MS = 50;

export interface SqliteStoreOptions {
  /** Path of the database file; made when it is not there, its folder is not. */
  readonly file: string;
  readonly limits?: Partial<StoreLimits>;
  /** Milliseconds after which a subscriber notices events of another process, at most; default 50. */
  readonly pollMs?: number;
}

/**
 * Opens the embedded event store. Several processes may have one file open.
 * @throws {StoreInvalid} a foreign, newer or damaged file, a missing folder, no right to write
 * @throws {StoreUnavailable} another process keeps the file locked
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<EventStore> {
  const { file, pollMs = POLL_MS } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const db = await whenFree(() => openDatabase(file), file, limits.busyMs);
  try {
    const store = new SqliteStore(db, file, limits, pollMs);
    await store.head();
    return store;
  } catch (error) {
    db.close();
    throw translate(error, file);
  }
}
