import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askRaw } from './support/ask.ts';
import { openWorld } from './support/world.ts';
import { must } from './support/writes.ts';

/** The store as it is, and how often the edge has looked whether it is away: the shortcut once, the framework again. */
let looks = 0;
let awaySince: number | undefined;
const world = await openWorld(({ store, limits }) => ({
  limits: { ...limits, feedBuildWaitMs: 0 },
  store: Object.create(store, {
    awaySince: {
      get: () => {
        looks += 1;
        return awaySince;
      },
    },
  }),
}));
const shared = await openWorld(() => ({ corsOrigins: ['https://reader.example'] }));
afterAll(async () => {
  await world.close();
  await shared.close();
});

const FEED = '/calendar.ics';
const MEETING = { title: 'Talks', form: 'visit', classification: 'public', when: { edtf: '2022' } };
let etag = '';
beforeAll(async () => {
  must(201, await world.post('/meetings', MEETING));
  etag = (await world.get(FEED)).headers.get('etag') ?? '';
});
beforeEach(() => {
  looks = 0;
  awaySince = undefined;
});

/** The whole answer but for its date. `more`: a header that makes the route answer. */
async function raw(method: string, headers: readonly string[], more: readonly string[] = []) {
  const lines = [`${method} ${FEED} HTTP/1.1`, 'Host: calendar.example', 'Connection: close'];
  const answer = await askRaw(world.port, [...lines, ...headers, ...more, '', ''].join('\r\n'));
  return answer.replace(/^Date: .*\r\n/im, '');
}
const linesOf = (answer: string) => answer.split('\r\n').sort();

describe('a feed that the caller has', () => {
  test.each([
    ['its tag', 'GET', () => [`If-None-Match: ${etag}`]],
    ['HEAD', 'HEAD', () => [`If-None-Match: ${etag}`]],
    ['any', 'GET', () => ['If-None-Match: *']],
    ['one of several', 'GET', () => [`If-None-Match: "old", W/${etag}`]],
    [
      'the tag of the other encoding',
      'GET',
      () => [`If-None-Match: ${etag}`, 'Accept-Encoding: gzip'],
    ],
    [
      'a token, which is ignored',
      'GET',
      () => [`If-None-Match: ${etag}`, 'Authorization: Bearer no'],
    ],
  ])('is not sent again, in the words of the route: %s', async (_, method, headers) => {
    const short = await raw(method, headers());
    expect(looks).toBe(1);
    const long = await raw(method, headers(), ['Content-Length: 0']);
    expect(looks).toBe(3);
    expect(short).toMatch(/^HTTP\/1\.1 304 /);
    expect(linesOf(short)).toEqual(linesOf(long));
  });

  test('is counted like any other answer', async () => {
    const count = async () => {
      const text = (await world.get('/metrics', 'admin')).text;
      const series = '_seconds_count{method="GET",route="/calendar.ics",status="304"}';
      return Number(
        text
          .split('\n')
          .find((line) => line.includes(series))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    };
    const before = await count();
    await world.get(FEED, undefined, { 'if-none-match': etag });
    expect(await count()).toBe(before + 1);
  });
});

describe('the route answers', () => {
  test.each([
    ['who has another', `${FEED}`, { 'if-none-match': '"old"' }, 200],
    ['an address that is new', `${FEED}?past=3`, { 'if-none-match': '*' }, 304],
    ['an option that there is not', `${FEED}?last=3`, { 'if-none-match': '*' }, 400],
  ])('%s', async (_, path, headers, status) => {
    expect((await world.get(path, undefined, headers)).status).toBe(status);
    expect(looks).toBe(2);
  });

  test('a method that the feed does not have', async () => {
    const headers = { 'if-none-match': etag };
    expect((await world.ask(FEED, { method: 'DELETE', headers })).status).toBe(405);
  });

  test('while the store is away, and says so', async () => {
    awaySince = world.clock.ms;
    const got = await world.get(FEED, undefined, { 'if-none-match': etag });
    expect(got.status).toBe(304);
    expect(got.headers.get('chancery-degraded')).toMatch(/^store-unavailable/);
  });

  test('while the views are being built', async () => {
    world.views.building = true;
    const got = await world.get(FEED, undefined, { 'if-none-match': etag });
    world.views.building = false;
    expect(got.status).toBe(503);
  });

  test('a feed that has changed', async () => {
    must(201, await world.post('/meetings', { ...MEETING, title: 'More talks' }));
    expect((await world.get(FEED, undefined, { 'if-none-match': etag })).status).toBe(200);
  });

  test('where scripts of other sites may read, for their headers', async () => {
    const first = await shared.get(FEED);
    const headers = {
      'if-none-match': first.headers.get('etag') ?? '',
      origin: 'https://reader.example',
    };
    const got = await shared.get(FEED, undefined, headers);
    expect(got.status).toBe(304);
    expect(got.headers.get('access-control-allow-origin')).toBe('https://reader.example');
  });
});
