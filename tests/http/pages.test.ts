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

  test('tells programs of the calendar and of its changes', async () => {
    const { text } = await world.get('/');
    const offered = [...text.matchAll(/<link rel="alternate" type="([^"]+)".* href="([^"]+)">/g)];
    expect(offered).toHaveLength(2);
    for (const [, type = '', path = ''] of offered) {
      expect((await world.get(path)).headers.get('content-type')).toContain(type);
    }
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

test('behind a proxy that takes a path off, pages and headers lead there', async () => {
  const desk = await openWorld(() => ({ publicUrl: 'https://example.org/desk' }));
  const outside = (address: string, from: string) =>
    new URL(address, `https://example.org/desk${from}`);
  const paths = async (path: string, from = path) => {
    const { text } = await desk.get(path);
    return [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, to = '']) => outside(to, from));
  };
  const made = must(201, await desk.post('/meetings', MEETING));
  const next = must(201, await desk.post('/meetings', { ...MEETING, id: 'another' }));
  const token = must(
    201,
    await desk.post('/tokens', { name: 'Desk', role: 'reader', ceiling: 'public' }, {}, 'admin'),
  );
  const told = [made, next, token].map(({ headers }) => headers.get('location') ?? '');
  const page = (await desk.get('/meetings?limit=1')).headers.get('link') ?? '';
  const links = [
    ...told.map((address) => outside(address, '/meetings')),
    outside(/<([^>]+)>/.exec(page)?.[1] ?? '', '/meetings'),
    ...(await paths('/')),
    ...(await paths('/', '')),
    ...(await paths('/docs')),
    ...(await paths('/docs/')),
  ];
  expect(links.length).toBeGreaterThan(20);
  for (const { href, pathname, search } of links.filter(({ host }) => host === 'example.org')) {
    expect(pathname, href).toMatch(/^\/desk\//);
    const inside = `${pathname.slice('/desk'.length)}${search}`;
    expect((await desk.get(inside, 'admin')).status, inside).toBe(200);
  }
  await desk.close();
});

test('an address that is no URI is one where it is linked', async () => {
  const odd = await openWorld();
  const url = 'https://mfa.example/ä?x=<1>|{}"';
  must(201, await odd.post('/announcements', { ...REPORT, url }));
  must(201, await odd.post('/meetings', { ...MEETING, basedOn: [REPORT.id] }));
  const uri = 'https://mfa.example/%C3%A4?x=%3C1%3E%7C%7B%7D%22';
  expect((await odd.get('/')).text).toContain(`<a href="${uri}">`);
  expect((await odd.get('/changes.atom')).text).toContain(`<link rel="via" href="${uri}"`);
  await odd.close();
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

  test('is laid out for phones, and says where to look without scripts', async () => {
    for (const path of ['/docs', '/docs/']) {
      const { text } = await world.get(path);
      expect(text).toContain('<meta name="viewport" content="width=device-width');
      expect(text).toMatch(/<noscript>.*openapi\.json/);
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
