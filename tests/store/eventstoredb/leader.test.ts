import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventStore } from '../../../src/store/event-store.ts';
import { Database, SERVER_COMMAND, SMALL } from '../../support/real/database.ts';
import { WireLog } from '../../support/wire/log.ts';
import { WireServer } from '../../support/wire/server.ts';
import { idsOf, someEvents, take } from '../events.ts';
import { openWire, surely } from './support.ts';

/** Two servers of one cluster: they share their log, as after replication. */

const log = () => ({ log: new WireLog() });
let first: WireServer;
let second: WireServer;
let stores: EventStore[];
let ended: AbortController;

beforeEach(async () => {
  const shared = log();
  first = await WireServer.start(shared);
  second = await WireServer.start(shared);
  stores = [];
  ended = new AbortController();
  lead(first);
});

afterEach(async () => {
  ended.abort();
  await Promise.all(stores.map((store) => store.close()));
  first.kill();
  second.kill();
});

function lead(leader: WireServer): void {
  for (const server of [first, second]) {
    server.faults.leader =
      server === leader ? undefined : { address: '127.0.0.1', port: leader.port };
    server.members = [first, second].map(({ port }) => ({ port, leader: port === leader.port }));
  }
}

function open(url: string): EventStore {
  const store = openWire({ url });
  stores.push(store);
  return store;
}

const seeds = () => `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false`;

test.each([
  ['several seeds', seeds],
  ['one name', () => `esdb+discover://127.0.0.1:${second.port}?tls=false`],
])('of %s, the one that leads is found', async (_, urlOf) => {
  const store = open(urlOf());
  await store.append('meeting-a', someEvents(2), 'none');
  expect(await store.readStream('meeting-a')).toHaveLength(2);
  expect(first.calls.batchAppend).toBe(1);
  expect(second.calls).toMatchObject({ batchAppend: 0, append: 0, read: 0 });
});

test.each([true, false])(
  'a server that does not lead sends to the one that does (newer append: %s)',
  async (batchAppend) => {
    const follower = await WireServer.start({ batchAppend, ...log() });
    follower.faults.leader = { address: '127.0.0.1', port: first.port };
    const store = open(follower.url);
    const events = someEvents(2);
    await store.append('meeting-a', events, 'none');
    expect(idsOf(await store.readStream('meeting-a'))).toEqual(idsOf(events));
    expect(follower.log.stream('chancery.meeting-a')).toEqual([]);
    expect(first.log.stream('chancery.meeting-a')).toHaveLength(2);
    follower.kill();
  },
);

test('when another one comes to lead, appends, reads and subscriptions go there; nothing is lost or doubled', async () => {
  const store = open(seeds());
  const seen = take(store.subscribe(undefined, ended.signal), (events) => events.length === 40);
  for (let index = 0; index < 20; index += 1) {
    if (index % 5 === 0) {
      lead(index % 2 === 0 ? second : first);
      first.endSubscriptions();
      second.endSubscriptions();
    }
    await store.append(`meeting-${index}`, someEvents(2), 'none');
  }
  expect((await seen).events).toEqual(await store.readAll({ limit: 100 }));
  expect(first.calls.subscribe).toBeGreaterThan(0);
  expect(second.calls.subscribe).toBeGreaterThan(0);
});

test('a cluster in which nobody leads is unavailable, and says so in time', async () => {
  first.kill();
  second.kill();
  const store = open(`${seeds()}&maxDiscoverAttempts=2&discoveryInterval=10`);
  await expect(store.head()).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await expect(store.append('meeting-a', someEvents(1), 'none')).rejects.toMatchObject({
    ...{ name: 'StoreUnavailable', outcome: 'unknown' },
  });
  await first.start();
  lead(first);
  expect(await store.head()).toBeUndefined();
  expect((await store.append('meeting-a', someEvents(1), 'none')).revision).toBe(0);
});

/** How long three servers may take to choose who leads, in milliseconds. */
const ELECTION_MS = 60_000;

async function startCluster(members: readonly Database[]): Promise<void> {
  const port = (member: Database) => `127.0.0.1:${member.port}`;
  for (const member of members) {
    const others = members.filter((other) => other !== member).map(port);
    member.launch({ CLUSTER_SIZE: '3', DISCOVER_VIA_DNS: 'false', GOSSIP_SEED: others.join(',') });
  }
  await leading(members);
}

/** Settles when one leads and the others follow it. */
const leading = (members: readonly Database[]): Promise<Database> =>
  vi.waitFor(
    async () => {
      const states = await Promise.all(members.map((member) => member.state()));
      const leader = members[states.indexOf('leader')];
      if (leader === undefined || states.filter((state) => state === 'follower').length === 0) {
        throw new Error(`nobody leads: ${states.join(', ')}`);
      }
      return leader;
    },
    { timeout: ELECTION_MS, interval: 200 },
  );

/** ESDB_SERVER names what starts a real server. */
if (SERVER_COMMAND !== '') {
  describe('three real servers', () => {
    let members: Database[];
    beforeEach(async () => {
      members = await Promise.all([1, 2, 3].map(() => Database.prepare(SMALL)));
      await startCluster(members);
    }, 2 * ELECTION_MS);
    afterEach(() => Promise.all(members.map((member) => member.remove())));

    test('whose leader is killed again and again lose and double nothing', async () => {
      const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join(',');
      const store = openWire({ url: `esdb://${hosts}?tls=false` }, { timeoutMs: 3_000 });
      stores.push(store);
      const batches = Array.from({ length: 60 }, () => someEvents(2));
      const seen = take(store.subscribe(undefined, ended.signal), (all) => all.length >= 120);
      for (const [index, events] of batches.entries()) {
        if (index % 20 !== 10) {
          await surely(() => store.append(`meeting-${index}`, events, 'none'));
          continue;
        }
        const leader = await leading(members);
        const appended = surely(() => store.append(`meeting-${index}`, events, 'none'));
        await leader.kill();
        await appended;
        leader.launch();
      }
      const { events } = await seen;
      expect(events).toEqual(await surely(() => store.readAll({ limit: 1_000 })));
      expect(idsOf(events).toSorted()).toEqual(idsOf(batches.flat()).toSorted());
    }, 300_000);
  });
}
