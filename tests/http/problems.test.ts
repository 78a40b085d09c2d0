import { afterAll, describe, expect, test } from 'vitest';
import { InvalidEvent, StoreContended, StoreUnavailable } from '../../src/store/event-store.ts';
import { type Got, MEETING, openWorld, type World } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld(({ limits }) => ({ limits: { ...limits, bodyBytes: 400_000 } }));
afterAll(() => world.close());

const send = (raw: string | Uint8Array, headers = {}): Promise<Got> =>
  world.ask('/meetings', { method: 'POST', as: 'editor', raw, headers });

describe('a body', () => {
  test.each([
    ['cut off', '{"title":'],
    ['no JSON', 'title=Talks'],
    ['of two values', '{}{}'],
    ['with a comma too many', '{"title":"Talks",}'],
    ['with a number that is none', '{"title":NaN}'],
    ['with a byte order mark in its midst', '{\ufeff}'],
    ['of bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['of half a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['compressed', Buffer.from([0x1f, 0x8b, 0x08, 0x00])],
  ])('%s is not JSON', async (_, raw) => {
    expect((await send(raw)).json()).toMatchObject({ status: 400, code: 'malformed-json' });
  });

  test.each(['null', '[]', '"text"', '1', 'true', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])(
    'that is no object is refused: %.10s',
    async (raw) => {
      expect((await send(raw)).json()).toMatchObject({ status: 400, errors: [{ path: '' }] });
    },
  );

  test.each([
    ['__proto__', '{"__proto__":{"title":"Talks"},"form":"visit"}'],
    ['__proto__ in disguise', '{"\\u005f_proto__":{"title":"Talks"},"form":"visit"}'],
    ['constructor', '{"title":"Talks","form":"visit","constructor":{"prototype":{"a":1}}}'],
    [
      '__proto__ further down',
      '{"title":"Talks","form":"visit","place":{"__proto__":{"name":"A"}}}',
    ],
  ])('with a field %s is refused as a field too many', async (_, raw) => {
    const got = await send(raw);
    expect(got.json()).toMatchObject({ status: 400, code: 'validation-failed' });
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test('with half a surrogate is refused', async () => {
    const got = await send('{"title":"\\ud800","form":"visit"}');
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: '/title' }] });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'nonsense',
    '',
  ])('of type %s is 415', async (type) => {
    const got = await send('{}', { 'content-type': type });
    expect(got.json()).toMatchObject({ status: 415, code: 'unsupported-media-type' });
  });

  test.each(['gzip', 'br, identity', 'x-nonsense'])('compressed by %s is 415', async (coding) => {
    const got = await send('{"title":"Talks","form":"visit"}', { 'content-encoding': coding });
    expect(got.json()).toMatchObject({ status: 415, code: 'unsupported-media-type' });
    expect(got.headers.get('accept-encoding')).toBe('identity');
  });

  test('may say that it is not compressed', async () => {
    const headers = { 'content-encoding': 'Identity' };
    must(201, await send('{"title":"Talks","form":"visit"}', headers));
  });

  test('may name its charset', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    must(201, await send('{"title":"Talks","form":"visit"}', headers));
  });

  test('larger than the limit is 413, and is told the limit', async () => {
    const got = await send(JSON.stringify({ title: 'a'.repeat(400_000) }));
    expect(got.json()).toMatchObject({ status: 413, code: 'body-too-large' });
    expect(got.json<{ detail: string }>().detail).toContain('400000 bytes');
  });

  test('whose event would be larger than the store takes is 413', async () => {
    const participants = Array.from({ length: 200 }, (_, n) => ({
      party: `${n}-${'p'.repeat(70)}`,
      delegation: 'd'.repeat(80),
      name: '字'.repeat(200),
      as: '字'.repeat(200),
    }));
    const head = await world.head();
    const got = await world.post('/meetings', { title: 'Talks', form: 'summit', participants });
    expect(got.json()).toMatchObject({ status: 413, code: 'body-too-large' });
    expect(await world.head()).toBe(head);
  });

  test('that is wrong in many places shows no more than fifty of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field-${n}`, n]));
    const got = await world.post('/meetings', { title: 'Talks', form: 'visit', ...many });
    expect(got.json<{ errors: unknown[] }>().errors).toHaveLength(50);
    expect(got.text.length).toBeLessThan(10_000);
  });
});

describe('an address', () => {
  test.each(['/', '/meetings', '/nowhere'])('longer than the limit is 400: %s', async (path) => {
    const got = await world.get(`${path}?q=${'a'.repeat(8_000)}`);
    expect(got.json()).toMatchObject({ status: 400, code: 'validation-failed' });
  });

  test('that is not percent-encoded is 400', async () => {
    expect((await world.get('/meetings/%E0%A4%A')).json()).toMatchObject({
      status: 400,
      code: 'validation-failed',
    });
  });

  test.each([
    '/nowhere',
    '/meetings/',
    '//meetings',
    '/Meetings',
    '/meetings/a/b/c',
    '/meetings/..%2F..%2Fetc',
    '/meetings/a%00b',
    '/meetings/A',
    `/meetings/${'a'.repeat(81)}`,
    `/meetings/${'a'.repeat(7_000)}/history`,
    '/meetings/a.b.ics',
  ])('where nothing is is 404: %.40s', async (path) => {
    expect((await world.get(path)).json()).toMatchObject({ status: 404, code: 'not-found' });
  });

  test.each([
    ['PUT', '/meetings', 'GET, HEAD, POST'],
    ['PATCH', `/meetings/${MEETING.id}`, 'GET, HEAD'],
    ['DELETE', `/meetings/${MEETING.id}/cancel`, 'POST'],
    ['GET', `/meetings/${MEETING.id}/cancel`, 'POST'],
    ['HEAD', `/meetings/${MEETING.id}/cancel`, 'POST'],
    ['POST', '/calendar.ics', 'GET, HEAD'],
    ['OPTIONS', '/changes', 'GET, HEAD'],
    ['PROPFIND', '/', 'GET, HEAD'],
    ['TRACE', '/', 'GET, HEAD'],
  ])('that does not take %s is 405: %s takes %s', async (method, path, allow) => {
    const got = await world.ask(path, { method });
    expect(got.status).toBe(405);
    expect(got.headers.get('allow')).toBe(allow);
  });
});

describe('a fault of the server', () => {
  const SECRET = 'SELECT token FROM secrets at /srv/chancery/store.db';
  const fault = () => {
    throw new TypeError(SECRET);
  };
  const faulty = async (
    change: Parameters<typeof openWorld>[0],
    ask: (world: World) => Promise<Got>,
  ) => {
    const own = await openWorld(change);
    try {
      return { got: await ask(own), logged: own.logged.map((line) => JSON.parse(line)) };
    } finally {
      await own.close();
    }
  };

  test.each([
    ['a read', { queries: fault }, { path: '/meetings', method: 'GET' }],
    ['a calendar', { calendars: fault }, { path: '/calendar.ics', method: 'GET' }],
    ['a page', { queries: fault }, { path: '/', method: 'GET' }],
    ['a write', { handle: fault }, { path: '/meetings', method: 'POST' }],
    ['the raw log', { store: { readAll: fault, head: fault } }, { path: '/events', method: 'GET' }],
    ['the access', { access: { lookup: fault } }, { path: '/meetings', method: 'GET' }],
  ])(
    'in %s shows nothing of what is inside, and is logged',
    async (_, change, { path, method }) => {
      const body = method === 'POST' ? { body: { title: 'Talks', form: 'visit' } } : {};
      const { got, logged } = await faulty(
        () => change,
        (own) => own.ask(path, { method, as: 'admin', fault: true, ...body }),
      );
      expect(got.status).toBe(500);
      const { instance } = got.json<{ instance: string }>();
      expect(got.json()).toMatchObject({
        code: 'internal',
        instance: expect.stringMatching(/^urn:uuid:/),
      });
      expect(`${JSON.stringify([...got.headers])}${got.text}`).not.toMatch(
        /SELECT|secrets|srv|TypeError|\.ts/,
      );
      expect(logged).toEqual([
        expect.objectContaining({ instance, err: expect.objectContaining({ message: SECRET }) }),
      ]);
    },
  );

  test('what is thrown may be anything', async () => {
    const thrown = async () => Promise.reject('not an error');
    const { got } = await faulty(
      () => ({ handle: thrown }),
      (own) => own.ask('/meetings', { method: 'POST', as: 'editor', body: {}, fault: true }),
    );
    expect(got.json()).toMatchObject({ status: 500, code: 'internal' });
  });

  test('an error that calls itself a status of its own is no excuse', async () => {
    const error = Object.assign(new Error(SECRET), { statusCode: 599, code: 'internal' });
    const { got } = await faulty(
      () => ({ handle: () => Promise.reject(error) }),
      (own) => own.ask('/meetings', { method: 'POST', as: 'editor', body: {}, fault: true }),
    );
    expect(got.status).toBe(500);
    expect(got.text).not.toContain('secrets');
  });

  test.each([
    ['the store is away', new StoreUnavailable(SECRET, 'unknown'), 503, 'store-unavailable'],
    ['others write all the time', new StoreContended('meeting-x'), 503, 'overloaded'],
    ['the event is too large', new InvalidEvent(SECRET), 413, 'body-too-large'],
  ])('when %s, nothing of it is shown either', async (_, error, status, code) => {
    const { got } = await faulty(
      () => ({ handle: () => Promise.reject(error) }),
      (own) => own.post('/meetings', { title: 'Talks', form: 'visit' }),
    );
    expect(got.json()).toMatchObject({ status, code });
    expect(got.text).not.toContain('secrets');
  });

  test('after a write is no fault of the write: it is recorded, so 202', async () => {
    const { got, logged } = await faulty(
      ({ views }) => ({
        views: {
          version: 1,
          status: () => views.status(),
          waitFor: fault,
          onBatch: (heard) => views.onBatch(heard),
        },
      }),
      (own) => own.post('/meetings', { id: 'written', title: 'Talks', form: 'visit' }),
    );
    expect(got.status).toBe(202);
    expect(got.headers.get('location')).toBe('/meetings/written');
    expect(logged).toHaveLength(1);
  });
});

test('no token is ever logged or shown', async () => {
  const authorization = 'Bearer wrong-token-0123456789abcdef0123456789';
  for (const path of ['/meetings', '/meetings/%E0%A4%A', '/nowhere', '/events']) {
    const got = await world.get(path, undefined, { authorization });
    expect(got.text).not.toContain('wrong-token');
  }
  expect(world.logged.join()).not.toContain('wrong-token');
});
