import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openChancery } from '../../src/chancery.ts';
import { loadConfig } from '../../src/config.ts';
import { walkOperations } from '../docs/support/operations.ts';
import {
  call,
  MAIN,
  openServer,
  ROOT,
  run,
  type Server,
  temporaryFolder,
} from '../support/program.ts';

/** Disks, files and clocks that fail: a clear word, nothing acknowledged lost, and the way back of docs/operations.md. */

const TOKEN = 'a-token-for-the-fault-tests-0123456789abcdef';
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
let folder: ReturnType<typeof temporaryFolder>;
let env: Readonly<Record<string, string>>;
beforeEach(() => {
  folder = temporaryFolder('faults-');
  env = { DATA_DIR: folder.path, ADMIN_TOKEN: TOKEN };
});
afterEach(() => folder.remove());

async function announce(url: string, id: string): Promise<Response> {
  const body = JSON.stringify({
    id,
    title: `Meeting ${id}`,
    form: 'session',
    classification: 'public',
  });
  return fetch(`${url}/meetings`, { method: 'POST', headers, body });
}

async function idsAt({ url }: Pick<Server, 'url'>): Promise<string[]> {
  const page = (await (await fetch(`${url}/meetings?limit=500`)).json()) as {
    items: { id: string }[];
  };
  return page.items.map(({ id }) => id).toSorted();
}

/** A data folder with two meetings, and a backup of it with the first one only. */
async function filled(): Promise<void> {
  const server = await openServer(env);
  expect((await announce(server.url, 'first')).status).toBe(201);
  const backup = join(folder.path, 'backup.db');
  expect((await call(['backup', backup], { env })).code).toBe(0);
  expect((await announce(server.url, 'second')).status).toBe(201);
  await server.stop();
}

const asDocumented = (mark: string) => walkOperations(mark, folder.path, env);

const store = () => join(folder.path, 'chancery.db');

describe('a store file', () => {
  test.each([
    ['that was cut short', () => truncateSync(store(), Math.floor(statSync(store()).size / 2))],
    [
      'with pages of nonsense',
      () => {
        const bytes = readFileSync(store());
        bytes.fill(0xa5, 4_096, bytes.length);
        writeFileSync(store(), bytes);
      },
    ],
  ])('%s is refused with a word, and a backup is the way back', async (_what, spoil) => {
    await filled();
    spoil();
    const refused = await run(['serve'], { env: { ...env, PORT: '0' } });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^chancery: \S+chancery\.db is damaged .*: restore it from a backup/,
    );
    expect(await asDocumented('restore')).toMatch(/^(Nothing has to be done|It can serve)/m);
    const server = await openServer(env);
    expect(await idsAt(server)).toEqual(['first']);
    expect((await announce(server.url, 'third')).status).toBe(201);
    await server.stop();
  });
});

test.each([
  ['in the middle of the log', ['third']],
  ['the last that the views have', []],
])(
  'an event whose bytes were turned, %s, is named, costs its own entry alone, and a backup is the way back',
  async (_where, later) => {
    await filled();
    const before = await openServer(env);
    for (const id of later) expect((await announce(before.url, id)).status).toBe(201);
    await before.stop();
    const bytes = readFileSync(store());
    bytes[bytes.lastIndexOf('{"title":"Meeting second"')] = 0x7a;
    writeFileSync(store(), bytes);
    const place =
      /is not JSON \(position \d+, revision 0 of meeting-second\): restore it from a backup/;
    expect((await call(['verify'], { env })).stderr).toMatch(place);
    const server = await openServer(env);
    expect(await idsAt(server)).toEqual(['first', 'second', ...later]);
    const confirm = (id: string) =>
      fetch(`${server.url}/meetings/${id}/confirm`, { method: 'POST', headers, body: '{}' });
    expect((await confirm('first')).status).toBe(200);
    expect((await confirm('second')).status).toBe(503);
    expect((await server.stop()).stdout).toMatch(place);
    await asDocumented('restore');
    const restored = await openServer(env);
    expect(await idsAt(restored)).toEqual(['first']);
    await restored.stop();
    expect((await call(['verify'], { env })).code).toBe(0);
  },
);

describe('files that are made from the store', () => {
  const viewsOf = (view: string) =>
    readdirSync(join(folder.path, 'views'))
      .filter((name) => name.startsWith(`${view}-`) && name.endsWith('.db'))
      .map((name) => join(folder.path, 'views', name));

  test.each([
    ['cut short', (file: string) => truncateSync(file, 5_000)],
    [
      'no database',
      (file: string) => writeFileSync(file, 'nothing of a database, but long enough to look at'),
    ],
    ['empty', (file: string) => truncateSync(file, 0)],
  ])('and are %s are made again, and tokens go on', async (_what, spoil) => {
    await filled();
    const made = await call(['token', 'create', '--role', 'editor'], { env });
    for (const file of [
      ...viewsOf('calendar'),
      ...viewsOf('access'),
      join(folder.path, 'local.db'),
    ]) {
      spoil(file);
    }
    const server = await openServer(env);
    expect(await idsAt(server)).toEqual(['first', 'second']);
    const authorization = `Bearer ${made.stdout.trim()}`;
    expect((await fetch(`${server.url}/meetings`, { headers: { authorization } })).status).toBe(
      200,
    );
    expect((await server.stop()).code).toBe(0);
  });
});

/** A server whose files may grow to so many blocks of 1,024 bytes: what is beyond fails as on a full disk. */
async function startCramped(
  blocks: number,
): Promise<{ url: string; stop(): Promise<number | null> }> {
  const child = spawn(
    'bash',
    ['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, MAIN, 'serve'],
    { cwd: ROOT, env: { PATH: process.env.PATH ?? '', ...env, PORT: '0', LOG_LEVEL: 'error' } },
  );
  child.stdout.resume();
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /^Chancery is ready: (\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return {
      url,
      stop: async () => {
        child.kill('SIGTERM');
        return (await closed)[0];
      },
    };
  }
  throw new Error('it ended before it was ready');
}

test('a disk that takes no more: writes are refused, reads go on, and with room nothing is missing', async () => {
  await (await openServer(env)).stop();
  const server = await startCramped(200);
  const acknowledged: string[] = [];
  let refused: Response | undefined;
  // Many at a time: once the view has no room, each of them waits for it in vain.
  for (let round = 0; refused === undefined && round < 50; round += 1) {
    const ids = Array.from({ length: 40 }, (_, n) => `meeting-${round}-${n}`);
    const answers = await Promise.all(ids.map((id) => announce(server.url, id)));
    acknowledged.push(...ids.filter((_, n) => [201, 202].includes(answers[n]?.status ?? 0)));
    refused = answers.find(({ status }) => status !== 201 && status !== 202);
  }
  expect(refused?.status).toBe(503);
  expect(await refused?.json()).toMatchObject({ code: 'store-unavailable' });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${server.url}/meetings/${acknowledged[0]}`)).status).toBe(200);
  await server.stop();
  const again = await openServer(env);
  const page = await fetch(`${again.url}/events`, { headers });
  const streams = (await page.text()).match(/"stream":"meeting-[^"]+"/g) ?? [];
  await again.stop();
  expect(new Set(streams).size).toBe(streams.length);
  const kept = streams.map((found) => found.slice('"stream":"meeting-'.length, -1));
  expect(acknowledged.filter((id) => !kept.includes(id))).toEqual([]);
});

test('a disk that takes no copy of the views: they are not compared, and go on being read', async () => {
  await filled();
  // The tables of a view take more, if they hold nothing.
  const server = await startCramped(64);
  const verified = await fetch(`${server.url}/admin/verify`, { method: 'POST', headers });
  expect(verified.status).toBe(503);
  expect(await verified.json()).toMatchObject({
    code: 'overloaded',
    detail: expect.stringMatching(/^the disk takes no copy .*: make room/),
  });
  expect(await idsAt(server)).toEqual(['first', 'second']);
  await server.stop();
  expect(readdirSync(join(folder.path, 'views', 'verify'))).toEqual(['owner.db']);
});

test('a clock that is set back an hour: time never falls within an entry, and nothing is lost or hidden', async () => {
  let ms = Date.parse('2021-11-22T10:00:00Z');
  const config = loadConfig({ ...env, PORT: '0' }, 'no-such-file');
  const chancery = await openChancery({ config, log: pino({ level: 'silent' }), clock: () => ms });
  await chancery.ready;
  expect((await announce(chancery.url, 'first')).status).toBe(201);
  ms -= 3_600_000;
  expect((await announce(chancery.url, 'second')).status).toBe(201);
  const moved = await fetch(`${chancery.url}/meetings/first/confirm`, {
    method: 'POST',
    headers,
    body: '{}',
  });
  expect(await moved.json()).toMatchObject({
    ...{ recordedAt: '2021-11-22T10:00:00Z', changedAt: '2021-11-22T10:00:00Z' },
  });
  const { items } = (await (await fetch(`${chancery.url}/changes`)).json()) as {
    items: { type: string; meeting: string }[];
  };
  expect(items.map(({ type, meeting }) => `${meeting} ${type}`)).toEqual([
    'first announced',
    'second announced',
    'first confirmed',
  ]);
  expect((await fetch(`${chancery.url}/calendar.ics`)).status).toBe(200);
  await chancery.close();
  expect(existsSync(join(folder.path, 'views', 'owner.json'))).toBe(false);
});
