import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue, StatementResultingChanges } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewEvent } from '../../../events/envelope.ts';
import { StoreUnavailable } from '../../../src/store/event-store.ts';
import { DEFAULT_LIMITS, serialise } from '../../../src/store/serialise.ts';
import { openDatabase } from '../../../src/store/sqlite/database.ts';
import { EVENTS_PER_TRANSACTION, GroupCommit } from '../../../src/store/sqlite/group-commit.ts';
import { anEvent, someEvents } from '../events.ts';
import { temporaryFolder } from './log.ts';

let folder: string;
let db: DatabaseSync;

beforeEach(async () => {
  folder = await temporaryFolder();
  db = openDatabase(join(folder, 'events.db'));
});

afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

function start(database: DatabaseSync = db) {
  let transactions = 0;
  const commits = new GroupCommit(database, 'events.db', () => {
    transactions += 1;
  });
  return {
    count: () => transactions,
    idle: () => commits.idle(),
    append: (stream: string, events: NewEvent[], base = -1) => {
      const rows = serialise(stream, events, DEFAULT_LIMITS);
      return commits.append({ stream, base, rows }, 1_000);
    },
  };
}

const diskError = () => Object.assign(new Error('disk I/O error'), { errcode: 1034 });

/** The database, but a statement that starts so runs through `fault`. */
function withFault(
  start: string,
  fault: (run: () => StatementResultingChanges) => StatementResultingChanges,
): DatabaseSync {
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    if (!sql.startsWith(start)) return statement;
    return { run: (...values: SQLInputValue[]) => fault(() => statement.run(...values)) };
  };
  return new Proxy(db, {
    get: (target, key) => {
      if (key === 'prepare') return prepare;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const written = () => db.prepare('SELECT count(*) AS n FROM events').get()?.n;

describe('group commit', () => {
  test('puts the appends of one turn into one transaction', async () => {
    const { append, count } = start();
    await Promise.all(Array.from({ length: 100 }, (_, i) => append(`meeting-${i}`, someEvents(2))));
    expect(count()).toBe(1);
    await append('meeting-later', someEvents(1));
    expect(count()).toBe(2);
  });

  test('one in conflict and one half written before cost the others nothing', async () => {
    const { append, count } = start();
    const [old, fresh] = someEvents(2) as [NewEvent, NewEvent];
    await append('meeting-old', [old]);
    const outcomes = await Promise.allSettled([
      append('meeting-a', someEvents(2)),
      append('meeting-old', someEvents(2)),
      append('meeting-b', [fresh, old]),
      append('meeting-c', someEvents(2)),
    ]);
    expect(
      outcomes.map((o) => (o.status === 'rejected' ? o.reason.name : o.value.revision)),
    ).toEqual([1, 'RevisionConflict', 'PartialAppend', 1]);
    expect(count()).toBe(2);
    expect(written()).toBe(5);
  });

  test('refuses an id that is written in another stream', async () => {
    const { append } = start();
    const event = anEvent();
    await append('meeting-a', [event]);
    await expect(append('meeting-b', [event])).rejects.toThrow(
      `event ${event.id} is already written, at revision 0 of meeting-a`,
    );
  });

  test('bounds the events of a transaction', async () => {
    const { append, count } = start();
    const size = EVENTS_PER_TRANSACTION / 2 - 1;
    await Promise.all(
      Array.from({ length: 6 }, (_, i) => append(`meeting-${i}`, someEvents(size))),
    );
    expect(count()).toBe(3);
  });

  test('leaves no hole in the positions where an append was refused', async () => {
    const { append } = start();
    const event = anEvent();
    await append('meeting-a', [event]);
    await expect(append('meeting-b', [anEvent(), event])).rejects.toThrow();
    expect((await append('meeting-c', someEvents(1))).position).toBe('2');
  });

  test('on a full disk fails what was in the transaction, not written, and goes on after it', async () => {
    const { append } = start();
    db.exec('PRAGMA max_page_count = 12');
    const large = anEvent('x'.repeat(100_000));
    const appends = [append('meeting-a', someEvents(1)), append('meeting-b', [large])];
    for (const outcome of await Promise.allSettled(appends)) {
      expect(outcome).toMatchObject({ reason: { outcome: 'not-written' } });
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailable);
    }
    expect(written()).toBe(0);
    db.exec('PRAGMA max_page_count = 1000000');
    expect(await append('meeting-b', [large])).toEqual({ revision: 0, position: '1' });
  });

  test('does not know the outcome when the commit itself fails; the repeat does', async () => {
    let broken = true;
    // Written, but the disk said otherwise: as when fsync fails.
    const failing = withFault('COMMIT', (run) => {
      const result = run();
      if (broken) throw diskError();
      return result;
    });
    const { append, count } = start(failing);
    const events = someEvents(2);
    await expect(append('meeting-a', events)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'unknown',
    });
    // Subscribers look for themselves.
    expect(count()).toBe(1);
    broken = false;
    expect(await append('meeting-a', events)).toEqual({ revision: 1, position: '2' });
    expect(written()).toBe(2);
  });

  test('on a disk error takes back what the transaction had written', async () => {
    let inserts = 0;
    const failing = withFault('INSERT', (run) => {
      inserts += 1;
      if (inserts === 4) throw diskError();
      return run();
    });
    const { append } = start(failing);
    const events = someEvents(2);
    const appends = [append('meeting-a', events), append('meeting-b', someEvents(2))];
    for (const outcome of await Promise.allSettled(appends)) {
      expect(outcome).toMatchObject({ reason: { outcome: 'not-written' } });
    }
    expect(written()).toBe(0);
    expect(await append('meeting-a', events)).toEqual({ revision: 1, position: '2' });
  });

  test('is idle once all is answered', async () => {
    const { append, idle, count } = start();
    await idle();
    const size = EVENTS_PER_TRANSACTION;
    const appends = [append('meeting-a', someEvents(size)), append('meeting-b', someEvents(size))];
    await idle();
    expect(count()).toBe(2);
    await Promise.all(appends);
  });
});
