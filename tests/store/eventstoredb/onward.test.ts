import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EventStore, Position } from '../../../src/store/event-store.ts';
import { WireServer } from '../../support/wire/server.ts';
import { someEvents } from '../events.ts';
import { openWire } from './support.ts';

/** Page after page forwards comes from one call: what may happen to it between two pages. */

const PAGE = 100;
const COUNT = 450;

let server: WireServer;
let store: EventStore;
let others: EventStore;

beforeEach(async () => {
  server = await WireServer.start();
  store = openWire(server);
  others = openWire(server, { prefix: 'others.' });
  for (let at = 0; at < COUNT; at += 50) {
    await store.append(`meeting-${at}`, someEvents(50), 'none');
    await others.append(`meeting-${at}`, someEvents(3), 'none');
  }
});

afterEach(async () => {
  await store.close();
  await others.close();
  await server.kill();
});

/** Reads on until a page is not full; `between` comes after each that is. */
async function readAll(between: (read: number) => Promise<void> = async () => {}) {
  const ids: string[] = [];
  for (let after: Position | undefined; ; ) {
    const page = await store.readAll({ after, limit: PAGE });
    ids.push(...page.map(({ id }) => id));
    if (page.length < PAGE) return ids;
    after = page.at(-1)?.position;
    await between(ids.length);
  }
}

const expected = async () =>
  (await store.readAll({ limit: 10_000, backwards: true })).map(({ id }) => id).toReversed();

test('gives what single pages give, in a single call until the end', async () => {
  const before = server.calls.read;
  const ids = await readAll();
  // The first page in two, for the others' events in it; the call that stays; what came after it began.
  expect(server.calls.read - before).toBe(4);
  expect(ids).toEqual(await expected());
  expect(ids).toHaveLength(COUNT);
});

test('finds what was written while it went on', async () => {
  const ids = await readAll(async (read) => {
    if (read === 200) await store.append('meeting-late', someEvents(70), 'none');
  });
  expect(ids).toHaveLength(COUNT + 70);
  expect(ids).toEqual(await expected());
});

test('goes on where it was when the server was away in between', async () => {
  const ids = await readAll(async (read) => {
    if (read !== 200) return;
    await server.kill();
    await expect(store.head()).rejects.toThrow(/try again/);
    await server.start();
    await vi.waitFor(() => store.head());
  });
  expect(ids).toHaveLength(COUNT);
  expect(ids).toEqual(await expected());
});

test('lets go of a call that nobody reads on from, and reads on later all the same', async () => {
  const idle = server.open;
  const ids = await readAll(async (read) => {
    if (read === 100) server.faults.slowReadMs = 1;
    if (read !== 200) return;
    // So slow that the call would be open for a minute.
    server.faults.slowReadMs = 250;
    expect(server.open).toBe(idle + 1);
    await vi.waitFor(() => expect(server.open).toBe(idle), { timeout: 5_000 });
    server.faults.slowReadMs = 0;
  });
  expect(ids).toEqual(await expected());
});

test('keeps a reader elsewhere in the log apart', async () => {
  const all = await expected();
  const ids = await readAll(async () => {
    const [first] = await store.readAll({ limit: 1 });
    const page = await store.readAll({ after: first?.position, limit: PAGE });
    expect(page.map(({ id }) => id)).toEqual(all.slice(1, 1 + PAGE));
  });
  expect(ids).toEqual(all);
});
