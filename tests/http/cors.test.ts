import { afterAll, describe, expect, test } from 'vitest';
import { openWorld } from './support/world.ts';

/** Other sites' scripts read what the operator lets them, and never write. */

const SITE = 'https://example.org';
const closed = await openWorld();
const open = await openWorld(() => ({ corsOrigins: [SITE] }));
const all = await openWorld(() => ({ corsOrigins: ['*'] }));
afterAll(async () => {
  for (const world of [closed, open, all]) await world.close();
});

const ALLOWED = 'access-control-allow-origin';
const preflight = (method: string, origin = SITE) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': method },
});

test('nobody may, unless told so', async () => {
  expect(
    (await closed.get('/meetings', undefined, { origin: SITE })).headers.get(ALLOWED),
  ).toBeNull();
  const asked = await closed.ask('/meetings', preflight('GET'));
  expect(asked.status).toBe(405);
  expect(asked.headers.get(ALLOWED)).toBeNull();
});

describe.each(['/meetings', '/calendar.ics', '/changes', '/nothing', '/', '/healthz'])(
  'GET %s',
  (path) => {
    test('may be read by a site that is named', async () => {
      const { headers } = await open.get(path, undefined, { origin: SITE });
      expect(headers.get(ALLOWED)).toBe(SITE);
      expect(headers.get('access-control-expose-headers')).toContain('ETag');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('vary')).toContain('Origin');
    });

    test.each([['https://evil.example'], ['null'], [`${SITE}.evil.example`], ['']])(
      'may not be read by %j',
      async (origin) => {
        const { headers } = await open.get(path, undefined, { origin });
        expect(headers.get(ALLOWED)).toBeNull();
        expect(headers.get('vary')).toContain('Origin');
      },
    );

    test('may be read by all where all are named', async () => {
      expect(
        (await all.get(path, undefined, { origin: 'https://any.example' })).headers.get(ALLOWED),
      ).toBe('*');
      // A cache that keeps the answer gives it to scripts, too.
      expect((await all.get(path)).headers.get(ALLOWED)).toBe('*');
      expect((await open.get(path)).headers.get(ALLOWED)).toBeNull();
    });
  },
);

test('a preflight is told that it may read, and nothing else', async () => {
  const { status, headers } = await open.ask('/meetings', preflight('GET'));
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  const writing = await open.ask('/meetings', preflight('POST'));
  expect(writing.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  expect((await open.ask('/meetings', preflight('GET', 'https://evil.example'))).status).toBe(405);
});

test('a preflight varies by the origin, and by nothing else', async () => {
  expect((await open.ask('/meetings', preflight('GET'))).headers.get('vary')).toBe('Origin');
});

test('whoever asks too often may read for how long to wait', async () => {
  const addressRate = { requests: 1, local: true };
  const world = await openWorld(({ limits }) => ({
    ...{ corsOrigins: [SITE], limits: { ...limits, addressRate } },
  }));
  const get = () => world.get('/meetings', undefined, { origin: SITE });
  await get();
  const { status, headers } = await get();
  expect(status).toBe(429);
  expect(headers.get('retry-after')).not.toBeNull();
  expect(headers.get(ALLOWED)).toBe(SITE);
  expect((await world.ask('/meetings', preflight('GET'))).status).toBe(204);
  await world.close();
});

test('a write is not made readable', async () => {
  const body = { title: 'Talks', form: 'visit' };
  const { headers } = await open.post('/meetings', body, { origin: SITE });
  expect(headers.get(ALLOWED)).toBeNull();
});
