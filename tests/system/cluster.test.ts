import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Chancery } from '../../src/chancery.ts';
import { call, temporaryFolder } from '../support/program.ts';
import { WireServer } from '../support/wire/server.ts';
import { aMeeting, ask, type NodeOptions, openNode, TOKEN, until } from './support/cluster.ts';

let server: WireServer;
let folder: ReturnType<typeof temporaryFolder>;
let nodes: Chancery[];
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  folder = temporaryFolder('cluster-');
  server = await WireServer.start();
  nodes = [];
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  server.kill();
  folder.remove();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const optionsOf = (name: string, more: Partial<NodeOptions> = {}): NodeOptions => ({
  ...{ folder: folder.path, name, url: server.url, token: TOKEN },
  ...more,
});

async function node(name: string, more: Partial<NodeOptions> = {}): Promise<Chancery> {
  const opened = await openNode(optionsOf(name, more));
  nodes.push(opened);
  await opened.ready;
  return opened;
}

const idsAt = async (at: Chancery): Promise<string[]> =>
  ((await ask(at, '/meetings?limit=500')).body.items ?? []).map(({ id }) => id).toSorted();

describe('while the cluster is away', () => {
  test('reads go on from the views and say so, writes are refused in time, and it goes on by itself', async () => {
    const a = await node('a');
    expect((await ask(a, '/meetings', aMeeting('before'))).status).toBe(201);
    expect((await ask(a, '/meetings/before')).headers.get('chancery-degraded')).toBeNull();
    server.kill();
    const read = await until(
      () => ask(a, '/meetings/before'),
      ({ headers }) => headers.has('chancery-degraded'),
    );
    expect(read.status).toBe(200);
    expect(read.headers.get('chancery-degraded')).toMatch(/^store-unavailable;since="20.*Z"$/);
    const begun = performance.now();
    const refused = await ask(a, '/meetings', aMeeting('during'), { 'idempotency-key': 'k' });
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'store-unavailable' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await server.start();
    const repeated = await until(
      () => ask(a, '/meetings', aMeeting('during'), { 'idempotency-key': 'k' }),
      ({ status }) => status !== 503,
    );
    expect(repeated.status).toBe(201);
    expect(await idsAt(a)).toEqual(['before', 'during']);
    const after = await until(
      () => ask(a, '/meetings/before'),
      ({ headers }) => !headers.has('chancery-degraded'),
    );
    expect(after.status).toBe(200);
  });

  test('a write to a cluster that has frozen is refused in time', async () => {
    const a = await node('a');
    server.faults.frozen = true;
    const begun = performance.now();
    const refused = await ask(a, '/meetings', aMeeting('frozen'));
    expect(refused.status).toBe(503);
    expect(refused.headers.has('retry-after')).toBe(true);
    // A read and six tries to append, half a second each.
    expect(performance.now() - begun).toBeLessThan(8_000);
    server.faults.frozen = false;
  });

  test('an append whose answer is lost is answered all the same, and recorded once', async () => {
    const a = await node('a');
    server.faults.lostReplies = 1;
    expect((await ask(a, '/meetings', aMeeting('lost'))).status).toBe(201);
    expect(server.log.stream('chancery.meeting-lost')).toHaveLength(1);
  });

  test('a node that is started waits for it, and can be stopped meanwhile', async () => {
    server.kill();
    const lines: string[] = [];
    const told = Promise.withResolvers<void>();
    const logged = (line: string) => {
      lines.push(line);
      if (line.includes('waiting for it')) told.resolve();
    };
    const stopping = new AbortController();
    const stopped = openNode(optionsOf('b', { logged }), stopping.signal);
    await told.promise;
    stopping.abort();
    await expect(stopped).rejects.toThrow(/abort/i);
    const waiting = node('a');
    await server.start();
    expect((await ask(await waiting, '/readyz')).status).toBe(200);
  });

  test('one that comes back from an older backup: the views are built anew', async () => {
    const lines: string[] = [];
    const a = await node('a', { logged: (line) => lines.push(line) });
    for (const id of ['kept', 'lost-1', 'lost-2']) await ask(a, '/meetings', aMeeting(id));
    expect(await idsAt(a)).toEqual(['kept', 'lost-1', 'lost-2']);
    server.kill();
    server.log = server.log.asOf(server.log.events.length - 2);
    await server.start();
    await until(
      () => idsAt(a),
      (ids) => ids.length === 1,
    );
    expect(await idsAt(a)).toEqual(['kept']);
    expect(lines.some((line) => line.includes('view is of another or an older log'))).toBe(true);
  });
});

describe('two nodes on one cluster', () => {
  test('one that reads with `seen` reads what was written at the other', async () => {
    const [a, b] = [await node('a'), await node('b')];
    for (let index = 0; index < 10; index += 1) {
      const [writer, reader] = index % 2 === 0 ? [a, b] : [b, a];
      const written = await ask(writer, '/meetings', aMeeting(`m-${index}`));
      const seen = written.headers.get('chancery-event');
      expect((await ask(reader, `/meetings/m-${index}?seen=${seen}`)).status).toBe(200);
    }
    expect(await idsAt(a)).toEqual(await idsAt(b));
  });

  test('one key at both at once is one write', async () => {
    const [a, b] = [await node('a'), await node('b')];
    const { id: _, ...body } = aMeeting('unnamed');
    for (let round = 0; round < 5; round += 1) {
      const key = { 'idempotency-key': `round-${round}` };
      const answers = await Promise.all([a, b, a, b].map((at) => ask(at, '/meetings', body, key)));
      for (const { status } of answers) expect([201, 202]).toContain(status);
      expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
      expect(new Set(answers.map(({ headers }) => headers.get('chancery-event'))).size).toBe(1);
      const other = await ask(b, '/meetings', { ...body, title: 'Another' }, key);
      expect(other.body).toMatchObject({ code: 'rejected', rule: 'key-reused' });
    }
    expect(server.log.events.filter(({ type }) => type === 'MeetingAnnounced')).toHaveLength(5);
  });

  test('of two that change one version, one wins', async () => {
    const [a, b] = [await node('a'), await node('b')];
    const made = await ask(a, '/meetings', aMeeting('raced'));
    const seen = made.headers.get('chancery-event');
    const { headers } = await ask(b, `/meetings/raced?seen=${seen}`);
    const tag = { 'if-match': headers.get('etag') ?? '' };
    const answers = await Promise.all(
      [a, b].map((at, index) =>
        ask(at, '/meetings/raced/cancel', { reason: `node ${index}` }, tag),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    expect(server.log.stream('chancery.meeting-raced')).toHaveLength(2);
  });

  test('clocks a minute apart leave order and time travel as they are, and are warned of', async () => {
    const a = await node('a', { clock: () => Date.now() + 60_000 });
    const b = await node('b');
    const made = await ask(a, '/meetings', aMeeting('timed'));
    const seen = made.headers.get('chancery-event');
    await ask(b, `/meetings/timed?seen=${seen}`);
    expect((await ask(b, '/meetings/timed/cancel', {})).status).toBe(200);
    const recorded = server.log
      .stream('chancery.meeting-timed')
      .map(({ metadata }) => JSON.parse(Buffer.from(metadata).toString()).recordedAt);
    expect(recorded).toEqual(recorded.toSorted());
    const readiness = await ask(b, '/readyz');
    expect(readiness.status).toBe(200);
    expect(readiness.body).toMatchObject({
      clock: { warning: expect.stringContaining('set the clocks of all nodes') },
    });
    expect((await ask(a, '/readyz')).body).toMatchObject({ clock: { warning: null } });
    const env = { DATA_DIR: join(folder.path, 'b'), STORE_URL: server.url };
    const { stdout, code } = await call(['doctor'], { env });
    expect(stdout).toMatch(/^warn {2}clock: .* is before the last event/m);
    expect(code).toBe(0);
  });

  test('that start first at the same moment make one admin token, which both take', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => node(name, { token: undefined })));
    const tokens = [a?.firstToken, b?.firstToken].filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
    for (const at of nodes) {
      const answer = await until(
        () => ask(at, '/readyz', undefined, { authorization: `Bearer ${tokens[0]}` }),
        ({ status }) => status !== 401,
      );
      expect(answer.body).toMatchObject({ status: 'ready', store: { available: true } });
    }
  });
});

describe('a node is cheap to add', () => {
  async function backedUp(): Promise<string> {
    const a = await node('a');
    for (let index = 0; index < 20; index += 1) {
      await ask(a, '/meetings', aMeeting(`m-${index.toString().padStart(2, '0')}`));
    }
    const file = join(folder.path, 'backup');
    const env = { DATA_DIR: join(folder.path, 'a'), STORE_URL: server.url };
    const { code, stdout } = await call(['backup', file, '--views'], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}.views\n` });
    expect(existsSync(file)).toBe(false);
    await ask(a, '/meetings', aMeeting('later'));
    return `${file}.views`;
  }

  test('from another one’s views it goes on instead of beginning', async () => {
    const views = await backedUp();
    const [a] = nodes;
    cpSync(views, join(folder.path, 'b', 'views'), { recursive: true });
    const lines: string[] = [];
    const b = await node('b', { logged: (line) => lines.push(line) });
    expect(await idsAt(b)).toEqual(a === undefined ? [] : await idsAt(a));
    // Built anew, its file would have another name.
    const file = readFileSync(join(views, 'calendar.current'), 'utf8').trim();
    expect((await ask(b, '/readyz')).body).toMatchObject({
      view: { file: join(folder.path, 'b', 'views', file) },
    });
    expect(lines.filter((line) => line.includes('rebuilding'))).toEqual([]);
  });

  test('from those of another version of the program it does not, and says why', async () => {
    const views = await backedUp();
    const folderOfD = join(folder.path, 'd', 'views');
    cpSync(views, folderOfD, { recursive: true });
    const file = readFileSync(join(views, 'calendar.current'), 'utf8').trim();
    const db = new DatabaseSync(join(folderOfD, file));
    db.exec("UPDATE view_definition SET definition = 'calendar 0'");
    db.close();
    const lines: string[] = [];
    const d = await node('d', { logged: (line) => lines.push(line) });
    expect(await idsAt(d)).toHaveLength(21);
    expect(lines.some((line) => line.includes('view is of another version: rebuilding'))).toBe(
      true,
    );
  });

  test('from those of another store it does not, and says why', async () => {
    const views = await backedUp();
    const other = await WireServer.start();
    cpSync(views, join(folder.path, 'c', 'views'), { recursive: true });
    const lines: string[] = [];
    const c = await node('c', { url: other.url, logged: (line) => lines.push(line) });
    expect(await idsAt(c)).toEqual([]);
    expect(
      lines.some((line) => line.includes('view is of another or an older log: rebuilding')),
    ).toBe(true);
    await c.close();
    nodes = nodes.filter((opened) => opened !== c);
    other.kill();
  });
});
