import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoreInvalid, StoreUnavailable } from '../../../src/store/event-store.ts';
import { backupStore } from '../../../src/store/sqlite/backup.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { replaceEmptyStore } from '../../../src/store/sqlite/replace.ts';
import { temporaryFolder } from '../../support/program.ts';
import { someEvents } from '../events.ts';

let folder: ReturnType<typeof temporaryFolder>;
let empty: string;
let whole: string;
beforeEach(async () => {
  folder = temporaryFolder('replace-');
  empty = join(folder.path, 'empty.db');
  whole = join(folder.path, 'whole.db');
  await (await openSqliteStore({ file: empty })).close();
  await fill(whole);
});
afterEach(() => folder.remove());

async function fill(file: string): Promise<void> {
  const store = await openSqliteStore({ file });
  await store.append('meeting-a', someEvents(3), 'none');
  await store.close();
}

async function count(file: string): Promise<number> {
  const store = await openSqliteStore({ file });
  const events = await store.readAll({ limit: 10 });
  await store.close();
  return events.length;
}

test('puts the whole one in the place of the empty one', async () => {
  replaceEmptyStore(empty, whole);
  expect(await count(empty)).toBe(3);
  expect(existsSync(whole)).toBe(false);
});

test('not while somebody has it open, who loses nothing by it', async () => {
  const store = await openSqliteStore({ file: empty });
  expect(() => replaceEmptyStore(empty, whole)).toThrow(StoreUnavailable);
  await store.append('meeting-b', someEvents(1), 'none');
  await store.close();
  expect(await count(empty)).toBe(1);
  expect(existsSync(whole)).toBe(true);
});

test('nor when it holds events', async () => {
  await fill(empty);
  expect(() => replaceEmptyStore(empty, whole)).toThrow(StoreInvalid);
  expect(await count(empty)).toBe(3);
});

test('who opens the empty one at the last moment is told', async () => {
  const late = new DatabaseSync(empty);
  late.exec('PRAGMA user_version = -1');
  late.close();
  await expect(openSqliteStore({ file: empty })).rejects.toThrow(/replaced by a restore/);
});

test('a backup that is interrupted leaves nothing', async () => {
  const reason = new Error('interrupted');
  const copy = join(folder.path, 'copy.db');
  await expect(backupStore(whole, copy, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(existsSync(copy)).toBe(false);
});
