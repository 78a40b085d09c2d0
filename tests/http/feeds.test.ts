import { afterAll, describe, expect, test } from 'vitest';
import { realCalendars } from './support/calendars.ts';
import { MEETING } from './support/facts.ts';
import { FEEDS, openWorld, type Who } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld(() => ({ limits: { seenWaitMs: 200, writeWaitMs: 20_000 } }));
afterAll(() => world.close());
await world.post('/meetings', { ...MEETING, classification: 'public' });

const save = (body: object, as: Who = 'editor', headers = {}) =>
  world.post('/feeds', body, headers, as);
const send = (method: string, path: string, body: object = {}, as: Who = 'editor', headers = {}) =>
  world.ask(path, {
    method,
    as,
    headers,
    ...(method === 'DELETE' ? {} : { body }),
  });

interface Saved {
  readonly id: string;
  readonly address: string;
  readonly status: string;
}

/** Makes a private feed. */
async function desk(more: object = {}, as: Who = 'editor'): Promise<Saved> {
  const got = must(201, await save({ name: 'Desk', private: true, ...more }, as));
  return got.json<Saved>();
}

async function rotated(id: string, body: object): Promise<string> {
  const got = must(200, await send('POST', `/feeds/${id}/rotate`, body));
  return got.json<Saved>().address;
}

async function later<T>(ms: number, ask: () => Promise<T>): Promise<T> {
  world.clock.ms += ms;
  try {
    return await ask();
  } finally {
    world.clock.ms -= ms;
  }
}
const DAY_MS = 86_400_000;

describe('a public feed', () => {
  test('is saved under its id and served there, filtered and with its options', async () => {
    const body = {
      ...{ id: 'geneva', name: 'Geneva' },
      filters: { country: ['CH'] },
      options: { past: 30 },
    };
    const got = must(201, await save(body));
    expect(got.headers.get('location')).toBe('/feeds/geneva');
    expect(got.json()).toMatchObject({
      ...{ id: 'geneva', private: false, ceiling: 'public', status: 'open' },
      ...{ address: '/feeds/geneva.ics', links: { ics: '/feeds/geneva.ics' } },
      options: { cancelled: 'status', postponed: 'cancelled', approx: 'span', past: 30 },
    });
    const { text, headers } = must(200, await world.get('/feeds/geneva.ics'));
    expect(text).toContain('/feeds/geneva.ics');
    expect(text).toContain('"past":30');
    expect(text).toContain(MEETING.title);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-disposition')).toBe('inline; filename="geneva.ics"');
  });

  test('keeps its address when it is changed', async () => {
    must(201, await save({ id: 'kenya', name: 'Nairobi', filters: { country: ['CH'] } }));
    const changes = { name: 'Kenya', filters: { country: ['KE'] } };
    const got = must(200, await send('PUT', '/feeds/kenya', changes));
    expect(got.json()).toMatchObject({ name: 'Kenya', filters: { country: ['KE'] } });
    expect(must(200, await world.get('/feeds/kenya.ics')).text).not.toContain(MEETING.title);
    expect((await send('PUT', '/feeds/kenya', changes)).json()).toMatchObject({
      rule: 'nothing-changes',
    });
  });

  test('is gone for ever when it is deleted', async () => {
    must(201, await save({ id: 'short', name: 'Short' }));
    const got = must(200, await send('DELETE', '/feeds/short'));
    expect(got.json()).toMatchObject({ status: 'deleted', links: { ics: null } });
    expect((await world.get('/feeds/short.ics')).status).toBe(404);
    expect((await world.get('/feeds/short', 'admin')).status).toBe(404);
    expect((await save({ id: 'short', name: 'Short' })).json()).toMatchObject({ code: 'id-taken' });
  });

  test.each([
    ['no name', {}, '/name'],
    ['a ceiling', { name: 'x', ceiling: 'internal' }, '/ceiling'],
    ['an expiry', { name: 'x', expiresAt: '2030-01-01T00:00:00Z' }, '/expiresAt'],
    ['an unknown filter', { name: 'x', filters: { nation: ['CH'] } }, '/filters/nation'],
    ['an unknown option', { name: 'x', options: { since: 3 } }, '/options/since'],
    ['a value that does not exist', { name: 'x', options: { past: -1 } }, '/options/past'],
    ['a search without a word', { name: 'x', filters: { q: ['–'] } }, '/filters/q'],
  ])('with %s is refused', async (_, body, path) => {
    const got = await save(body);
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path }] });
  });

  test.each([
    ['filter', { filters: { nation: ['CH'] } }, 'participant, country, place'],
    ['option', { options: { since: 3 } }, 'there are cancelled, postponed, approx, past,'],
    ['field', { nam: 'x' }, 'name'],
  ])('with a %s that does not exist is told which there are', async (_, body, known) => {
    const got = await save({ name: 'x', ...body });
    expect(got.json<{ detail: string }>().detail).toContain(known);
  });

  test('with a list where one date belongs is told so', async () => {
    const got = await save({ name: 'x', filters: { from: ['2022-01-01'] } });
    expect(got.json()).toMatchObject({
      errors: [{ path: '/filters/from', message: expect.stringContaining('not a list') }],
    });
  });

  test('has no token to rotate or revoke', async () => {
    for (const action of ['rotate', 'revoke']) {
      const got = await send('POST', `/feeds/${FEEDS.open}/${action}`);
      expect(got.json()).toMatchObject({ status: 409, rule: 'public-feed' });
    }
  });
});

describe('a private feed', () => {
  test('is served at an address that is shown once', async () => {
    const { id, address } = await desk();
    expect(address).toMatch(/^\/feeds\/private\/[\w-]{43}\.ics$/);
    const { text, headers } = must(200, await world.get(address));
    expect(text).toContain(MEETING.title);
    expect(text).not.toContain('private');
    expect(headers.get('cache-control')).toBe('private, max-age=300');
    expect(headers.get('x-robots-tag')).toBe('noindex');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    for (const path of [`/feeds/${id}`, '/feeds', '/events']) {
      expect((await world.get(path, 'admin')).text).not.toContain(address.slice(15, 58));
    }
    expect((await world.get(`/feeds/${id}.ics`)).status).toBe(404);
  });

  test('answers HEAD, gzip and conditions as a public one', async () => {
    const { address } = await desk();
    const full = must(200, await world.get(address));
    const head = await world.ask(address, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(full.bytes.length));
    const etag = full.headers.get('etag') ?? '';
    expect((await world.get(address, undefined, { 'if-none-match': etag })).status).toBe(304);
    const zipped = await world.get(address, undefined, { 'accept-encoding': 'gzip' });
    expect(zipped.headers.get('etag')).toBe(etag.replace(/"$/, '-gz"'));
  });

  test('rotated, works at both addresses, then is gone from the old', async () => {
    const { id, address } = await desk();
    const next = await rotated(id, { graceDays: 2 });
    expect(next).not.toBe(address);
    must(200, await world.get(next));
    must(200, await world.get(address));
    expect((await world.get(`/feeds/${id}`, 'editor')).json()).toMatchObject({
      graceUntil: expect.stringMatching(/^2021-11-24T/),
    });
    const gone = await later(2 * DAY_MS, () => world.get(address));
    expect(gone.json()).toMatchObject({ status: 410, code: 'gone' });
    expect(gone.headers.get('x-robots-tag')).toBe('noindex');
    expect((await later(2 * DAY_MS, () => world.get(next))).status).toBe(200);
  });

  test('is told when this node knows it, and also when that takes too long', async () => {
    const asked: string[] = [];
    const late = await openWorld(({ feeds }) => {
      const waitFor = async (eventId: string) => asked.push(eventId) === 0;
      return { feeds: { ...feeds, waitFor } };
    });
    const saved = must(201, await late.post('/feeds', { name: 'Desk', private: true }));
    const { id, address } = saved.json<Saved>();
    expect(address).toContain('/feeds/private/');
    const next = must(200, await late.post(`/feeds/${id}/rotate`, {}));
    expect(next.json<Saved>().address).not.toBe(address);
    const events = [saved, next].map(({ headers }) => headers.get('chancery-event'));
    expect(asked).toEqual(events);
    await late.close();
  });

  test.each([2.5, -1, 366, 2 ** 60])('is not rotated with %d days of grace', async (graceDays) => {
    const got = await send('POST', '/feeds/any/rotate', { graceDays });
    const message = 'must be a whole number of days from 0 to 365';
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: '/graceDays', message }] });
  });

  test('rotated without grace, is gone at once', async () => {
    const { id, address } = await desk();
    await rotated(id, { graceDays: 0 });
    expect((await world.get(address)).status).toBe(410);
  });

  test('revoked or deleted, is not found at once', async () => {
    for (const [method, end] of [
      ['POST', '/revoke'],
      ['DELETE', ''],
    ] as const) {
      const { id, address } = await desk();
      const next = await rotated(id, {});
      must(200, await send(method, `/feeds/${id}${end}`));
      expect((await world.get(address)).status).toBe(404);
      expect((await world.get(next)).status).toBe(404);
    }
  });

  test('revoked, is not found at an address that was replaced before either', async () => {
    const { id, address } = await desk();
    await rotated(id, { graceDays: 0 });
    must(200, await send('POST', `/feeds/${id}/revoke`));
    expect((await world.get(address)).status).toBe(404);
    const next = await rotated(id, {});
    expect((await world.get(address)).status).toBe(404);
    await rotated(id, { graceDays: 0 });
    expect((await world.get(next)).status).toBe(410);
  });

  test('expired, is not found', async () => {
    const { id, address } = await desk({ expiresAt: '2021-11-23T00:00:00Z' });
    must(200, await world.get(address));
    expect((await later(DAY_MS, () => world.get(address))).status).toBe(404);
    const got = await later(DAY_MS, () => world.get(`/feeds/${id}`, 'editor'));
    expect(got.json()).toMatchObject({ status: 'expired' });
  });

  test('of an address that never was is not found', async () => {
    expect((await world.get(`/feeds/private/${'y'.repeat(43)}.ics`)).status).toBe(404);
  });

  test('is known only to editors whose ceiling reaches its own', async () => {
    const { id, address } = await desk({ ceiling: 'confidential' }, 'insider');
    for (const as of ['reader', 'editor'] as const) {
      expect((await world.get(`/feeds/${id}`, as)).status).toBe(404);
      expect((await world.get('/feeds', as)).text).not.toContain(id);
    }
    expect((await world.get(`/feeds/${id}`)).status).toBe(404);
    must(200, await world.get(`/feeds/${id}`, 'insider'));
    expect((await send('DELETE', `/feeds/${id}`)).status).toBe(404);
    expect((await send('PUT', `/feeds/${id}`, { name: 'Mine' })).status).toBe(404);
    expect((await send('POST', `/feeds/${id}/rotate`)).status).toBe(404);
    must(200, await world.get(address));
  });

  test('reaches no higher than its maker', async () => {
    const body = { name: 'Desk', private: true, ceiling: 'confidential' };
    expect((await save(body, 'editor')).status).toBe(403);
    const { id } = await desk();
    const raised = { name: 'Desk', ceiling: 'confidential' };
    expect((await send('PUT', `/feeds/${id}`, raised)).status).toBe(403);
  });

  test('does not become public', async () => {
    const { id } = await desk();
    const got = await send('PUT', `/feeds/${id}`, { name: 'Desk', private: false });
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: '/private' }] });
  });

  test('repeated with its key is the same feed, whose address is not shown again', async () => {
    const key = { 'idempotency-key': 'the-desk' };
    const body = { name: 'Desk', private: true };
    const first = must(201, await save(body, 'editor', key));
    const again = must(201, await save(body, 'editor', key));
    const { address, subscribe, links, ...same } = first.json<Saved & Record<string, unknown>>();
    expect(address).toBeDefined();
    expect([subscribe, links]).toBeDefined();
    expect(again.json()).toMatchObject({ ...same, notice: expect.stringContaining('rotate') });
    expect(again.text).not.toContain(address.slice(15, 58));
    expect((await save({ ...body, name: 'Other' }, 'editor', key)).json()).toMatchObject({
      rule: 'key-reused',
    });
  });

  test('repeated with its key is not found by whom it was hidden from meanwhile', async () => {
    const key = (text: string) => ({ 'idempotency-key': text });
    const body = { id: 'moved-up', name: 'Desk', private: true };
    must(201, await save(body, 'editor', key('save')));
    const rotate = () => send('POST', '/feeds/moved-up/rotate', {}, 'editor', key('rotate'));
    must(200, await rotate());
    const raised = { name: 'Envoy', ceiling: 'confidential', filters: { participant: ['envoy'] } };
    must(200, await send('PUT', '/feeds/moved-up', raised, 'insider'));
    for (const got of [await save(body, 'editor', key('save')), await rotate()]) {
      expect(got.json()).toMatchObject({ status: 404, code: 'not-found' });
      expect(got.text).not.toMatch(/envoy/i);
    }
  });
});

describe('the list', () => {
  interface List {
    readonly items: readonly { readonly id: string }[];
    readonly next: string | null;
  }
  const listed = async (path: string, as?: Who) =>
    must(200, await world.get(path, as)).json<List>();

  test('goes on after the last feed shown, by its id: a number would tell how many events there are', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) must(201, await save({ id, name: 'Page' }));
    const [first, second, third] = (await listed('/feeds')).items.map(({ id }) => id);
    expect([first, second, third]).toEqual(['page-c', 'page-b', 'page-a']);
    const page = await listed('/feeds?limit=2');
    expect(page.next).toBe('/feeds?limit=2&cursor=page-b');
    must(200, await send('DELETE', '/feeds/page-b'));
    expect((await listed(`${page.next}`)).items[0]).toMatchObject({ id: 'page-a' });
  });

  test('goes on after no feed that is missing or hidden', async () => {
    const { id } = await desk({ ceiling: 'confidential' }, 'insider');
    must(200, await world.get(`/feeds?cursor=${id}`, 'insider'));
    for (const cursor of [id, 'no-such-feed', '17']) {
      const got = await world.get(`/feeds?cursor=${cursor}`, 'editor');
      expect(got.json()).toMatchObject({ status: 410, code: 'gone' });
    }
  });
});

describe('a private feed that expires before the grace of a replaced address', () => {
  const expiresAt = '2021-11-23T00:00:00Z';
  const told = 'change it before 2021-11-23\r\n';

  /** Of a server of its own, which serves what users get: the one above tells of no notice. */
  async function opened() {
    const there = await openWorld(realCalendars);
    const saved = must(201, await there.post('/feeds', { name: 'Desk', private: true }));
    const { id, address } = saved.json<Saved>();
    const of = async () => must(200, await there.get(`/feeds/${id}`, 'editor')).json();
    const expire = async (at: string | null) =>
      must(
        200,
        await there.ask(`/feeds/${id}`, {
          ...{ method: 'PUT', as: 'editor' },
          body: { name: 'Desk', expiresAt: at },
        }),
      );
    const rotate = async () => must(200, await there.post(`/feeds/${id}/rotate`, {}));
    return { there, address, of, expire, rotate };
  }

  test('promises that address no more than its own life', async () => {
    const { there, address, of, expire, rotate } = await opened();
    await expire(expiresAt);
    await rotate();
    expect(must(200, await there.get(address)).text).toContain(told);
    expect(await of()).toMatchObject({ graceUntil: expiresAt });
    there.clock.ms += DAY_MS;
    expect((await there.get(address)).status).toBe(404);
    expect(await of()).toMatchObject({ status: 'expired', graceUntil: null });
    await there.close();
  });

  test('also when its expiry moves after the address was replaced', async () => {
    const { there, address, of, expire, rotate } = await opened();
    await rotate();
    const before = must(200, await there.get(address)).text;
    expect(before).not.toContain(told);
    await expire(expiresAt);
    const after = must(200, await there.get(address)).text;
    expect(after).toContain(told);
    // Another entry in its place: of the same one, calendars would wait for a higher SEQUENCE.
    const [uid] = /^UID:.*$/m.exec(before) ?? [];
    expect(uid).toBeDefined();
    expect(after).not.toContain(uid);
    there.clock.ms += DAY_MS;
    expect((await there.get(address)).status).toBe(404);
    await expire(null);
    expect(await of()).toMatchObject({ graceUntil: expect.stringMatching(/^2021-11-29T/) });
    expect(must(200, await there.get(address)).text).not.toContain(told);
    await there.close();
  });
});

describe('GET /feeds/{id}', () => {
  test('says what is in it and how many', async () => {
    const got = must(200, await world.get(`/feeds/${FEEDS.open}`));
    expect(got.json()).toMatchObject({ name: 'Everything', count: 1, subscribe: null });
    expect(got.json()).not.toHaveProperty('use');
  });

  test('tells editors of the last fetch', async () => {
    const { id, address } = await desk();
    const before = must(200, await world.get(`/feeds/${id}`, 'editor'));
    expect(before.json()).toMatchObject({ use: null });
    await world.get(address, undefined, { 'user-agent': 'Google-Calendar-Importer' });
    await world.get(address, undefined, { 'user-agent': 'Thunderbird/140' });
    const after = must(200, await world.get(`/feeds/${id}`, 'editor'));
    expect(after.json()).toMatchObject({ use: { client: 'Thunderbird/140', count: 2 } });
  });

  test('has an address for each kind of program where there is a public one', async () => {
    const there = await openWorld(() => ({ publicUrl: 'https://calendar.example.org' }));
    try {
      const got = must(200, await there.get(`/feeds/${FEEDS.open}`));
      expect(got.json<{ subscribe: object }>().subscribe).toEqual({
        https: 'https://calendar.example.org/feeds/everything.ics',
        webcal: 'webcal://calendar.example.org/feeds/everything.ics',
        google:
          'https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2Fcalendar.example.org%2Ffeeds%2Feverything.ics',
        outlook:
          'https://outlook.live.com/calendar/0/addfromweb?url=https%3A%2F%2Fcalendar.example.org%2Ffeeds%2Feverything.ics&name=Everything',
      });
      expect(must(200, await there.get(`/feeds/${FEEDS.shut}`, 'editor')).json()).toMatchObject({
        subscribe: null,
      });
    } finally {
      await there.close();
    }
  });
});

test('GET /feeds pages from the newest on', async () => {
  const ids: string[] = [];
  for (let next: string | null = '/feeds?limit=2'; next !== null; ) {
    const page = must(200, await world.get(next));
    const { items, next: more } = page.json<{ items: { id: string }[]; next: string | null }>();
    ids.push(...items.map(({ id }) => id));
    next = more;
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.at(-1)).toBe(FEEDS.open);
  expect(ids).not.toContain(FEEDS.shut);
});

test.each([
  ['POST', '/feeds'],
  ['PUT', '/feeds/everything'],
  ['DELETE', '/feeds/everything'],
  ['POST', '/feeds/everything/rotate'],
  ['POST', '/feeds/everything/revoke'],
])('%s %s is for editors', async (method, path) => {
  expect((await world.ask(path, { method })).status).toBe(401);
  expect((await world.ask(path, { method, as: 'reader' })).status).toBe(403);
});

test.each([
  ['POST', '/revoke'],
  ['DELETE', ''],
])('%s /feeds/{id}%s refuses a field, and takes an empty body', async (method, end) => {
  const { id, address } = await desk();
  const ask = (body: object) => world.ask(`/feeds/${id}${end}`, { method, as: 'editor', body });
  expect((await ask({ reasn: 'x' })).json()).toMatchObject({
    ...{ status: 400, code: 'validation-failed' },
    errors: [{ path: '/reasn', message: 'no such field: leave it out' }],
  });
  must(200, await world.get(address));
  must(200, await ask({}));
  expect((await world.get(address)).status).toBe(404);
});

test('a feed that is asked for too often says when to come again', async () => {
  const busy = await openWorld(() => ({ limits: { feedRate: { requests: 3, local: true } } }));
  try {
    for (let n = 0; n < 3; n += 1) must(200, await busy.get('/feeds/everything.ics'));
    const got = await busy.get('/feeds/everything.ics');
    expect(got.json()).toMatchObject({ status: 429, code: 'rate-limited' });
    expect(Number(got.headers.get('retry-after'))).toBeGreaterThan(0);
    must(200, await busy.get(`/feeds/private/${FEEDS.token}.ics`));
    busy.clock.ms += 60_000;
    must(200, await busy.get('/feeds/everything.ics'));
  } finally {
    await busy.close();
  }
});

test('no address of a private feed is in the log of the server, or in its metrics', async () => {
  const { address } = await desk();
  await world.get(address);
  await world.get(`${address}?limit=1`);
  await world.get(`${address}x`);
  await world.ask(address, { method: 'POST', body: {} });
  const secret = address.slice(15, 58);
  expect(secret).toHaveLength(43);
  expect(world.logged.join('')).not.toContain(secret);
  expect((await world.get('/metrics', 'admin')).text).not.toContain(secret);
});
