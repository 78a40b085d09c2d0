import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import { createHandler, MAX_EVENTS } from '../../src/handle.ts';
import type { AppDeps, Calendars, Limits } from '../../src/http/deps.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { askRaw } from './support/ask.ts';
import { FEEDS, type Got, MEETING, openWorld, TOKENS, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/** What a caller may send, how much of it, and how often. */

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function limited(limits: Partial<Limits>, more: Partial<AppDeps> = {}): Promise<World> {
  const world = await openWorld((deps) => ({ ...more, limits: { ...deps.limits, ...limits } }));
  worlds.push(world);
  return world;
}

const THREE = { requests: 3, local: true };
const forwarded = (address: string) => ({ 'x-forwarded-for': address });

async function statuses(asks: readonly (() => Promise<Got>)[]): Promise<number[]> {
  const found: number[] = [];
  for (const ask of asks) found.push((await ask()).status);
  return found;
}
const times = (n: number, ask: () => Promise<Got>) => Array.from({ length: n }, () => ask);

describe('requests a minute', () => {
  test('of an address end in 429, which says when to come again', async () => {
    const world = await limited({ addressRate: THREE });
    expect(await statuses(times(3, () => world.get('/meetings')))).toEqual([200, 200, 200]);
    const refused = await world.get('/meetings');
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate-limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });

  test('count whatever is asked for: also what is not there, and what is cached', async () => {
    const world = await limited({ addressRate: THREE });
    const paths = ['/nothing', '/meetings', '/meetings'];
    await statuses(paths.map((path) => () => world.get(path)));
    for (const path of ['/meetings', '/', '/docs', '/nothing']) {
      expect((await world.get(path)).status, path).toBe(429);
    }
  });

  test('do not count for feeds, which are fetched for thousands from few addresses', async () => {
    const world = await limited({ addressRate: THREE });
    const paths = ['/calendar.ics', '/feeds/everything.ics', `/feeds/private/${FEEDS.token}.ics`];
    for (const path of [...paths, ...paths]) must(200, await world.get(path));
    expect(await statuses(times(4, () => world.get('/meetings')))).toEqual([200, 200, 200, 429]);
  });

  test('for one feed are its own, and what was not changed is answered beyond them', async () => {
    const world = await limited({ feedRate: THREE });
    const feed = () => world.get('/calendar.ics');
    const etag = (await feed()).headers.get('etag') ?? '';
    expect(await statuses(times(3, feed))).toEqual([200, 200, 429]);
    const known = { 'if-none-match': etag };
    expect((await world.get('/calendar.ics', undefined, known)).status).toBe(304);
    must(200, await world.get('/calendar.ics?country=CH'));
  });

  test('of a token are its own, wherever it comes from', async () => {
    const world = await limited({ tokenRate: THREE, addressRate: THREE });
    const asked = times(4, () => world.get('/meetings', 'reader'));
    expect(await statuses(asked)).toEqual([200, 200, 200, 429]);
    expect((await world.get('/meetings', 'editor')).status).toBe(200);
    expect((await world.get('/meetings')).status).toBe(200);
  });

  test('with tokens that are none are those of the address: guessing is bounded', async () => {
    const world = await limited({ addressRate: THREE });
    const guess = (n: number) => () =>
      world.ask('/meetings', { headers: { authorization: `Bearer guess-${n}` } });
    expect(await statuses([1, 2, 3, 4].map(guess))).toEqual([401, 401, 401, 429]);
  });

  test('of a refused write change nothing', async () => {
    const world = await limited({ tokenRate: { requests: 1, local: true } });
    must(201, await world.post('/meetings', MEETING));
    const head = await world.head();
    expect((await world.post('/meetings', { title: 'Talks', form: 'visit' })).status).toBe(429);
    expect(await world.head()).toBe(head);
  });

  test('never count for whether the process is well', async () => {
    const world = await limited({ addressRate: THREE });
    for (const path of ['/healthz', '/readyz']) {
      expect(await statuses(times(5, () => world.get(path)))).toEqual([200, 200, 200, 200, 200]);
    }
  });

  test('of this machine are not counted, unless somebody has said so', async () => {
    const world = await limited({ addressRate: { requests: 1, local: false } });
    expect(await statuses(times(3, () => world.get('/meetings')))).toEqual([200, 200, 200]);
  });

  test('are those of the proxy, whatever it forwards, unless it is trusted', async () => {
    const world = await limited({ addressRate: THREE });
    const from = (n: number) => () => world.get('/meetings', undefined, forwarded(`192.0.2.${n}`));
    expect(await statuses([1, 2, 3, 4].map(from))).toEqual([200, 200, 200, 429]);
  });

  test('are those of who is behind a trusted proxy', async () => {
    const limits = { addressRate: { requests: 1, local: false } };
    const world = await limited(limits, { trustProxy: ['loopback'] });
    const from = (address: string) => () => world.get('/meetings', undefined, forwarded(address));
    const asked = ['192.0.2.1', '192.0.2.1', '192.0.2.2', '203.0.113.9, 192.0.2.1'].map(from);
    // Of a list, the last one is what the trusted proxy has seen.
    expect(await statuses(asked)).toEqual([200, 429, 200, 429]);
  });

  test('of one IPv6 network are of one caller', async () => {
    const limits = { addressRate: { requests: 1, local: false } };
    const world = await limited(limits, { trustProxy: ['loopback'] });
    const from = (address: string) => () => world.get('/meetings', undefined, forwarded(address));
    const asked = ['2001:db8::1', '2001:db8::2:3', '2001:db8:0:1::1'].map(from);
    expect(await statuses(asked)).toEqual([200, 429, 200]);
  });
});

describe('memory', () => {
  test.each([['heapBytes'], ['rssBytes']] as const)(
    'above %s is answered with 503',
    async (name) => {
      const world = await limited({ [name]: 1, pressureCheckMs: 1 });
      await expect.poll(async () => (await world.get('/meetings')).status).toBe(503);
      const got = await world.get('/meetings');
      expect(got.json()).toMatchObject({ code: 'overloaded' });
      expect(got.headers.get('retry-after')).toBe('2');
      expect((await world.get('/healthz')).status).toBe(200);
      expect((await world.get('/metrics', 'admin')).status).toBe(200);
    },
  );

  test('below them is nobody’s concern', async () => {
    const world = await limited({ heapBytes: 2 ** 40, rssBytes: 2 ** 40, pressureCheckMs: 1 });
    expect(await statuses(times(5, () => world.get('/meetings')))).toEqual([
      200, 200, 200, 200, 200,
    ]);
  });
});

describe('a request', () => {
  test('with too long an address is refused', async () => {
    const world = await limited({ urlLength: 1_000 });
    const at = (length: number) => `/meetings?q=${'a'.repeat(length)}`;
    expect((await world.get(at(2_000))).json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining('1000'),
    });
    expect((await world.get(at(100))).status).toBe(200);
  });

  test('with too large headers is refused, and its connection ends', async () => {
    const world = await limited({ headerBytes: 8_192 });
    const ask = (size: number) =>
      askRaw(
        world.port,
        `GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: ${'a'.repeat(size)}\r\n\r\n`,
      );
    expect(await ask(9_000)).toMatch(/^HTTP\/1\.1 400 .*"validation-failed"/s);
    expect(await ask(4_000)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('with a body that is too large is refused', async () => {
    const world = await limited({ bodyBytes: 1_024 });
    const got = await world.post('/meetings', { ...MEETING, title: 'a'.repeat(2_000) });
    expect(got.json()).toMatchObject({
      ...{ status: 413, code: 'body-too-large', detail: expect.stringContaining('1024') },
    });
  });

  test.each([
    ['a page of more than 500', '/meetings?limit=501'],
    ['more than 50 values of a filter', `/meetings?${'topic=a&'.repeat(51)}`],
    ['a search of more than 200 characters', `/meetings?q=${'a'.repeat(201)}`],
  ])('for %s is refused', async (_what, path) => {
    const world = await limited({});
    expect((await world.get(path)).json()).toMatchObject({
      status: 400,
      code: 'validation-failed',
    });
  });

  test.each([
    ['a title of 301 characters', { title: 'a'.repeat(301) }],
    [
      '201 participants',
      { participants: Array.from({ length: 201 }, (_, n) => ({ name: `P${n}` })) },
    ],
    ['51 topics', { topics: Array.from({ length: 51 }, (_, n) => `t${n}`) }],
    ['51 sources', { basedOn: Array.from({ length: 51 }, (_, n) => `s${n}`) }],
  ])('with %s is refused', async (_what, field) => {
    const world = await limited({});
    expect((await world.post('/meetings', { ...MEETING, ...field })).status).toBe(400);
  });
});

describe('a connection', () => {
  test('on which nothing goes on is ended', async () => {
    const world = await limited({ idleMs: 100 });
    const socket = connect({ port: world.port, host: '127.0.0.1' });
    await once(socket, 'close');
  });

  test('whose reader takes nothing is ended', async () => {
    const world = await limited({ idleMs: 200 });
    // More than sockets take in; not over HTTP, where a busy machine would be silent for too long.
    const title = '会'.repeat(60_000);
    for (let n = 0; n < 100; n += 1) {
      const [first] = await world.store.readStream('token-bootstrap');
      const { meta } = first as RecordedEvent;
      const event = { id: randomUUID(), type: 'MeetingNoted', data: { title }, meta };
      await world.store.append(`meeting-${n}`, [event], 'none');
    }
    const socket = connect({ port: world.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    const ended = new Promise<void>((resolve) => {
      world.app.server.once('connection', (served) => served.once('close', () => resolve()));
    });
    socket.write(
      `GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKENS.admin}\r\n\r\n`,
    );
    await ended;
    socket.destroy();
  });

  test('too many of them are not taken', async () => {
    const world = await limited({ connections: 1 });
    const first = connect({ port: world.port, host: '127.0.0.1' });
    await once(first, 'connect');
    first.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(first, 'data');
    const second = connect({ port: world.port, host: '127.0.0.1' });
    second.on('error', () => {});
    await once(second, 'close');
    first.destroy();
  });
});

describe('requests sent ahead of their answers', () => {
  const ask = (path: string, last = false) =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
  /** Takes as long as a read waits for an event that does not come. */
  const slow = ask(`/meetings?seen=${randomUUID()}`);
  const statusesOf = (answers: string) =>
    [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

  test('are carried out one after the other', async () => {
    const done: string[] = [];
    const world = await openWorld(({ handle, views }) => ({
      handle: (...given) => {
        done.push('write');
        return handle(...given);
      },
      views: Object.assign(Object.create(views), {
        waitFor: async (...given: Parameters<typeof views.waitFor>) => {
          const came = await views.waitFor(...given);
          done.push('wait');
          return came;
        },
      }),
    }));
    worlds.push(world);
    const body = JSON.stringify({ title: 'Talks', form: 'visit' });
    const write = [
      'POST /meetings HTTP/1.1',
      'Host: a',
      'Connection: close',
      `Authorization: Bearer ${TOKENS.editor}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    expect(statusesOf(await askRaw(world.port, slow + write))).toEqual([503, 201]);
    expect(done.slice(0, 2)).toEqual(['wait', 'write']);
  });

  test('are refused beyond so many, and counted anew when answers were taken', async () => {
    const world = await limited({ pipelined: 2 });
    const more = ask('/meetings');
    const once = slow + more + more + more;
    const answers = await askRaw(world.port, once + ask('/meetings', true));
    expect(statusesOf(answers)).toEqual([503, 200, 200, 429, 429]);
    expect(answers).toContain('more than 2 requests wait on this connection');
  });

  test('for which nobody waits any more are dropped, and are no fault of the server', async () => {
    const world = await limited({ addressRate: THREE });
    world.app.server.prependListener('request', ({ socket }) => socket.destroy());
    expect(await askRaw(world.port, ask('/meetings'))).toBe('');
    expect(world.logged).toEqual([]);
  });

  test('whose connection was reset are dropped as well', async () => {
    const world = await limited({ addressRate: THREE });
    const taken = once(world.app.server, 'connection');
    const client = connect({ port: world.port, host: '127.0.0.1' });
    const [served] = (await taken) as [Socket];
    const ended = new Promise((resolve) => served.once('close', resolve));
    world.app.server.prependListener('request', () => client.resetAndDestroy());
    client.write(ask('/meetings'));
    await ended;
    expect(world.logged).toEqual([]);
  });

  test('for a feed of a view that a rebuild replaces meanwhile are answered from the new one', async () => {
    const world = await openWorld(({ calendars }) => {
      let isReplaced = false;
      const feed = async () => {
        isReplaced = true;
        throw new Error('the thread of this view has ended');
      };
      const old = { ...calendars(), unchanged: () => undefined, feed } as Calendars;
      return { calendars: () => (isReplaced ? calendars() : old) };
    });
    worlds.push(world);
    expect((await world.get('/calendar.ics')).status).toBe(200);
  });

  test('whose connection breaks while a feed is made are no fault of the server either', async () => {
    const world = await openWorld(({ calendars }) => ({
      calendars: () => {
        const made = calendars();
        return (
          made && {
            ...made,
            unchanged: () => undefined,
            feed: async (...given) => {
              const text = await made.feed(...given);
              for (const socket of served) socket.destroy();
              return text;
            },
          }
        );
      },
    }));
    worlds.push(world);
    const served = new Set<Socket>();
    world.app.server.on('connection', (socket) => served.add(socket));
    expect(await askRaw(world.port, ask('/calendar.ics'))).toBe('');
    expect(world.logged).toEqual([]);
  });
});

describe('an entry', () => {
  test('has so many events and no more, but can always be taken out of sight', async () => {
    const world = await openWorld(({ store, clock, randomUuid }) => ({
      handle: createHandler({ store: store as EventStore, now: clock, randomUuid, maxEvents: 3 }),
    }));
    worlds.push(world);
    must(201, await world.post('/meetings', MEETING));
    const path = `/meetings/${MEETING.id}`;
    must(200, await world.post(`${path}/revise`, { title: 'One' }));
    must(200, await world.post(`${path}/revise`, { title: 'Two' }));
    const full = await world.post(`${path}/revise`, { title: 'Three' });
    expect(full.json()).toMatchObject({ status: 409, rule: 'too-many-events' });
    must(200, await world.post(`${path}/reclassify`, { classification: 'internal' }));
    must(200, await world.post(`${path}/withdraw`, { reason: 'mistake' }));
    expect(MAX_EVENTS).toBe(10_000);
  });

  test('has so many participants and no more, however they come', async () => {
    const world = await limited({});
    const participants = Array.from({ length: 200 }, (_, n) => ({ name: `Party ${n}` }));
    must(201, await world.post('/meetings', { ...MEETING, participants }));
    const one = await world.post(`/meetings/${MEETING.id}/participants`, { name: 'One more' });
    expect(one.json()).toMatchObject({ status: 409, rule: 'too-many-participants' });
  });
});
