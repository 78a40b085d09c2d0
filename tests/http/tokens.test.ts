import { afterAll, describe, expect, test } from 'vitest';
import { type Got, openWorld, type Who } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld(() => ({ limits: { seenWaitMs: 200, writeWaitMs: 20_000 } }));
afterAll(() => world.close());

const create = (body: object, as: Who = 'admin', headers = {}) =>
  world.post('/tokens', body, headers, as);
const remove = (path: string, as: Who | undefined = 'admin', headers = {}) =>
  world.ask(path, { method: 'DELETE', as, headers });
const withToken = (path: string, token: string) =>
  world.ask(path, { headers: { authorization: `Bearer ${token}` } });

interface Made {
  readonly id: string;
  readonly token?: string;
  readonly notice?: string;
}

async function made(body: object): Promise<Required<Pick<Made, 'id' | 'token'>> & { got: Got }> {
  const got = must(201, await create({ name: 'Desk', ...body }));
  const { id, token = '' } = got.json<Made>();
  return { id, token, got };
}

describe('POST /tokens', () => {
  test('shows the token in this answer only, at its own address', async () => {
    const { id, token, got } = await made({ role: 'editor' });
    expect(token).toMatch(/^chancery_[\w-]{43}$/);
    expect(got.headers.get('location')).toBe(`/tokens/${id}`);
    expect(got.headers.get('cache-control')).toBe('no-store');
    const shown = must(200, await world.get(`/tokens/${id}`, 'admin'));
    expect(shown.json()).toMatchObject({ id, name: 'Desk', role: 'editor', createdBy: 'env' });
    for (const path of [`/tokens/${id}`, '/tokens', '/events']) {
      expect((await world.get(path, 'admin')).text).not.toContain(token);
    }
  });

  test('waits until this node knows the token, and tells it also when that takes too long', async () => {
    const asked: string[] = [];
    const late = await openWorld(({ tokens }) => {
      const waitFor = async (eventId: string) => asked.push(eventId) === 0;
      return { tokens: { ...tokens, waitFor } };
    });
    const got = must(201, await late.post('/tokens', { name: 'Desk' }, {}, 'admin'));
    expect(got.json<Made>().token).toMatch(/^chancery_/);
    expect(asked).toEqual([got.headers.get('chancery-event')]);
    await late.close();
  });

  test('repeated with its key, says to make another one', async () => {
    const key = { 'idempotency-key': 'desk-token' };
    const first = must(201, await create({ name: 'Desk' }, 'admin', key));
    const again = must(201, await create({ name: 'Desk' }, 'admin', key));
    const { token, ...same } = first.json<Made>();
    expect(token).toBeDefined();
    expect(again.json()).toEqual({ ...same, notice: expect.stringContaining('make another one') });
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
  });

  test.each([
    [{ role: 'reader' }, 200, 403, 403],
    [{ role: 'editor' }, 200, 201, 403],
    [{ role: 'admin' }, 200, 201, 200],
  ])('%j may read, write, and see the log: %s %s %s', async (body, reads, writes, log) => {
    const { token } = await made(body);
    expect((await withToken('/meetings', token)).status).toBe(reads);
    const headers = { authorization: `Bearer ${token}` };
    const wrote = await world.post(
      '/meetings',
      { title: 'Talks', form: 'visit' },
      headers,
      undefined as never,
    );
    expect(wrote.status).toBe(writes);
    expect((await withToken('/events', token)).status).toBe(log);
  });

  test('a token sees as far as its ceiling, and its writes carry its id', async () => {
    const { id, token } = await made({ role: 'editor', ceiling: 'internal' });
    const headers = { authorization: `Bearer ${token}` };
    const body = { title: 'Talks', form: 'visit' };
    const wrote = await world.post('/meetings', body, headers, undefined as never);
    const path = wrote.headers.get('location') ?? '';
    const { items } = (await withToken(`${path}/history`, token)).json<{ items: object[] }>();
    expect(items).toEqual([expect.objectContaining({ actor: id })]);
    const secret = { ...body, classification: 'confidential' };
    expect((await world.post('/meetings', secret, headers, undefined as never)).status).toBe(403);
    const hidden = must(201, await world.post('/meetings', secret, {}, 'insider'));
    const hiddenAt = hidden.headers.get('location') ?? '';
    expect((await withToken(hiddenAt, token)).status).toBe(404);
  });

  test.each([
    ['nothing', {}],
    ['a ceiling below the role', { name: 'Desk', role: 'editor', ceiling: 'public' }],
    ['an unknown field', { name: 'Desk', scope: 'all' }],
  ])('refuses %s', async (_what, body) => {
    expect((await create(body)).json()).toMatchObject({ status: 400, code: 'validation-failed' });
  });

  test('refuses an expiry in the past by its rule', async () => {
    const got = await create({ name: 'Desk', expiresAt: '2001-01-01T00:00:00Z' });
    expect(got.json()).toMatchObject({ status: 409, rule: 'expiry-passed' });
  });
});

describe('DELETE /tokens/{id}', () => {
  test('makes a token void with the answer', async () => {
    const { id, token } = await made({ role: 'editor' });
    must(200, await withToken('/meetings', token));
    const got = must(200, await remove(`/tokens/${id}`));
    expect(got.json()).toMatchObject({ id, status: 'revoked' });
    expect(got.headers.get('chancery-event')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await withToken('/meetings', token)).json()).toMatchObject({ status: 401 });
  });

  test('a second time changes nothing, unless it is the same request', async () => {
    const { id } = await made({});
    const key = { 'idempotency-key': 'end' };
    const first = must(200, await remove(`/tokens/${id}`, 'admin', key));
    expect((await remove(`/tokens/${id}`)).json()).toMatchObject({ rule: 'nothing-changes' });
    expect((await remove(`/tokens/${id}`, 'admin', key)).text).toBe(first.text);
  });

  test('refuses a field, and takes an empty body', async () => {
    const { id, token } = await made({});
    const ask = (body: object) =>
      world.ask(`/tokens/${id}`, { method: 'DELETE', as: 'admin', body });
    const refused = await ask({ at: '2022-01-01' });
    expect(refused.json()).toMatchObject({ status: 400, errors: [{ path: '/at' }] });
    must(200, await withToken('/meetings', token));
    must(200, await ask({}));
  });

  test('of none is not found', async () => {
    expect((await remove('/tokens/none')).status).toBe(404);
  });
});

describe('GET /tokens', () => {
  test('pages from the newest on, each once', async () => {
    for (let n = 0; n < 3; n += 1) await made({ name: `Desk ${n}` });
    const names: string[] = [];
    for (let next: string | null = '/tokens?limit=2'; next !== null; ) {
      const page = must(200, await world.get(next, 'admin'));
      const { items, next: more } = page.json<{ items: { name: string }[]; next: string | null }>();
      names.push(...items.map(({ name }) => name));
      next = more;
    }
    expect(names.slice(0, 3)).toEqual(['Desk 2', 'Desk 1', 'Desk 0']);
    expect(names.at(-1)).toBe('First admin token');
  });

  test('says what has expired', async () => {
    const { id, token } = await made({ expiresAt: '2021-11-22T09:00:00Z' });
    world.clock.ms += 2 * 3_600_000;
    expect((await world.get(`/tokens/${id}`, 'admin')).json()).toMatchObject({ status: 'expired' });
    expect((await withToken('/meetings', token)).status).toBe(401);
    world.clock.ms -= 2 * 3_600_000;
  });

  test('waits for an event it is told of, and says when that does not come', async () => {
    const got = must(201, await create({ name: 'Seen' }));
    const event = got.headers.get('chancery-event');
    const page = must(200, await world.get(`/tokens?seen=${event}&limit=1`, 'admin'));
    expect(page.json()).toMatchObject({ items: [{ name: 'Seen' }] });
    const never = await world.get(`/tokens?seen=00000000-0000-4000-8000-000000000000`, 'admin');
    expect(never.json()).toMatchObject({ status: 503, code: 'view-behind' });
  });

  test('refuses a cursor that is none, and a token that is not there', async () => {
    expect((await world.get('/tokens?cursor=x', 'admin')).status).toBe(400);
    expect((await world.get('/tokens/none', 'admin')).status).toBe(404);
  });
});

test.each([
  ['GET', '/tokens'],
  ['GET', '/tokens/bootstrap'],
  ['POST', '/tokens'],
  ['DELETE', '/tokens/bootstrap'],
])('%s %s is for admins', async (method, path) => {
  expect((await world.ask(path, { method })).status).toBe(401);
  for (const as of ['reader', 'editor', 'insider'] as const) {
    expect((await world.ask(path, { method, as })).status).toBe(403);
  }
});

test('no token is in the log of the server', () => {
  expect(world.logged.join('')).not.toContain('chancery_');
});
