import { chmod, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreInvalid, StoreUnavailable } from '../../../src/store/event-store.ts';
import { APPLICATION_ID, FORMAT, openDatabase } from '../../../src/store/sqlite/database.ts';
import { DEFAULT_LIMITS, openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { SqliteStore } from '../../../src/store/sqlite/store.ts';
import { anEvent, idsOf, someEvents, take, turns, untilCaughtUp } from '../events.ts';
import { temporaryFolder } from './log.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'events.db');
});

afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

async function fillAndClose(events: number): Promise<void> {
  const store = await openSqliteStore({ file });
  await store.append('meeting-a', someEvents(events), 'none');
  await store.close();
}

async function changeFile(sql: string): Promise<void> {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

const failure = (): Promise<unknown> =>
  openSqliteStore({ file }).then(
    () => undefined,
    (error: unknown) => error,
  );

/** Runs a task as a user who may not write the path; the superuser becomes another one for it. */
async function withoutRights<T>(path: string, task: () => Promise<T>): Promise<T> {
  await chmod(folder, path === folder ? 0o555 : 0o777);
  if (path !== folder) await chmod(path, 0o444);
  if (process.geteuid?.() !== 0) return task();
  process.seteuid?.(65_534);
  try {
    return await task();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the file', () => {
  test('keeps everything from one opening to the next', async () => {
    const store = await openSqliteStore({ file });
    const events = someEvents(3);
    const result = await store.append('meeting-a', events, 'none');
    await store.close();
    const again = await openSqliteStore({ file });
    expect(idsOf(await again.readStream('meeting-a'))).toEqual(idsOf(events));
    expect(await again.append('meeting-a', events, 'none')).toEqual(result);
    expect((await again.append('meeting-a', someEvents(1), 2)).revision).toBe(3);
    await again.close();
  });

  test('never uses a position twice, not even of an event that was deleted by hand', async () => {
    await fillAndClose(3);
    await changeFile('DELETE FROM events WHERE position = 3');
    const store = await openSqliteStore({ file });
    expect(await store.head()).toMatchObject({ position: '2' });
    const appended = await store.append('meeting-b', someEvents(1), 'none');
    expect(appended.position).toBe('4');
    await store.close();
  });

  test('is one file again when the last one closes it', async () => {
    await fillAndClose(10);
    await expect(stat(`${file}-wal`)).rejects.toThrow('ENOENT');
  });

  test('is written durably, and SQLite blocks the event loop for 20 ms at most', () => {
    const db = openDatabase(file);
    const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('fullfsync')).toBe(1);
    expect(pragma('busy_timeout')).toBeLessThanOrEqual(20);
    db.close();
  });

  test('may be opened by several at once when it is new', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => openSqliteStore({ file })));
    const [first, second] = stores;
    await first?.append('meeting-a', someEvents(1), 'none');
    expect(await second?.readStream('meeting-a')).toHaveLength(1);
    for (const store of stores) await store.close();
  });

  test('has a write-ahead log that does not grow without bound', async () => {
    const store = await openSqliteStore({ file });
    const other = await openSqliteStore({ file });
    const ended = new AbortController();
    const rounds = 60;
    const seen = take(
      other.subscribe(undefined, ended.signal),
      (list) => list.length === rounds * 4,
    );
    for (let round = 0; round < rounds; round += 1) {
      const events = Array.from({ length: 4 }, () => anEvent('x'.repeat(200_000)));
      await store.append(`meeting-${round}`, events, 'none');
      await other.readAll({ limit: 1 });
    }
    await seen;
    const { size } = await stat(file);
    expect(size).toBeGreaterThan(rounds * 800_000);
    expect((await stat(`${file}-wal`)).size).toBeLessThan(16 * 1024 * 1024);
    await store.close();
    await other.close();
  });
});

describe('a file that is not ours', () => {
  test('of another program is refused and left as it was', async () => {
    await changeFile('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
    const before = await readFile(file);
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({
      message: `${file} is a database of another program: choose another file for the event store`,
    });
    expect(await readFile(file)).toEqual(before);
  });

  test('of a newer format is refused, saying so', async () => {
    await fillAndClose(1);
    await changeFile(`PRAGMA user_version = ${FORMAT + 1}`);
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({ message: expect.stringContaining(`has format ${FORMAT + 1}`) });
  });

  test('is no database at all', async () => {
    await writeFile(file, 'these are my notes, and not a database\n'.repeat(200));
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({ message: expect.stringContaining('not an event store') });
  });

  test('is a folder', async () => {
    await mkdir(file);
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({ message: `${file} is a folder: name a file in it` });
  });

  test('has lost its table', async () => {
    await changeFile(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
    expect(await failure()).toMatchObject({ message: expect.stringContaining('from a backup') });
  });
});

describe('a damaged file', () => {
  test('that was cut short is refused', async () => {
    await fillAndClose(1_000);
    await truncate(file, Math.floor((await stat(file)).size / 8192) * 4096);
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({ message: expect.stringContaining('damaged') });
  });

  test('that was overwritten behind its first page is refused', async () => {
    await fillAndClose(1_000);
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0xa5, 4096));
    expect(await failure()).toBeInstanceOf(StoreInvalid);
  });

  test('with an event that is not JSON says so when it is read', async () => {
    await fillAndClose(3);
    await changeFile("UPDATE events SET data = '{' WHERE position = 2");
    const store = await openSqliteStore({ file });
    const reading = store.readAll({ limit: 10 });
    await expect(reading).rejects.toThrow(StoreInvalid);
    await expect(reading).rejects.toThrow(/not JSON \(position 2, revision 1 of meeting-a\)/);
    // What does not touch it goes on.
    expect(await store.readAll({ after: '2', limit: 10 })).toHaveLength(1);
    await store.append('meeting-b', someEvents(1), 'none');
    expect(await store.readStream('meeting-b')).toHaveLength(1);
    await store.close();
  });
});

describe('a folder', () => {
  test('that is missing is named', async () => {
    file = join(folder, 'missing', 'events.db');
    const error = await failure();
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({
      message: `folder ${join(folder, 'missing')} does not exist: create it`,
    });
  });

  test('without the right to write gives no new store', async () => {
    const error = await withoutRights(folder, failure);
    expect(error).toBeInstanceOf(StoreInvalid);
    expect(error).toMatchObject({ message: expect.stringContaining('the right to write') });
  });

  test('without the right to write refuses an existing store at once', async () => {
    await fillAndClose(1);
    expect(await withoutRights(folder, failure)).toBeInstanceOf(StoreInvalid);
  });
});

test('a file that may only be read is refused at once, not at the first append', async () => {
  await fillAndClose(1);
  const error = await withoutRights(file, failure);
  expect(error).toBeInstanceOf(StoreInvalid);
  expect(error).toMatchObject({ message: expect.stringContaining('the right to write') });
});

test('a disk that becomes read-only refuses appends with a word, and takes them when it is not any more', async () => {
  await fillAndClose(1);
  const db = openDatabase(file);
  const store = new SqliteStore(db, file, DEFAULT_LIMITS, 50);
  // SQLITE_READONLY, as of a file system that was mounted anew.
  db.exec('PRAGMA query_only = 1');
  const append = () => store.append('meeting-b', [anEvent()], 'none');
  await expect(append()).rejects.toThrow(/cannot be opened for writing: give this user the right/);
  expect(await store.readStream('meeting-a')).toHaveLength(1);
  db.exec('PRAGMA query_only = 0');
  expect(await append()).toMatchObject({ revision: 0 });
  await store.close();
});

test('reading many pages leaves the event loop to others in between', async () => {
  await fillAndClose(1_000);
  const store = await openSqliteStore({ file });
  let rounds = 0;
  let counting = true;
  const count = () => {
    rounds += 1;
    if (counting) setImmediate(count);
  };
  count();
  for (let page = 0; page < 20; page += 1) await store.readAll({ limit: 10 });
  expect(rounds).toBeGreaterThanOrEqual(20);
  await store.append('meeting-a', someEvents(1_000), 999);
  await store.append('meeting-a', someEvents(1_000), 1_999);
  rounds = 0;
  const ended = new AbortController();
  const { kinds } = await take(store.subscribe(undefined, ended.signal), untilCaughtUp);
  expect(rounds).toBeGreaterThanOrEqual(kinds.length);
  rounds = 0;
  await store.readStream('meeting-a');
  expect(rounds).toBeGreaterThanOrEqual(5);
  counting = false;
  await store.close();
});

test('a file that is locked for a moment is opened after it', async () => {
  await fillAndClose(1);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE');
  const opening = openSqliteStore({ file });
  await turns(3);
  db.close();
  const store = await opening;
  expect(await store.readStream('meeting-a')).toHaveLength(1);
  await store.close();
});

test('a file that stays locked while it is opened is unavailable', async () => {
  await fillAndClose(1);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; SELECT * FROM events');
  const error = await openSqliteStore({ file, limits: { busyMs: 30 } }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(StoreUnavailable);
  db.close();
});
