import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openClusterStore } from '../../src/store/eventstoredb/index.ts';
import { clusterSettings } from '../../src/store/eventstoredb/settings.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { anEvent } from '../store/events.ts';
import { call, MAIN, openServer, ROOT, temporaryFolder } from '../support/program.ts';
import { WireServer } from '../support/wire/server.ts';
import { aMeeting, ask, TOKEN } from '../system/support/cluster.ts';

const DOSSIER = 'examples/constitutional-committee.json';

let folder: ReturnType<typeof temporaryFolder>;
let server: WireServer;
let file: string;
let embedded: string;

beforeEach(async () => {
  folder = temporaryFolder('copy-');
  server = await WireServer.start();
  file = join(folder.path, 'source.db');
  embedded = `sqlite:${file}`;
});

afterEach(() => {
  server.kill();
  folder.remove();
});

const env = (STORE_URL: string) => ({ DATA_DIR: folder.path, STORE_URL });
const copied = (from: string, to: string) =>
  call(['copy', '--from', from, '--to', to], { env: {} });
const exported = async (url: string) => (await call(['export'], { env: env(url) })).stdout;
const backAt = (name: string) => `sqlite:${join(folder.path, name)}`;

async function filled(): Promise<string> {
  expect((await call(['import', DOSSIER], { env: env(embedded) })).code).toBe(0);
  return exported(embedded);
}

/** Events of a few streams that take turns, as of a calendar that many write to. */
async function manyEvents(streams: number, rounds: number): Promise<void> {
  const store = await openSqliteStore({ file });
  for (let round = 0; round < rounds; round += 1) {
    const expected = round === 0 ? 'none' : round - 1;
    await Promise.all(
      Array.from({ length: streams }, (_, index) =>
        store.append(`meeting-${index}`, [anEvent(round)], expected),
      ),
    );
  }
  await store.close();
}

describe('copy', () => {
  test('up and back keeps order, ids, revisions and meta: the exports are the same', async () => {
    const before = await filled();
    const up = await copied(embedded, server.url);
    expect(up).toMatchObject({ code: 0, stderr: '' });
    const events = before.trimEnd().split('\n').length;
    const digest = createHash('sha256').update(before).digest('hex').slice(0, 16);
    expect(up.stdout).toMatch(
      `${events} events copied; ${events} are the same in both (${digest})`,
    );
    expect(up.stdout).toMatch(/and so are the \d+ tables of the views/);
    expect(up.stdout).toMatch(/takes no more events\. Set STORE_URL to the copy/);
    expect(await exported(server.url)).toBe(before);
    expect(await copied(server.url, backAt('back.db'))).toMatchObject({ code: 0 });
    expect(await exported(backAt('back.db'))).toBe(before);
  });

  test('goes from one cluster to another, also while the first goes on writing', async () => {
    await filled();
    expect((await copied(embedded, server.url)).code).toBe(0);
    const source = openClusterStore(clusterSettings(server.url));
    const other = await WireServer.start();
    try {
      let late: Promise<unknown> | undefined;
      other.log.onAppend(() => {
        late ??= source.append('meeting-late', [anEvent()], 'none');
      });
      const args = ['copy', '--from', server.url, '--to', other.url];
      const over = await call(args, { env: { DATA_DIR: folder.path } });
      await late;
      expect(over).toMatchObject({ code: 0, stderr: '' });
      expect(over.stdout).toMatch(/the same in both .*\n.* goes on taking events.*this once more/s);
      const here = await exported(other.url);
      expect(here).toMatch(/meeting-late/);
      expect(here).toBe(await exported(server.url));
      expect(readdirSync(folder.path)).not.toContain('copying');
    } finally {
      other.kill();
      await source.close();
    }
  });

  test('leaves clients’ addresses, ETags, feeds and cursors as they were', async () => {
    await filled();
    const read = async (url: string, name: string) => {
      const at = { DATA_DIR: join(folder.path, name), STORE_URL: url, ADMIN_TOKEN: TOKEN };
      const node = await openServer({ ...at, PUBLIC_URL: 'https://calendar.example.org' });
      const changes = await ask(node, '/changes?limit=5');
      const found = [
        changes,
        await ask(node, `${changes.body['next' as never]}`),
        await ask(node, '/meetings?limit=500'),
      ];
      const feed = await fetch(`${node.url}/calendar.ics`);
      const tags = [feed.headers.get('etag'), ...found.map(({ headers }) => headers.get('etag'))];
      const answer = { bodies: found.map(({ body }) => body), tags, feed: await feed.text() };
      await node.stop();
      return answer;
    };
    const before = await read(embedded, 'before');
    expect(before.bodies[1]).toHaveProperty('items');
    await copied(embedded, server.url);
    expect(await read(server.url, 'after')).toEqual(before);
  }, 120_000);

  test('goes on where it was when it was killed', async () => {
    // More than are read at once.
    await manyEvents(40, 13);
    const before = await exported(embedded);
    for (const reached of [100, 400, 510]) {
      const stop = server.log.onAppend(() => {
        if (server.log.events.length >= reached) child.kill('SIGKILL');
      });
      const args = [MAIN, 'copy', '--from', embedded, '--to', server.url];
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
      stop();
    }
    expect(server.log.events.length).toBeLessThan(521);
    const last = await copied(embedded, server.url);
    expect(last).toMatchObject({ code: 0 });
    expect(last.stdout).toMatch(/^\d{1,2} events copied; 520 are the same in both/);
    expect(await exported(server.url)).toBe(before);
    // Once more: there is nothing left to do, and the fence is no hindrance.
    expect((await copied(embedded, server.url)).stdout).toMatch(/^0 events copied; 520 are/);
  }, 120_000);

  test('goes on after the cluster was away', async () => {
    await manyEvents(10, 20);
    let restarted: Promise<void> | undefined;
    server.log.onAppend(() => {
      if (server.log.events.length !== 50) return;
      server.kill();
      restarted = server.start();
    });
    expect(await copied(embedded, server.url)).toMatchObject({ code: 0 });
    await restarted;
    expect(await exported(server.url)).toBe(await exported(embedded));
  });

  test('refuses a target that has other events, and touches neither', async () => {
    const before = await filled();
    const store = openClusterStore(clusterSettings(server.url));
    await store.append('meeting-of-others', [anEvent()], 'none');
    await store.close();
    const refused = await copied(embedded, server.url);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/the target holds other events: copy to an empty one/);
    expect(server.log.events.filter(({ stream }) => stream.startsWith('chancery.'))).toHaveLength(
      1,
    );
    expect(await exported(embedded)).toBe(before);
    const imported = await call(['import', DOSSIER], { env: env(embedded) });
    expect(imported.stdout).toMatch(/^0 carried out, \d+ were there already, 0 refused/);
  });

  test('says what is wrong with how it was called', async () => {
    const wrong = async (...args: string[]) => (await call(['copy', ...args], { env: {} })).stderr;
    expect(await wrong('--from', embedded)).toMatch(/either --to or --release/);
    expect(await wrong('--from', embedded, '--to', server.url)).toMatch(/no event store at/);
    expect(await wrong('--from', 'x:y', '--to', server.url)).toMatch(/--from must be sqlite:/);
    expect(await wrong('--from', server.url, '--to', server.url)).toMatch(/name the same store/);
    expect(await wrong('--from', server.url, '--release')).toMatch(/never fenced/);
    const file = embedded.slice('sqlite:'.length);
    await filled();
    symlinkSync(file, `${file}.link`);
    for (const other of [
      `${dirname(file)}/../${basename(dirname(file))}/${basename(file)}`,
      `${file}.link`,
    ]) {
      expect(await wrong('--from', embedded, '--to', `sqlite:${other}`)).toMatch(/the same store/);
    }
    expect((await call(['copy', '--from', embedded, '--release'], { env: {} })).stdout).toMatch(
      /was not fenced/,
    );
  });
});

test('a server on the source goes on reading and refuses writes, until the source is released', async () => {
  const node = await openServer({ ...env(embedded), ADMIN_TOKEN: TOKEN });
  expect((await ask(node, '/meetings', aMeeting('before'))).status).toBe(201);
  expect(await copied(embedded, server.url)).toMatchObject({ code: 0 });
  const refused = await ask(node, '/meetings', aMeeting('fenced'));
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({
    code: 'store-unavailable',
    detail: expect.stringMatching(/takes no more events.*copied.*ask the operator/),
  });
  const doctor = async () => (await call(['doctor'], { env: env(embedded) })).stdout;
  expect(await doctor()).toMatch(/^warn {2}store: .*takes no more events.*copy --release$/m);
  expect(refused.headers.has('retry-after')).toBe(true);
  expect((await ask(node, '/meetings/before')).status).toBe(200);
  const released = await call(['copy', '--from', embedded, '--release'], { env: {} });
  expect(released).toMatchObject({ code: 0, stdout: `${file} takes events again\n` });
  expect(await doctor()).toMatch(/^ok {4}store: /m);
  expect((await ask(node, '/meetings', aMeeting('fenced'))).status).toBe(201);
  await node.stop();
  const again = await call(['copy', '--from', embedded, '--release'], { env: {} });
  expect(again.stdout).toBe(`${file} was not fenced\n`);
}, 120_000);
