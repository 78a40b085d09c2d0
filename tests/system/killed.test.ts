import { afterAll, expect, test } from 'vitest';
import { openServer, type Server, startServer, temporaryFolder } from '../support/program.ts';

const folder = temporaryFolder('killed-');
afterAll(() => folder.remove());

const TOKEN = 'a-token-for-the-kill-tests-0123456789abcdef';
const env = { DATA_DIR: folder.path, ADMIN_TOKEN: TOKEN, LOG_LEVEL: 'error' };
const ROUNDS = 5;
const WRITERS = 16;
const ACKNOWLEDGED = 60;

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

/** Writers that go on until the server is gone; each acknowledged id is noted. */
async function write(server: Server, round: number, acknowledged: Set<string>): Promise<void> {
  const enough = Promise.withResolvers<void>();
  const writer = async (name: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      const id = `round-${round}-${name}-${n}`;
      const body = JSON.stringify({ id, title: id, form: 'session', classification: 'public' });
      const response = await fetch(`${server.url}/meetings`, { method: 'POST', headers, body });
      if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
      acknowledged.add(id);
      if (acknowledged.size >= round * ACKNOWLEDGED) enough.resolve();
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, name) => writer(name));
  await Promise.race([enough.promise, ...writers]);
  await server.stop('SIGKILL');
  const ends = await Promise.allSettled(writers);
  // Their connections broke: whatever else ended one is a fault.
  for (const end of ends) {
    expect(end).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(/fetch failed|terminated/) },
    });
  }
}

async function meetingIds(server: Server): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = '/meetings?limit=500'; next !== null; ) {
    const response = await fetch(`${server.url}${next}`);
    const page = (await response.json()) as { items: { id: string }[]; next: string | null };
    ids.push(...page.items.map((item) => item.id));
    next = page.next;
  }
  return ids;
}

async function streams(server: Server): Promise<string[]> {
  const text = await (await fetch(`${server.url}/events`, { headers })).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).stream);
}

test(`every acknowledged meeting is there once after ${ROUNDS} kills under concurrent writes`, async () => {
  const acknowledged = new Set<string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    await write(await startServer(env), round, acknowledged);
  }
  const server = await openServer(env);
  const ids = await meetingIds(server);
  const logged = await streams(server);
  await server.stop();
  expect(new Set(ids).size).toBe(ids.length);
  expect([...acknowledged].filter((id) => !ids.includes(id))).toEqual([]);
  // What the views show is what the log holds: one event for each meeting.
  expect(logged.toSorted()).toEqual(ids.map((id) => `meeting-${id}`).toSorted());
});
