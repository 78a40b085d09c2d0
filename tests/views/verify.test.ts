import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { calendar } from '../../projections/calendar.ts';
import type { Projector } from '../../src/views/projector.ts';
import { type Verification, verifyView, whileCurrent } from '../../src/views/verify.ts';
import { damageTable } from '../support/damage.ts';
import { type Bench, cursed, DEFINITION, openBench, rawEvent } from './support.ts';

let bench: Bench;
let projector: Projector;
beforeEach(async () => {
  bench = await openBench();
  for (const id of ['a', 'b', 'c']) {
    await bench.announce(id, { topics: ['peace'], participants: [{ name: 'Switzerland' }] });
  }
  projector = bench.project();
  await projector.ready;
});
afterEach(() => bench.close());

const file = (): string =>
  join(bench.views, readFileSync(join(bench.views, 'calendar.current'), 'utf8').trim());

const verify = (store = bench.store): Promise<Verification> =>
  verifyView({
    store,
    projection: calendar,
    definition: DEFINITION,
    file: file(),
    scratch: join(bench.folder, 'scratch.db'),
  });

function corrupt(sql: string): void {
  const db = new DatabaseSync(file());
  db.exec(sql);
  db.close();
}

describe('verifying', () => {
  test('finds a view that was built and then followed the log to be what the log says', async () => {
    await projector.waitFor(await bench.command('/meetings/a/confirm', {}), 5_000);
    await projector.waitFor(await bench.announce('d'), 5_000);
    const result = await verify();
    expect(result.difference).toBeUndefined();
    expect(result).toMatchObject({ ok: true, events: 5 });
    const tables = result.tables.map(({ table }) => table);
    for (const table of ['meetings', 'changes', 'journal', 'meeting_times', 'meeting_text']) {
      expect(tables).toContain(table);
    }
    for (const { digest, rebuilt } of result.tables) expect(digest).toBe(rebuilt);
  });

  test('compares the events that were set aside, too', async () => {
    const bad = rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } });
    await bench.store.append('meeting-a', [bad], 0);
    await projector.waitFor(bad.id, 5_000);
    expect(await verify()).toMatchObject({ ok: true });
    corrupt('DELETE FROM view_dead_letters');
    expect((await verify()).difference).toMatchObject({ table: 'view_dead_letters', stored: null });
  });

  test('names the first row whose content differs, and the column', async () => {
    corrupt("UPDATE meetings SET status = 'held' WHERE id = 'b'");
    const { ok, difference } = await verify();
    expect(ok).toBe(false);
    expect(difference).toEqual({
      table: 'meetings',
      key: { n: 2 },
      stored: { status: 'held' },
      rebuilt: { status: 'announced' },
    });
  });

  test('shows of a long value the place where it differs', async () => {
    corrupt("UPDATE journal SET events = replace(events, 'Meeting c', 'Meeting x')");
    const { difference } = await verify();
    expect(difference?.stored?.events).toContain('Meeting x');
    expect(difference?.rebuilt?.events).toContain('Meeting c');
    expect(difference?.stored?.events?.length).toBeLessThan(250);
  });

  test('names a row that is missing', async () => {
    corrupt("DELETE FROM meetings WHERE id = 'a'");
    const { difference } = await verify();
    expect(difference).toMatchObject({ table: 'meetings', key: { n: 1 }, stored: null });
    expect(difference?.rebuilt).toMatchObject({ id: 'a' });
  });

  test('names a row that nobody recorded', async () => {
    corrupt("INSERT INTO cites VALUES ('made-up', 'b')");
    const { difference } = await verify();
    expect(difference).toMatchObject({
      table: 'cites',
      key: { announcement: 'made-up', meeting: 'b' },
      rebuilt: null,
    });
  });

  test('finds words that are missing from the full-text index', async () => {
    corrupt('DELETE FROM meeting_text WHERE rowid = 3');
    expect((await verify()).difference).toMatchObject({ table: 'meeting_text', stored: null });
  });

  test('takes the view as it was at one moment, while it goes on', async () => {
    const { store } = bench;
    let added = 0;
    const growing = {
      ...store,
      head: () => store.head(),
      // Every page read is followed by another event, which the stored view takes in.
      readAll: async (options: Parameters<typeof store.readAll>[0]) => {
        const page = await store.readAll(options);
        if (added++ < 3) await projector.waitFor(await bench.announce(`more-${added}`), 5_000);
        return page;
      },
    } as typeof store;
    expect(await verify(growing)).toMatchObject({ ok: true });
    expect(added).toBeGreaterThan(1);
  });

  test.each(['changes_event', 'meetings_order'])(
    'finds a damaged index, %s, whose table is what the log says',
    async (index) => {
      await projector.close();
      damageTable(file(), index);
      await expect(verify()).rejects.toThrow(/is damaged: run rebuild/);
    },
  );

  test('finds an index in which one letter of a key is another', async () => {
    const [event] = await bench.store.readAll({ limit: 1 });
    await projector.close();
    corrupt('PRAGMA wal_checkpoint(TRUNCATE)');
    const db = new DatabaseSync(file());
    const page = db.prepare("SELECT pageno FROM dbstat WHERE name = 'changes_event'").get();
    db.close();
    const bytes = readFileSync(file());
    const at = bytes.indexOf(event?.id ?? '', (Number(page?.pageno) - 1) * 4_096);
    bytes[at] = bytes[at] === 0x30 ? 0x31 : 0x30;
    writeFileSync(file(), bytes);
    await expect(verify()).rejects.toThrow(/is damaged: run rebuild/);
  });

  test('leaves nothing behind', async () => {
    await verify();
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('scratch'))).toEqual([]);
  });

  test('refuses a view of another definition, with what to do', async () => {
    corrupt("UPDATE view_definition SET definition = 'calendar 0'");
    await expect(verify()).rejects.toMatchObject({
      code: 'not-comparable',
      message: expect.stringContaining('rebuild'),
    });
  });
});

describe('verifying, when rows of an event cannot be written,', () => {
  test('sets it aside as the view did, and finds no difference', async () => {
    const projection = cursed('meeting-cursed');
    await projector.close();
    for (const id of ['cursed', 'later']) await bench.announce(id);
    const other = bench.project({ projection });
    await other.ready;
    const slow: unknown[] = [];
    const scratch = join(bench.folder, 'scratch.db');
    const common = {
      store: bench.store,
      projection,
      definition: DEFINITION,
      file: file(),
      scratch,
    };
    const result = await verifyView({ ...common, onSlow: (error) => slow.push(error) });
    expect(result).toMatchObject({ ok: true, events: 5 });
    expect(slow).toHaveLength(1);
  });
});

test('an interrupted verification leaves nothing behind', async () => {
  const reason = new Error('interrupted');
  const common = { store: bench.store, projection: calendar, definition: DEFINITION, file: file() };
  const scratch = join(bench.folder, 'scratch.db');
  await expect(verifyView({ ...common, scratch, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
  expect(readdirSync(bench.folder).filter((name) => name.startsWith('scratch'))).toEqual([]);
});

describe('while a view is current', () => {
  const gone = new Error('no such file');

  test('work that lost its file to a rebuild begins again with the new one', async () => {
    let current = 'old';
    const result = await whileCurrent(
      () => current,
      async (name) => {
        current = 'new';
        if (name === 'old') throw gone;
        return name;
      },
    );
    expect(result).toBe('new');
  });

  test('what fails with the file in place fails', async () => {
    const fail = async () => {
      throw gone;
    };
    await expect(whileCurrent(() => 'here', fail)).rejects.toBe(gone);
  });

  test('there may be none', async () => {
    expect(
      await whileCurrent(
        () => undefined,
        async () => 'never',
      ),
    ).toBeUndefined();
  });
});
