import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { StoreInvalid } from '../event-store.ts';
import { APPLICATION_ID } from './database.ts';
import { isDamaged, translate } from './errors.ts';

/** For a command of its own: nobody is served by this process, so SQLite may wait itself. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies a store's file as it is at one moment, while others write to it. The copy is there whole or not at
 * all.
 * @throws {StoreInvalid} the source is damaged or no event store, or the target exists or has no folder
 * @throws {StoreUnavailable} the disk is full, or the file busy
 * @throws the signal's reason when aborted
 */
export async function backupStore(
  file: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  if (!existsSync(file)) throw new StoreInvalid(`there is no event store at ${file}`);
  if (existsSync(target)) throw new StoreInvalid(`${target} exists: name another file`);
  if (!existsSync(dirname(target))) {
    throw new StoreInvalid(`folder ${dirname(target)} does not exist: create it`);
  }
  const making = `${target}.${randomUUID()}.partial`;
  let source: DatabaseSync | undefined;
  try {
    source = openSource(file);
    // Held still: SQLite begins again with every commit of others, and beside a busy server it would never end.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(source, making, { progress: () => signal?.throwIfAborted() });
    signal?.throwIfAborted();
    requireWhole(making, file);
    signal?.throwIfAborted();
    renameSync(making, target);
  } catch (error) {
    throw translate(error, file);
  } finally {
    source?.close();
    for (const suffix of ['', '-journal']) rmSync(`${making}${suffix}`, { force: true });
  }
}

function openSource(file: string): DatabaseSync {
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (source.prepare('PRAGMA application_id').get()?.application_id === APPLICATION_ID)
      return source;
    throw new StoreInvalid(`${file} is not an event store: check DATA_DIR and STORE_URL`);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** SQLite copies damaged pages as they are: a copy is looked at before somebody relies on it. */
function requireWhole(copy: string, file: string): void {
  const damage = damageOf(copy);
  if (damage === undefined) return;
  throw new StoreInvalid(
    `${file} is damaged (${damage}), and nothing was copied: restore it from an older backup`,
  );
}

/** What SQLite finds wrong with a file that nobody writes, in a line; undefined: nothing. */
function damageOf(file: string): string | undefined {
  const url = pathToFileURL(file);
  // Nobody else has it: so no other file is made beside it (https://sqlite.org/uri.html#uriimmutable).
  url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    const found = String(db.prepare('PRAGMA quick_check(1)').get()?.quick_check);
    return found === 'ok' ? undefined : found.trim().split('\n').at(-1);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return (error as Error).message;
  } finally {
    db.close();
  }
}
