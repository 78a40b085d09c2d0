import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { routesOf } from './support/openapi.ts';
import {
  askAt,
  exampleOf,
  isCalendar,
  isPage,
  named,
  readsOf,
  UNCACHED,
  wantsToken,
} from './support/routes.ts';
import { type Got, MEETING, openWorld, REPORT, type Who } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld();
must(201, await world.post('/announcements', REPORT));
must(201, await world.post('/meetings', { ...MEETING, basedOn: [REPORT.id] }));
afterAll(() => world.close());

const reads = readsOf(world);
const cached = reads.filter(({ path }) => !UNCACHED.includes(path));
const uncached = reads.filter(({ path }) => UNCACHED.includes(path));
const json = cached.filter((route) => !isCalendar(route) && !isPage(route));
const data = json.filter(({ path }) => path !== '/openapi.json');

const without = (headers: Headers, ...names: string[]) =>
  Object.fromEntries([...headers].filter(([name]) => !names.includes(name)));

test('what has no validator is known', () => {
  expect(uncached.map(({ path }) => path).sort()).toEqual([...UNCACHED].sort());
});

describe.each(named(reads))('GET %s', (_path, route) => {
  test('answers, and HEAD does the same without a body', async () => {
    const get = must(200, await askAt(world, route));
    const head = await askAt(world, route, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    // A stream has no length, and metrics count the request before them.
    const unlike = [
      'date',
      'transfer-encoding',
      ...(route.path === '/metrics' ? ['content-length'] : []),
    ];
    expect(without(head.headers, ...unlike)).toEqual(without(get.headers, ...unlike));
  });

  test('does not believe what the request says about hosts', async () => {
    const claims = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'evil',
      forwarded: 'host=evil.example',
    };
    const got = must(200, await askAt(world, route, { headers: claims }));
    expect(`${JSON.stringify([...got.headers])}${got.text}`).not.toContain('evil');
  });

  test('has the parameters of the document and no others', async () => {
    const known = (route.operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'query')
      .map(({ name }) => name);
    const got = await askAt(world, route, {}, '?nonsense=1');
    expect(got.json()).toMatchObject({
      status: 400,
      code: 'validation-failed',
      errors: [{ path: 'nonsense', message: expect.stringContaining(known.join(', ') || 'none') }],
    });
  });

  test('takes no other method, and says which', async () => {
    const got = await askAt(world, route, { method: 'PATCH', raw: 'not looked at' });
    expect(got.json()).toMatchObject({ status: 405, code: 'method-not-allowed' });
    const listed = Object.keys(world.checker.document.paths[route.path] ?? {});
    const taken = [...listed.map((method) => method.toUpperCase()), 'HEAD'];
    expect(got.headers.get('allow')).toBe(taken.sort().join(', '));
  });
});

describe.each(named(cached))('GET %s', (_path, route) => {
  const conditional = (tag: string, as?: Who) =>
    askAt(world, route, { headers: { 'if-none-match': tag }, as });

  test('has a strong validator, which is 304 in every form of the field', async () => {
    const first = must(200, await askAt(world, route));
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{22,}"$/);
    for (const field of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const got = await conditional(field);
      expect(got.status, field).toBe(304);
      expect(got.text).toBe('');
      for (const name of ['etag', 'cache-control', 'vary']) {
        expect(got.headers.get(name), name).toBe(first.headers.get(name));
      }
    }
  });

  test('is answered in full when the validator is another one', async () => {
    expect((await conditional('"other"')).status).toBe(200);
    expect((await conditional('not a tag')).status).toBe(200);
  });

  test('answers HEAD with 304 too', async () => {
    const tag = (await askAt(world, route)).headers.get('etag') ?? '';
    const ask = { method: 'HEAD', headers: { 'if-none-match': tag } };
    expect((await askAt(world, route, ask)).status).toBe(304);
  });
});

describe.each(named(uncached))('GET %s', (_path, route) => {
  test('is for nobody to keep', async () => {
    const got = await askAt(world, route);
    expect(got.headers.get('cache-control')).toMatch(/^(private, )?no-store$/);
    expect(got.headers.has('etag')).toBe(false);
  });
});

describe.each(named(data))('GET %s', (_path, route) => {
  test('may be kept by anyone when nobody is named, else by the caller alone', async () => {
    const shown = async (as?: Who) => (await askAt(world, route, { as })).headers;
    expect((await shown()).get('cache-control')).toBe('public, no-cache');
    expect((await shown('reader')).get('cache-control')).toBe('private, no-cache');
    expect((await shown()).get('vary')).toBe('Authorization');
    expect((await shown('reader')).get('vary')).toBe('Authorization');
  });

  test('refuses a token that is not valid', async () => {
    const got = await askAt(world, route, { headers: { authorization: 'Bearer nonsense' } });
    expect(got.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(got.headers.get('www-authenticate')).toBe(
      'Bearer realm="chancery", error="invalid_token"',
    );
  });
});

const operation = routesOf(world.checker.document)
  .filter((route) => wantsToken(route) && route.operation.tags?.includes('Operation'))
  .map(({ method, path }) => [method.toUpperCase(), path] as const);

describe.each(operation)('%s %s', (method, path) => {
  test.each([
    [undefined, 401],
    ['reader', 403],
    ['insider', 403],
  ] as const)('is for admins: %s gets %i', async (as, status) => {
    expect((await world.ask(path, { method, as })).status).toBe(status);
  });
});

test.each([
  'Basic abc',
  'Bearer',
  'Bearer ',
  'Bearer a b',
  `Bearer ${'a'.repeat(2_000)}`,
  'bearer x',
])('an Authorization header that is no token is 401: %.20s', async (authorization) => {
  expect((await world.get('/meetings', undefined, { authorization })).status).toBe(401);
});

test('the scheme of the token may be written in any case', async () => {
  const authorization = `bEARER ${'editor-token-of-the-tests-0123456789abcdef'}`;
  const got = await world.get(`/meetings/${MEETING.id}`, undefined, { authorization });
  expect(got.json()).toHaveProperty('revision');
});

describe('an absolute address as the target of the request', () => {
  const anywhere = 'http://evil.example';

  test.each(named(reads))('is taken for its path: %s', async (_path, route) => {
    const path = exampleOf(route);
    const as = wantsToken(route) ? 'admin' : undefined;
    expect((await world.ask(`${anywhere}${path}`, { as })).status).toBe(200);
  });

  test('leaves no trace in the next page', async () => {
    const body = { title: 'Talks', form: 'visit', classification: 'public' };
    must(201, await world.post('/meetings', body));
    const plain = await world.get('/meetings?limit=1');
    const absolute = await world.get(`${anywhere}/meetings?limit=1`);
    expect(absolute.text).toBe(plain.text);
    expect(absolute.headers.get('link')).toBe(plain.headers.get('link'));
    expect(plain.headers.get('link')).toMatch(/^<\/meetings\?/);
  });

  test('is refused where its path takes another method', async () => {
    const got = await world.ask(`${anywhere}/meetings`, { method: 'DELETE' });
    expect(got.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  test('without a path is the first page', async () => {
    expect((await world.get('HTTP://evil.example')).text).toBe((await world.get('/')).text);
    expect((await world.get('http://evil.example?x')).status).toBe(400);
  });
});

describe.each(['/calendar.ics', `/meetings/${MEETING.id}.ics`])('GET %s', (path) => {
  const encoded = (field?: string): Promise<Got> =>
    world.get(path, undefined, field === undefined ? {} : { 'accept-encoding': field });

  test.each(['gzip', 'GZIP', 'x-gzip', '*', 'br, gzip;q=0.5', 'gzip;q=0.5, identity;q=0.1'])(
    'is compressed when asked for with %s',
    async (field) => {
      const plain = must(200, await encoded());
      const zipped = must(200, await encoded(field));
      expect(zipped.headers.get('content-encoding')).toBe('gzip');
      expect(gunzipSync(zipped.bytes)).toEqual(plain.bytes);
      expect(zipped.headers.get('etag')).toBe(plain.headers.get('etag')?.replace(/"$/, '-gz"'));
    },
  );

  test.each([
    undefined,
    '',
    'br',
    'identity',
    'gzip;q=0',
    '*;q=0',
    'identity, gzip;q=0.5',
    'gzip;q=x',
  ])('is plain when asked for with %s', async (field) => {
    const got = must(200, await encoded(field));
    expect(got.headers.has('content-encoding')).toBe(false);
    expect(got.text).toContain('BEGIN:VCALENDAR');
  });

  test('is 304 on the validator of either encoding, with that of the one asked for', async () => {
    const tags = { plain: '', gzip: '' };
    tags.plain = (await encoded()).headers.get('etag') ?? '';
    tags.gzip = (await encoded('gzip')).headers.get('etag') ?? '';
    for (const held of [tags.plain, tags.gzip]) {
      const headers = { 'if-none-match': held };
      const plain = await world.get(path, undefined, headers);
      const zipped = await world.get(path, undefined, { ...headers, 'accept-encoding': 'gzip' });
      expect([plain.status, zipped.status]).toEqual([304, 304]);
      expect(plain.headers.get('etag')).toBe(tags.plain);
      expect(zipped.headers.get('etag')).toBe(tags.gzip);
    }
  });

  test('says its length in either encoding, to HEAD too', async () => {
    for (const field of [undefined, 'gzip']) {
      const got = await encoded(field);
      const headers = field === undefined ? {} : { 'accept-encoding': field };
      const head = await world.ask(path, { method: 'HEAD', headers });
      expect(got.headers.get('content-length')).toBe(String(got.bytes.length));
      expect(head.headers.get('content-length')).toBe(String(got.bytes.length));
    }
  });

  test('is a calendar that caches may keep for five minutes', async () => {
    const { headers } = await encoded();
    expect(headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    expect(headers.get('vary')).toBe('Accept-Encoding');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.has('last-modified')).toBe(false);
  });

  test('does not look at Authorization', async () => {
    const plain = await encoded();
    const headers = { authorization: 'Bearer nonsense' };
    expect((await world.get(path, undefined, headers)).bytes).toEqual(plain.bytes);
    expect((await world.get(path, 'admin')).bytes).toEqual(plain.bytes);
  });
});

describe('calendars', () => {
  test('are not kept beyond midnight', async () => {
    const before = world.clock.ms;
    world.clock.ms = Date.parse('2021-11-22T23:59:10Z');
    try {
      const { headers } = await world.get('/calendar.ics');
      expect(headers.get('cache-control')).toBe('public, max-age=50');
    } finally {
      world.clock.ms = before;
    }
  });

  test('are inline, one entry is an attachment', async () => {
    const disposition = async (path: string) =>
      (await world.get(path)).headers.get('content-disposition');
    expect(await disposition('/calendar.ics')).toBe('inline; filename="calendar.ics"');
    expect(await disposition(`/meetings/${MEETING.id}.ics`)).toBe(
      `attachment; filename="${MEETING.id}.ics"`,
    );
  });

  test('of a meeting without a date are 404 with the reason, and it links to none', async () => {
    const body = { id: 'undated', title: 'Talks', form: 'visit', classification: 'public' };
    const made = must(201, await world.post('/meetings', body));
    expect(made.json()).toMatchObject({ links: { ics: null } });
    const got = await world.get('/meetings/undated.ics');
    expect(got.json()).toMatchObject({ status: 404, detail: 'This meeting has no date yet.' });
  });

  test('of a meeting that is not public are 404, for everyone', async () => {
    const body = { id: 'internal', title: 'Talks', form: 'visit', when: MEETING.when };
    must(201, await world.post('/meetings', body));
    expect((await world.get('/meetings/internal.ics')).status).toBe(404);
    expect((await world.get('/meetings/internal.ics', 'admin')).status).toBe(404);
  });
});
