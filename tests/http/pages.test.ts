import { afterAll, describe, expect, test } from 'vitest';
import { RULES } from '../../src/handle.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { MEETING, openWorld, REPORT } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld();
const published = await openWorld(() => ({ publicUrl: 'https://calendar.example' }));
const example = await openWorld(() => ({ exampleClock: true }));
afterAll(async () => {
  for (const each of [world, published, example]) await each.close();
});

must(201, await world.post('/announcements', REPORT));
must(201, await world.post('/meetings', { ...MEETING, basedOn: [REPORT.id] }));
const talks = { form: 'visit', when: { edtf: '2021-11-17' }, classification: 'public' };
must(201, await world.post('/meetings', { ...talks, title: '<script>alert("&")</script>' }));
must(201, await world.post('/meetings', { ...talks, title: 'Hidden', classification: 'internal' }));

const NO_SCRIPT = /default-src 'none';style-src 'sha256-[^']+';base-uri 'none'/;

describe('GET /', () => {
  test('shows what is next, as exactly as it is known, with its source', async () => {
    const { text } = must(200, await world.get('/'));
    expect(text).toContain(`<a href="/meetings/${MEETING.id}">${MEETING.title}</a>`);
    expect(text).toContain('August 2022');
    expect(text).toContain(`<a href="${REPORT.url}">Tehran Times</a>`);
  });

  test('lets nothing run that came in from outside', async () => {
    const got = await world.get('/');
    expect(got.text).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;');
    expect(got.text).not.toContain('<script');
    expect(got.headers.get('content-security-policy')).toMatch(NO_SCRIPT);
  });

  test('shows the same to everyone', async () => {
    const { text } = await world.get('/');
    expect(text).not.toContain('Hidden');
    expect((await world.get('/', 'admin')).text).toBe(text);
  });

  test('says how to subscribe', async () => {
    expect((await world.get('/')).text).toContain('<a href="/calendar.ics">');
    const { text } = await published.get('/');
    expect(text).toContain('<a href="webcal://calendar.example/calendar.ics">');
    expect(text).toContain('<a href="https://calendar.example/calendar.ics">');
  });

  test('says that nothing is planned when nothing is', async () => {
    expect((await published.get('/')).text).toContain('Nothing is planned.');
  });

  test('asks browsers for https only when it is published there', async () => {
    expect((await world.get('/')).headers.has('strict-transport-security')).toBe(false);
    expect((await published.get('/')).headers.has('strict-transport-security')).toBe(true);
  });

  test('stands while the views are being built', async () => {
    published.views.building = true;
    try {
      expect(must(200, await published.get('/')).text).toContain('being built');
    } finally {
      published.views.building = false;
    }
  });
});

describe("the example's clock", () => {
  test.each(['/', '/meetings', '/meetings/none', '/no/such/address', '/calendar.ics', '/docs/'])(
    'is told with %s',
    async (path) => {
      const got = await example.get(path);
      expect(got.headers.get('chancery-clock')).toBe('2021-11-22T08:00:00.000Z');
    },
  );

  test('is told with an answer from the cache and with 304', async () => {
    const first = await example.get('/topics');
    example.clock.ms += 1_000;
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    const again = await example.get('/topics', undefined, headers);
    expect(again.status).toBe(304);
    expect(again.headers.get('chancery-clock')).toBe('2021-11-22T08:00:01.000Z');
  });

  test('is told on the page', async () => {
    expect((await example.get('/')).text).toContain('It is now'.toLowerCase());
  });

  test('is not told by the real one', async () => {
    const got = await world.get('/');
    expect(got.headers.has('chancery-clock')).toBe(false);
    expect(got.text).not.toContain('This is the example');
  });
});

describe.each(Object.entries(PROBLEMS))('GET /problems/%s', (code, { title, status }) => {
  test('explains the problem', async () => {
    const got = must(200, await world.get(`/problems/${code}`));
    expect(got.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(got.headers.get('content-security-policy')).toMatch(NO_SCRIPT);
    expect(got.text).toContain(`<h1>${title}</h1>`);
    expect(got.text).toContain(`${status} · <code>${code}</code>`);
  });
});

test('the page of refusals lists every rule with its meaning', async () => {
  const { text } = await world.get('/problems/rejected');
  for (const [rule, meaning] of Object.entries(RULES)) {
    expect(text).toContain(`<dt id="${rule}">${rule}</dt><dd>${meaning}</dd>`);
  }
});

test.each(['none', '__proto__', 'constructor', 'toString'])(
  'there is no problem %s',
  async (code) => {
    expect((await world.get(`/problems/${code}`)).status).toBe(404);
  },
);

describe('GET /docs', () => {
  const addresses = (text: string) =>
    [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);

  test('loads only files that are served here', async () => {
    const { text } = must(200, await world.get('/docs'));
    expect(addresses(text).length).toBeGreaterThan(3);
    for (const address of addresses(text)) {
      expect(address).toMatch(/^\/docs\/static\//);
      expect((await world.get(address)).status, address).toBe(200);
    }
  });

  test('may not load anything from elsewhere', async () => {
    const policy = (await world.get('/docs')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none';script-src 'self'");
    expect(policy).not.toMatch(/https?:|\*/);
  });

  test('asks for the document of this server', async () => {
    const { text } = await world.get('/docs/static/swagger-initializer.js');
    expect(text).toContain("url: resolveUrl('./json')");
    const shown = must(200, await world.get('/docs/json')).json();
    expect(shown).toEqual((await world.get('/openapi.json')).json());
  });

  test('has nothing at other addresses', async () => {
    for (const path of ['/docs/static/none.js', '/docs/static/..%2Fpackage.json', '/docs/none']) {
      expect((await world.get(path)).json(), path).toMatchObject({
        status: 404,
        code: 'not-found',
      });
    }
  });
});
