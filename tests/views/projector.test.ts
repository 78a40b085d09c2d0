import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { calendar } from '../../projections/calendar.ts';
import type { MeetingView } from '../../projections/types.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { StoreUnavailable } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { prepareView } from '../../src/views/prepare.ts';
import type { Projector } from '../../src/views/projector.ts';
import { damageTable } from '../support/damage.ts';
import {
  type Bench,
  cursed,
  DEFINITION,
  meetingsOf,
  nextBatch,
  openBench,
  rawEvent,
  unreadable,
} from './support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const viewFiles = (): string[] =>
  readdirSync(bench.views).filter((name) => /^calendar-.*\.db$/.test(name));
const currentFile = (): string =>
  join(bench.views, readFileSync(join(bench.views, 'calendar.current'), 'utf8').trim());
const warnings = (): string[] =>
  bench.logged.filter((l) => l.level !== 'info').map((l) => l.message);

describe('a view', () => {
  test('is built from what the log has, then follows it', async () => {
    await bench.announce('first');
    const projector = bench.project();
    await projector.ready;
    expect([...meetingsOf(projector).keys()]).toEqual(['first']);
    const id = await bench.announce('second');
    expect(await projector.waitFor(id, 5_000)).toBe(true);
    expect([...meetingsOf(projector).keys()]).toEqual(['first', 'second']);
  });

  test('of an empty log is empty and ready', async () => {
    const projector = bench.project();
    await projector.ready;
    expect(meetingsOf(projector).size).toBe(0);
    expect(projector.status()).toMatchObject({ state: 'live', readable: true, caughtUp: true });
  });

  test('cannot be read before it is there, and says so', async () => {
    await bench.announce('first');
    const projector = bench.project();
    expect(() => projector.reader()).toThrow(expect.objectContaining({ code: 'view-behind' }));
    await projector.ready;
    expect(meetingsOf(projector).size).toBe(1);
  });

  test('goes on where it was after a restart, in the same file', async () => {
    await bench.announce('first');
    const before = bench.project();
    await before.ready;
    const file = currentFile();
    await before.close();
    await bench.announce('second');
    const after = bench.project();
    await after.ready;
    expect(currentFile()).toBe(file);
    expect(after.status().checkpoint?.seq).toBe(2);
    expect([...meetingsOf(after).keys()]).toEqual(['first', 'second']);
  });

  test('can be deleted: it is built again', async () => {
    await bench.announce('first');
    const before = bench.project();
    await before.ready;
    await before.close();
    for (const name of viewFiles()) writeFileSync(join(bench.views, name), '');
    const after = bench.project();
    await after.ready;
    expect([...meetingsOf(after).keys()]).toEqual(['first']);
  });

  test('tells its listeners of each batch, with its events', async () => {
    const projector = bench.project();
    await projector.ready;
    const heard = nextBatch(projector);
    const id = await bench.announce('first');
    expect((await heard).map((event) => event.id)).toEqual([id]);
  });

  test('rises in version with every batch', async () => {
    const projector = bench.project();
    await projector.ready;
    const before = projector.version;
    await projector.waitFor(await bench.announce('first'), 5_000);
    expect(projector.version).toBeGreaterThan(before);
  });
});

describe('waiting for an event', () => {
  test('ends at once when it was applied before the process started', async () => {
    const id = await bench.announce('first');
    await bench.announce('second');
    const before = bench.project();
    await before.ready;
    await before.close();
    const after = bench.project();
    await after.ready;
    expect(await after.waitFor(id, 0)).toBe(true);
  });

  test('ends at once for an event that the view passes over, also after a restart', async () => {
    const token = rawEvent('TokenRevoked', {});
    await bench.store.append('token-x', [token], 'none');
    await bench.announce('first');
    const before = bench.project();
    await before.ready;
    await before.close();
    const after = bench.project();
    await after.ready;
    expect(await after.waitFor(token.id, 0)).toBe(true);
  });

  test('ends without success when the time runs out', async () => {
    const projector = bench.project();
    await projector.ready;
    expect(await projector.waitFor('5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c11', 5)).toBe(false);
  });

  test('ends without success when the view is closed', async () => {
    const projector = bench.project();
    await projector.ready;
    const waiting = projector.waitFor('5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c11', 60_000);
    await projector.close();
    expect(await waiting).toBe(false);
  });
});

describe('an event that cannot be applied', () => {
  test('is set aside with its stream, the last good row is stale, and the rest goes on', async () => {
    await bench.announce('good');
    const projector = bench.project();
    await projector.ready;
    await bench.announce('spoilt');
    const bad = rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } });
    await bench.store.append('meeting-spoilt', [bad], 0);
    await bench.store.append('meeting-spoilt', [rawEvent('MeetingConfirmed', {})], 1);
    const id = await bench.announce('later');
    expect(await projector.waitFor(id, 5_000)).toBe(true);
    const meetings = meetingsOf(projector);
    expect([...meetings.keys()]).toEqual(['good', 'later', 'spoilt']);
    expect(meetings.get('spoilt')).toMatchObject({ stale: true, status: 'announced', revision: 0 });
    expect(meetings.get('good')).not.toHaveProperty('stale');
    expect(projector.status()).toMatchObject({
      state: 'live',
      deadLetters: 2,
      quarantined: ['meeting-spoilt'],
    });
    expect(projector.ledger?.deadLetters(10)).toEqual([
      expect.objectContaining({ type: 'MeetingConfirmed', reason: null }),
      expect.objectContaining({
        id: bad.id,
        stream: 'meeting-spoilt',
        revision: 1,
        reason: expect.stringContaining('some day'),
      }),
    ]);
  });

  test('is logged once, with what an operator needs to find it', async () => {
    const bad = unreadable();
    await bench.store.append('meeting-spoilt', [bad], 'none');
    const projector = bench.project();
    await projector.ready;
    expect(bench.logged.filter((l) => l.level === 'error')).toEqual([
      expect.objectContaining({
        fields: expect.objectContaining({
          event: bad.id,
          stream: 'meeting-spoilt',
          revision: 0,
          type: 'MeetingAnnounced',
        }),
      }),
    ]);
  });

  test('is set aside in a build as it is live', async () => {
    await bench.announce('spoilt');
    await bench.store.append(
      'meeting-spoilt',
      [rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } })],
      0,
    );
    await bench.announce('good');
    const built = bench.project();
    await built.ready;
    expect(meetingsOf(built).get('spoilt')).toMatchObject({ stale: true });
    expect(meetingsOf(built).get('good')).not.toHaveProperty('stale');
    expect(built.status()).toMatchObject({ deadLetters: 1, quarantined: ['meeting-spoilt'] });
  });

  describe.each(['live', 'in a build'])('%s goes on being restricted', (when) => {
    const seen = (projector: Projector, level: Level = 0): Map<string, MeetingView> =>
      meetingsOf(projector, level);

    /** A view with a stream that was set aside, and then brought these events. */
    async function spoilt(facts: object, later: ReturnType<typeof rawEvent>[]) {
      const early = when === 'live' ? bench.project() : undefined;
      await bench.announce('spoilt', facts);
      const bad = rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } });
      await bench.store.append('meeting-spoilt', [bad, ...later], 0);
      const last = await bench.announce('last');
      const projector = early ?? bench.project();
      await projector.ready;
      expect(await projector.waitFor(last, 5_000)).toBe(true);
      return projector;
    }

    test('hidden, where it is hidden again', async () => {
      const event = rawEvent('MeetingReclassified', { classification: 'internal' });
      const projector = await spoilt({}, [event]);
      expect([...seen(projector).keys()]).toEqual(['last']);
      expect(seen(projector, 1).get('spoilt')).toMatchObject({
        ...{ stale: true, classification: 'internal' },
      });
      expect(projector.status().deadLetters).toBe(1);
      expect(await projector.waitFor(event.id, 5_000)).toBe(true);
    });

    test('hidden for longer, where its embargo is moved on', async () => {
      const facts = { embargoUntil: '2021-12-01T00:00:00Z' };
      const until = (embargoUntil: string) =>
        rawEvent('MeetingReclassified', { classification: 'public', embargoUntil });
      const projector = await spoilt(facts, [
        until('2022-01-01T00:00:00Z'),
        until('2021-12-24T00:00:00Z'),
      ]);
      expect(seen(projector, 1).get('spoilt')).toMatchObject({
        embargoUntil: '2022-01-01T00:00:00Z',
      });
      expect(projector.status().deadLetters).toBe(2);
    });

    test('gone, where it is withdrawn', async () => {
      const projector = await spoilt({}, [rawEvent('MeetingWithdrawn', { reason: 'an error' })]);
      expect([...seen(projector, 2).keys()]).toEqual(['last']);
    });

    test('and shown to nobody else', async () => {
      const facts = { classification: 'internal' };
      const public_ = rawEvent('MeetingReclassified', { classification: 'public' });
      const projector = await spoilt(facts, [public_, rawEvent('MeetingRestored', {})]);
      expect([...seen(projector).keys()]).toEqual(['last']);
      expect(projector.status().deadLetters).toBe(3);
    });
  });

  test('stays set aside after a restart', async () => {
    await bench.announce('spoilt');
    await bench.store.append(
      'meeting-spoilt',
      [rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } })],
      0,
    );
    const before = bench.project();
    await before.ready;
    await before.close();
    const after = bench.project();
    await after.ready;
    await bench.store.append('meeting-spoilt', [rawEvent('MeetingConfirmed', {})], 1);
    const id = await bench.announce('good');
    await after.waitFor(id, 5_000);
    expect(after.status().deadLetters).toBe(2);
    expect(meetingsOf(after).get('spoilt')).toMatchObject({ stale: true, status: 'announced' });
  });

  test('of a newer schema is set aside with what to do', async () => {
    await bench.store.append('meeting-new', [rawEvent('MeetingConfirmed', {}, 99)], 'none');
    const projector = bench.project();
    await projector.ready;
    expect(projector.ledger?.deadLetters(1)[0]?.reason).toContain('Upgrade');
  });
});

test('types that this program does not know are passed over and counted', async () => {
  await bench.announce('first');
  await bench.store.append('meeting-first', [rawEvent('MeetingTeleported', {})], 0);
  const projector = bench.project();
  await projector.ready;
  await bench.store.append('meeting-first', [rawEvent('MeetingTeleported', {})], 1);
  const id = await bench.command('/meetings/first/confirm', {});
  await projector.waitFor(id, 5_000);
  expect(projector.status().unknown).toEqual({ MeetingTeleported: 2 });
  expect(projector.status().deadLetters).toBe(0);
  expect(meetingsOf(projector).get('first')).toMatchObject({ status: 'confirmed', revision: 3 });
});

describe('another log', () => {
  test('an older copy of the store under a newer view is noticed: the view is built again', async () => {
    await bench.announce('first');
    copyOf('older.db');
    await bench.announce('second');
    const before = bench.project();
    await before.ready;
    await before.close();
    await swapStore('older.db');
    const after = bench.project();
    await after.ready;
    expect([...meetingsOf(after).keys()]).toEqual(['first']);
    expect(warnings()).toContain('view is of another or an older log: rebuilding');
  });

  test('a store that went another way from the same point is noticed', async () => {
    await bench.announce('first');
    copyOf('older.db');
    await bench.announce('second');
    const before = bench.project();
    await before.ready;
    await before.close();
    await swapStore('older.db');
    await bench.announce('second');
    await bench.announce('third');
    const after = bench.project();
    await after.ready;
    expect([...meetingsOf(after).keys()]).toEqual(['first', 'second', 'third']);
    expect(after.status().checkpoint?.seq).toBe(3);
    expect(warnings()).toHaveLength(1);
  });

  /** The store's content now, as a backup would have it. */
  function copyOf(name: string): void {
    const db = new DatabaseSync(join(bench.folder, 'events.db'));
    db.exec(`VACUUM INTO '${join(bench.folder, name)}'`);
    db.close();
  }

  async function swapStore(name: string): Promise<void> {
    await bench.store.close();
    const file = join(bench.folder, 'swapped.db');
    copyFileSync(join(bench.folder, name), file);
    bench.store = await openSqliteStore({ file });
  }
});

describe('a new definition', () => {
  test('builds its own file and leaves no other behind', async () => {
    await bench.announce('first');
    const before = bench.project();
    await before.ready;
    const old = currentFile();
    await before.close();
    const after = bench.project({ definition: `${DEFINITION} 2` });
    await after.ready;
    expect(currentFile()).not.toBe(old);
    expect(viewFiles()).toHaveLength(1);
    expect([...meetingsOf(after).keys()]).toEqual(['first']);
  });

  test('knows how many events to expect from the old file', async () => {
    for (const id of ['a', 'b', 'c']) await bench.announce(id);
    const before = bench.project();
    await before.ready;
    await before.close();
    const totals: unknown[] = [];
    const after = bench.project({
      definition: `${DEFINITION} 2`,
      onProgress: ({ total }) => totals.push(total),
    });
    await after.ready;
    expect(totals.at(-1)).toBe(3);
  });
});

describe('the view file of an older version', () => {
  const OLD = 'calendar-00000000-0000-4000-8000-000000000000.db';
  /** Other tables, another ledger, another definition; and what SQLite keeps beside a file that was killed. */
  function leave(definition?: string): void {
    const db = new DatabaseSync(join(bench.views, OLD));
    db.exec(readFileSync(join(import.meta.dirname, 'golden/older-view.sql'), 'utf8'));
    if (definition !== undefined)
      db.prepare('UPDATE view_definition SET definition = ?').run(definition);
    db.close();
    for (const name of [`${OLD}-wal`, `${OLD}-shm`]) writeFileSync(join(bench.views, name), '');
    writeFileSync(join(bench.views, 'calendar.current'), `${OLD}\n`);
  }

  test('is replaced at the start, and gone with what lay beside it', async () => {
    await bench.announce('first');
    leave();
    const projector = bench.project();
    await projector.ready;
    expect([...meetingsOf(projector).keys()]).toEqual(['first']);
    expect(viewFiles().filter((name) => name.startsWith(OLD))).toEqual([]);
    expect(bench.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('is not what a prepared one is built from, nor in its way', async () => {
    await bench.announce('first');
    leave();
    const common = { folder: bench.views, store: bench.store, projection: calendar };
    expect(await prepareView({ ...common, definition: DEFINITION })).toBe(1);
    const prepared = readFileSync(join(bench.views, 'calendar.current'), 'utf8').split('\n')[1];
    const projector = bench.project();
    await projector.ready;
    expect(projector.status().file).toBe(join(bench.views, prepared ?? ''));
    expect(viewFiles().filter((name) => name.startsWith(OLD))).toEqual([]);
  });
});

/** The view file of so many meetings, as a projector leaves it when it is closed. */
async function leftBehind(meetings: number): Promise<string> {
  for (let i = 0; i < meetings; i += 1) await bench.announce(`meeting-${i}`);
  const projector = bench.project();
  await projector.ready;
  const file = currentFile();
  await projector.close();
  return file;
}

describe('a damaged view file', () => {
  test.each([
    ['cut off', (file: string) => truncateSync(file, 5_000)],
    [
      'overwritten',
      (file: string) => writeFileSync(file, 'not a database at all, and long enough to be read'),
    ],
  ])('%s is built again', async (_, damage) => {
    const file = await leftBehind(50);
    damage(file);
    const after = bench.project();
    await after.ready;
    expect(meetingsOf(after).size).toBe(50);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a view file that is damaged where nothing is written', () => {
  const COUNT = 300;

  // Opening the file does not read there.
  const damage = (file: string) => damageTable(file, 'meetings', 1);

  test('is built again once somebody reads there, who is told to wait', async () => {
    const file = await leftBehind(COUNT);
    damage(file);
    const after = bench.project();
    await after.ready;
    expect(after.status().file).toBe(file);
    expect(() => meetingsOf(after)).toThrow(expect.objectContaining({ code: 'view-behind' }));
    expect(after.readable).toBe(false);
    expect(bench.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'view is damaged: rebuilding' }),
    );
    await expect.poll(() => after.readable, { timeout: 20_000 }).toBe(true);
    expect(meetingsOf(after).size).toBe(COUNT);
    expect(await after.waitFor(await bench.announce('later'), 5_000)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  test('is built again, too, where only the engine reads', async () => {
    const file = await leftBehind(3);
    damageTable(file, 'view_skipped');
    const after = bench.project();
    await after.ready;
    expect(after.status().file).toBe(file);
    const before = [...meetingsOf(after).keys()];
    expect(await after.waitFor(randomUUID(), 1)).toBe(false);
    expect(after.readable).toBe(false);
    expect(await after.waitFor(await bench.announce('later'), 20_000)).toBe(true);
    expect([...meetingsOf(after).keys()]).toEqual(['later', ...before].toSorted());
    expect(existsSync(file)).toBe(false);
  });

  test('is not what a misused handle tells of: the view goes on', async () => {
    await bench.announce('first');
    const projector = bench.project();
    await projector.ready;
    const file = currentFile();
    const misuse = Object.assign(new Error('iterator was invalidated'), {
      code: 'ERR_INVALID_STATE',
    });
    expect(projector.readFault(misuse, file)).toBe(misuse);
    expect(projector.readable).toBe(true);
    expect(projector.readFault(misuse, `${file}.gone`)).toMatchObject({ code: 'view-behind' });
    expect(projector.status().file).toBe(file);
  });
});

test('what an interrupted build left is deleted at the next start, and nothing else', async () => {
  const litter = 'calendar-00000000-0000-4000-8000-000000000000.db';
  for (const name of [litter, `${litter}-wal`, 'notes.txt'])
    writeFileSync(join(bench.views, name), '');
  const projector = bench.project();
  await projector.ready;
  expect(readdirSync(bench.views)).toContain('notes.txt');
  expect(viewFiles()).toHaveLength(1);
  expect(viewFiles()).not.toContain(litter);
});

describe('when the store is away', () => {
  test('the view waits, says so, and goes on by itself', async () => {
    await bench.announce('first');
    let away = true;
    const { store } = bench;
    const projector = bench.project({
      store: {
        ...boundTo(store),
        head: async () => {
          if (away) throw new StoreUnavailable('away', 'not-written');
          return store.head();
        },
      },
    });
    await until(() => projector.status().problem === 'away');
    expect(projector.status()).toMatchObject({ state: 'degraded', readable: false });
    away = false;
    await projector.ready;
    expect(projector.status()).toMatchObject({ state: 'live', problem: undefined });
  });

  test('a view that was there goes on being read', async () => {
    await bench.announce('first');
    const { store } = bench;
    let broken = false;
    const projector = bench.project({
      store: {
        ...boundTo(store),
        async *subscribe(after, signal) {
          for await (const message of store.subscribe(after, signal)) {
            if (broken) throw new StoreUnavailable('away', 'not-written');
            yield message;
          }
        },
        readStream: async (...args) => {
          if (broken) throw new StoreUnavailable('away', 'not-written');
          return store.readStream(...args);
        },
      },
    });
    await projector.ready;
    broken = true;
    const id = await bench.announce('second');
    await until(() => projector.status().state === 'degraded');
    expect([...meetingsOf(projector).keys()]).toEqual(['first']);
    broken = false;
    expect(await projector.waitFor(id, 5_000)).toBe(true);
  });

  test('a subscription that ends without an error is begun again', async () => {
    const { store } = bench;
    let ended = 0;
    const projector = bench.project({
      store: {
        ...boundTo(store),
        async *subscribe(after, signal) {
          for await (const message of store.subscribe(after, signal)) {
            yield message;
            if (message.kind === 'caught-up' && ended++ < 3) return;
          }
        },
      },
    });
    await projector.ready;
    for (const id of ['a', 'b', 'c']) {
      expect(await projector.waitFor(await bench.announce(id), 5_000)).toBe(true);
    }
    expect(meetingsOf(projector).size).toBe(3);
  });
});

test('when the fast build fails because of rows, batches find out which event it was', async () => {
  await bench.announce('good');
  await bench.announce('cursed');
  await bench.announce('later');
  const projector = bench.project({ projection: cursed('meeting-cursed') });
  await projector.ready;
  expect([...meetingsOf(projector).keys()]).toEqual(['good', 'later']);
  expect(projector.status().quarantined).toEqual(['meeting-cursed']);
});

test('what is kept of a batch that a full disk breaks off is announced at once', async () => {
  const disk = { full: true };
  // After the failure of the second, each is committed alone: the first is kept, the third finds the disk full.
  const projection: typeof calendar = {
    ...calendar,
    open: (db, options) => {
      const real = calendar.open(db, options);
      return {
        ...{ flush: () => real.flush(), finish: () => real.finish?.() },
        quarantine: (name) => real.quarantine(name),
        apply: (event, seq) => {
          if (event.stream === 'meeting-second') throw new Error('cannot be applied');
          if (event.stream === 'meeting-third' && disk.full) {
            throw Object.assign(new Error('disk is full'), { errcode: 13 });
          }
          real.apply(event, seq);
        },
      };
    },
  };
  const projector = bench.project({ projection });
  await projector.ready;
  const before = projector.version;
  const heard: string[][] = [];
  projector.onBatch(({ events }) => {
    heard.push(events.map(({ stream }) => stream));
    disk.full = false;
  });
  const ids = await Promise.all(['first', 'second', 'third'].map((id) => bench.announce(id)));
  expect(await projector.waitFor(ids[2] ?? '', 5_000)).toBe(true);
  expect(heard).toEqual([['meeting-first', 'meeting-second'], ['meeting-third']]);
  expect(projector.version).toBe(before + 2);
  expect([...meetingsOf(projector).keys()]).toEqual(['first', 'third']);
});

const boundTo = (store: Bench['store']): Bench['store'] => ({
  append: (...args) => store.append(...args),
  readStream: (...args) => store.readStream(...args),
  readAll: (...args) => store.readAll(...args),
  subscribe: (...args) => store.subscribe(...args),
  head: () => store.head(),
  close: () => store.close(),
});

/** Lets the event loop go round until it holds; a test that hangs is ended by the runner. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
