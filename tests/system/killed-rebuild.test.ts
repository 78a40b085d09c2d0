import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeLog } from '../../bench/log-file.ts';
import {
  call,
  openServer,
  type Server,
  start,
  startServer,
  temporaryFolder,
} from '../support/program.ts';

/** Enough that a rebuild takes a while, and not so many that the test does. */
const EVENTS = 2_000;
const TOKEN = 'a-token-for-the-rebuild-tests-0123456789abcdef';

const folder = temporaryFolder('killed-rebuild-');
const views = join(folder.path, 'views');
const env = { DATA_DIR: folder.path, ADMIN_TOKEN: TOKEN, LOG_LEVEL: 'error' };
const headers = { authorization: `Bearer ${TOKEN}` };

beforeAll(async () => {
  writeLog(join(folder.path, 'chancery.db'), {
    ...{ seed: 7, size: { events: EVENTS } },
    ...{ alive: 500, perDay: 400 },
  });
  expect((await call(['rebuild'], { env })).code).toBe(0);
}, 60_000);
afterAll(() => folder.remove());

interface Status {
  readonly state: string;
  readonly progress?: { readonly done: number };
}

/** Writes one meeting after another until the server is gone; the ids that were acknowledged. */
async function write(server: Server, round: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; ; n += 1) {
    const id = `${round}-${n}`;
    const body = JSON.stringify({ id, title: id, form: 'visit', classification: 'public' });
    const asked = {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    };
    const response = await fetch(`${server.url}/meetings`, asked).catch(() => undefined);
    if (response === undefined) return acknowledged;
    expect(response.status).toBe(201);
    acknowledged.push(id);
  }
}

const calendarFiles = () => readdirSync(views).filter((name) => name.startsWith('calendar-'));

/** Starts again: the views are what the log says, hold what was acknowledged, and are all there is. */
async function expectWhole(acknowledged: readonly string[]): Promise<void> {
  const server = await openServer(env);
  for (const id of acknowledged) {
    expect((await fetch(`${server.url}/meetings/${id}`)).status, id).toBe(200);
  }
  expect((await server.stop()).code).toBe(0);
  expect(calendarFiles()).toHaveLength(1);
  const verified = await call(['verify'], { env });
  expect(verified.stdout).toContain('the views are what the log says');
  expect(verified.code).toBe(0);
  expect(readdirSync(join(views, 'verify'))).toEqual(['owner.db']);
}

const building = ({ state, progress }: Status, from: number) =>
  state !== 'building' || (progress?.done ?? 0) >= from;

test.each([
  ['at once', 'once', () => true],
  ['when it has begun to read', 'begun', (status: Status) => building(status, 1)],
  ['half way', 'half', (status: Status) => building(status, EVENTS / 2)],
  ['when all is read', 'read', ({ state }: Status) => state !== 'building'],
] as const)(
  'a server killed %s in a rebuild starts again as if nothing had been',
  async (_when, round, reached) => {
    const server = await startServer(env);
    const writing = write(server, round);
    const begun = await fetch(`${server.url}/admin/rebuild`, { method: 'POST', headers });
    expect(begun.status).toBe(202);
    for (;;) {
      const answer = await fetch(`${server.url}/admin/rebuild`, { headers });
      if (reached((await answer.json()) as Status)) break;
    }
    expect((await server.stop('SIGKILL')).signal).toBe('SIGKILL');
    await expectWhole(await writing);
  },
  60_000,
);

test('so does one after a rebuild without a server that was killed', async () => {
  // What the reader of the test before left beside the file does not count.
  const before = calendarFiles().filter((name) => name.endsWith('.db'));
  const rebuilding = start(['rebuild'], { env });
  await expect
    .poll(() => calendarFiles().filter((name) => name.endsWith('.db')).length, {
      ...{ interval: 1, timeout: 10_000 },
    })
    .toBeGreaterThan(1);
  rebuilding.kill('SIGKILL');
  await rebuilding.ended;
  expect(calendarFiles()).toEqual(expect.arrayContaining(before));
  await expectWhole([]);
  expect(calendarFiles()).toEqual(expect.arrayContaining(before));
}, 60_000);
