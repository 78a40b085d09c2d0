import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Chancery, openChancery } from '../../src/chancery.ts';
import { loadConfig } from '../../src/config.ts';
import { EventSourceReader } from '../http/support/event-source.ts';
import { damageTable } from '../support/damage.ts';
import { call, temporaryFolder } from '../support/program.ts';

const TOKEN = 'a-token-for-the-admin-tests-0123456789abcdef';
let folder: ReturnType<typeof temporaryFolder>;
let chancery: Chancery;

async function begin(): Promise<void> {
  const config = loadConfig(
    { DATA_DIR: folder.path, PORT: '0', ADMIN_TOKEN: TOKEN },
    'no-such-file',
  );
  chancery = await openChancery({ config, log: pino({ level: 'silent' }) });
  await chancery.ready;
}

async function prepare(): Promise<void> {
  folder = temporaryFolder('admin-');
  await begin();
  for (const id of ['a', 'b', 'c']) {
    const body = { id, title: `Meeting ${id}`, form: 'session', classification: 'public' };
    expect((await ask('POST', '/meetings', body)).status).toBe(201);
  }
}

async function putAway(): Promise<void> {
  await chancery.close();
  folder.remove();
}

/** For tests that leave a server as they do not find it. */
function oneEach(): void {
  beforeEach(prepare);
  afterEach(putAway);
}

async function ask(method: string, path: string, body?: object, token = TOKEN) {
  const response = await fetch(`${chancery.url}${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Of a write that is recorded and not shown there is nothing to read.
  const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { status: response.status, json, headers: response.headers };
}

/** Asks until the rebuild is over, and leaves the processor to it meanwhile. */
async function finished() {
  let status: Record<string, unknown> = {};
  const finishedAt = async () => {
    status = (await ask('GET', '/admin/rebuild')).json;
    return status.finishedAt;
  };
  await expect.poll(finishedAt, { interval: 5, timeout: 30_000 }).not.toBeNull();
  return status;
}

const viewFiles = (view = 'calendar') =>
  readdirSync(join(folder.path, 'views')).filter(
    (name) => name.startsWith(`${view}-`) && name.endsWith('.db'),
  );

function spoil(): void {
  const db = new DatabaseSync(join(folder.path, 'chancery.db'));
  db.prepare(
    'INSERT INTO events (stream, revision, id, type, data, meta) SELECT stream, 1, ?, ?, ?, meta FROM events WHERE stream = ?',
  ).run(randomUUID(), 'MeetingRescheduled', '{"when":{"edtf":"some day"}}', 'meeting-a');
  db.close();
}

describe('/admin/rebuild', () => {
  oneEach();

  test('says that there was none, builds in a thread, and switches', async () => {
    expect((await ask('GET', '/admin/rebuild')).json).toMatchObject({ state: 'none' });
    const before = viewFiles();
    const accessBefore = viewFiles('access');
    const begun = await ask('POST', '/admin/rebuild');
    expect(begun.status).toBe(202);
    expect(begun.headers.get('location')).toBe('/admin/rebuild');
    expect(await finished()).toMatchObject({ state: 'done', progress: { done: 3 } });
    const after = viewFiles();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(viewFiles('access')).toHaveLength(1);
    expect(viewFiles('access')).not.toEqual(accessBefore);
    const list = await ask('GET', '/meetings');
    expect((list.json.items as { id: string }[]).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('mends the view of tokens, too: one that it lost works again', async () => {
    const made = await ask('POST', '/tokens', {
      name: 'Desk',
      role: 'reader',
      ceiling: 'internal',
    });
    const token = String(made.json.token);
    const status = async () => (await ask('GET', '/meetings', undefined, token)).status;
    expect(await status()).toBe(200);
    const [file = ''] = viewFiles('access');
    const db = new DatabaseSync(join(folder.path, 'views', file));
    db.exec('DELETE FROM tokens');
    db.close();
    expect((await ask('POST', '/admin/verify')).json).toMatchObject({
      ok: false,
      difference: { table: 'tokens', stored: null },
    });
    await ask('POST', '/admin/rebuild');
    expect(await finished()).toMatchObject({ state: 'done' });
    expect((await ask('POST', '/admin/verify')).json).toMatchObject({ ok: true });
    expect(await status()).toBe(200);
  });

  test('is not noticed by whoever has a feed: neither while it runs nor afterwards', async () => {
    const feed = (headers = {}) => fetch(`${chancery.url}/calendar.ics`, { headers });
    const dated = { id: 'd', title: 'Meeting d', form: 'session', classification: 'public' };
    await ask('POST', '/meetings', { ...dated, when: { edtf: '2090-08' } });
    const before = await feed();
    const etag = before.headers.get('etag') ?? '';
    const bytes = await before.text();
    expect(bytes).toContain('BEGIN:VEVENT');
    await ask('POST', '/admin/rebuild');
    const meanwhile = finished();
    for (const response of await Promise.all(Array.from({ length: 20 }, () => feed()))) {
      expect(response.headers.get('etag')).toBe(etag);
      expect(await response.text()).toBe(bytes);
    }
    expect(await meanwhile).toMatchObject({ state: 'done' });
    expect((await feed({ 'if-none-match': etag })).status).toBe(304);
    await ask('POST', '/meetings/d/revise', { title: 'Another title' });
    expect(await (await feed()).text()).toContain('Another title');
  });

  test('is not noticed by a stream of changes', async () => {
    const stream = await EventSourceReader.open(
      Number(new URL(chancery.url).port),
      '/changes/stream',
    );
    await ask('POST', '/admin/rebuild');
    expect(await finished()).toMatchObject({ state: 'done' });
    await ask('POST', '/meetings/b/confirm', {});
    const [change] = await stream.take(1);
    expect(change?.data).toMatchObject({ cursor: change?.id, type: 'confirmed', meeting: 'b' });
    await chancery.close();
    expect(await stream.rest()).toEqual([]);
  });

  test('a second one at the same time is refused, and one that runs can be cancelled', async () => {
    const [first, second] = await Promise.all([
      ask('POST', '/admin/rebuild'),
      ask('POST', '/admin/rebuild'),
    ]);
    expect([first.status, second.status].toSorted()).toEqual([202, 409]);
    const refused = [first, second].find(({ status }) => status === 409);
    expect(refused?.json).toMatchObject({ code: 'rejected', rule: 'rebuild-running' });
    const cancelled = await ask('DELETE', '/admin/rebuild');
    expect(cancelled.status).toBe(202);
    expect(await finished()).toMatchObject({ state: 'cancelled' });
    expect(viewFiles()).toHaveLength(1);
    expect((await ask('DELETE', '/admin/rebuild')).status).toBe(404);
  });

  test('fails on an event that cannot be applied, unless told to skip it', async () => {
    spoil();
    await ask('POST', '/admin/rebuild');
    const failed = await finished();
    expect(failed.state).toBe('failed');
    expect(failed.problem).toContain('stream meeting-a, revision 1, MeetingRescheduled');
    await ask('POST', '/admin/rebuild', { skip: true });
    expect((await finished()).state).toBe('done');
    expect((await ask('GET', '/admin/dead-letters')).json).toMatchObject({
      items: [{ stream: 'meeting-a', revision: 1, type: 'MeetingRescheduled' }],
      next: null,
    });
  });

  test('is what the command asks of a running server', async () => {
    const before = viewFiles();
    const { code, stdout, stderr } = await call(['rebuild'], { env: { DATA_DIR: folder.path } });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe('views rebuilt by the running server from 3 events\n');
    expect(viewFiles()).not.toEqual(before);
  });

  test('the event of a feed or a token is a place in the changes, for those who write', async () => {
    const feed = await ask('POST', '/feeds', { name: 'Desk' });
    const event = feed.headers.get('chancery-event') ?? '';
    const meeting = { id: 'd', title: 'Meeting d', form: 'session', classification: 'public' };
    expect((await ask('POST', '/meetings', meeting)).status).toBe(201);
    const since = async (token?: string) => {
      const { status, json } = await ask('GET', `/changes?after=${event}`, undefined, token);
      const items = (json.items ?? []) as { type: string; meeting: string }[];
      return [status, ...items.map(({ type, meeting: id }) => `${type} ${id}`)];
    };
    const tokenOf = async (body: object) => String((await ask('POST', '/tokens', body)).json.token);
    const editor = await tokenOf({ name: 'Desk', role: 'editor' });
    expect(await since()).toEqual([200, 'announced d']);
    expect(await since(editor)).toEqual([200, 'announced d']);
    expect(await since('')).toEqual([410]);
    const secret = { name: 'Insiders', private: true, ceiling: 'confidential' };
    const hidden = (await ask('POST', '/feeds', secret)).headers.get('chancery-event');
    expect((await ask('GET', `/changes?after=${hidden}`)).status).toBe(200);
    expect((await ask('GET', `/changes?after=${hidden}`, undefined, editor)).status).toBe(410);
    await ask('POST', '/admin/rebuild');
    expect(await finished()).toMatchObject({ state: 'done' });
    expect(await since()).toEqual([200, 'announced d']);
  });
});

describe('/admin/verify', () => {
  oneEach();

  test('compares with the log, and names what differs', async () => {
    expect((await ask('POST', '/admin/verify')).json).toMatchObject({ ok: true, events: 3 });
    const [file = ''] = viewFiles();
    const db = new DatabaseSync(join(folder.path, 'views', file));
    db.exec("UPDATE meetings SET status = 'held' WHERE id = 'b'");
    db.close();
    expect((await ask('POST', '/admin/verify')).json).toMatchObject({
      ok: false,
      difference: { table: 'meetings', stored: { status: 'held' } },
    });
  });

  test('has a damaged view built again, and says so meanwhile', async () => {
    await chancery.close();
    const [file = ''] = viewFiles();
    damageTable(join(folder.path, 'views', file), 'slips');
    await begin();
    const answer = await ask('POST', '/admin/verify');
    expect(answer).toMatchObject({ status: 503, json: { code: 'view-behind' } });
    const verified = async () => (await ask('POST', '/admin/verify')).json;
    await expect.poll(verified, { timeout: 20_000 }).toMatchObject({ ok: true, events: 3 });
    expect(viewFiles()).not.toEqual([file]);
  });
});

describe('what one server is asked', () => {
  beforeAll(prepare);
  afterAll(putAway);

  test.each([
    ['POST', '/admin/rebuild'],
    ['DELETE', '/admin/rebuild'],
    ['POST', '/admin/verify'],
  ])('%s %s refuses a field that it does not have', async (method, path) => {
    const { status, json } = await ask(method, path, { veiw: 'calendar' });
    expect(status).toBe(400);
    expect(json.errors).toEqual([expect.objectContaining({ path: '/veiw' })]);
  });

  test('/admin/dead-letters refuses a cursor that is none', async () => {
    expect((await ask('GET', '/admin/dead-letters?cursor=x')).status).toBe(400);
  });

  test.each([
    ['POST', '/admin/rebuild'],
    ['GET', '/admin/rebuild'],
    ['DELETE', '/admin/rebuild'],
    ['POST', '/admin/verify'],
    ['GET', '/admin/dead-letters'],
  ])('%s %s is for admins', async (method, path) => {
    expect((await ask(method, path, undefined, '')).status).toBe(401);
    expect((await ask(method, path, undefined, 'not-a-token')).status).toBe(401);
  });

  test('/admin/dead-letters pages from the newest on, each once', async () => {
    spoil();
    for (const reason of ['1', '2', '3']) await ask('POST', '/meetings/a/cancel', { reason });
    const ids: unknown[] = [];
    for (let next: unknown = '/admin/dead-letters?limit=1'; next !== null; ) {
      const page = (await ask('GET', String(next))).json;
      ids.push(...(page.items as { seq: number }[]).map(({ seq }) => seq));
      next = page.next;
    }
    expect(ids).toEqual([...ids].toSorted((a, b) => Number(b) - Number(a)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(1);
  });
});
