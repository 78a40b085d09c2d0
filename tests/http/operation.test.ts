import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { StoreInvalid, StoreUnavailable } from '../../src/store/event-store.ts';
import { MEETING, openWorld } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld(({ limits }) => ({ limits: { ...limits, eventsPage: 2 } }));
const away = await openWorld(({ store }) => {
  const fail = async () => {
    throw new StoreUnavailable('/data/chancery.db is locked', 'not-written');
  };
  return { store: { ...store, readAll: fail, head: fail }, handle: fail };
});
const readOnly = await openWorld(() => ({
  handle: async () => {
    throw new StoreInvalid('/data/chancery.db cannot be opened for writing');
  },
}));
afterAll(async () => {
  await readOnly.close();
  await world.close();
  await away.close();
});

must(201, await world.post('/meetings', MEETING));
for (const title of ['A', 'B', 'C', 'D']) {
  must(200, await world.post(`/meetings/${MEETING.id}/revise`, { title }));
}

test('a store that needs its operator answers writes with 503 and says why in the log alone', async () => {
  const refused = await readOnly.post('/meetings', MEETING);
  expect(refused.status).toBe(503);
  expect(refused.headers.has('retry-after')).toBe(true);
  expect(refused.json()).toMatchObject({
    code: 'store-unavailable',
    detail: expect.not.stringContaining('chancery.db'),
  });
  expect(readOnly.logged.join()).toContain('/data/chancery.db cannot be opened for writing');
  expect((await readOnly.get('/meetings')).status).toBe(200);
});

describe('GET /healthz', () => {
  test('is ok also when the store is away', async () => {
    expect((await away.get('/healthz')).json()).toEqual({ status: 'ok' });
  });
});

describe('GET /readyz', () => {
  afterEach(async () => {
    world.views.building = false;
    world.views.held = false;
    await world.views.catchUp();
  });

  test('tells everyone whether, and nothing more', async () => {
    for (const as of [undefined, 'reader', 'editor'] as const) {
      expect((await world.get('/readyz', as)).json()).toEqual({ status: 'ready' });
    }
  });

  test('is 503 while the views are being built', async () => {
    world.views.building = true;
    const got = await world.get('/readyz');
    expect(got.status).toBe(503);
    expect(got.json()).toEqual({ status: 'not-ready' });
  });

  test('tells admins of the view and the store', async () => {
    expect((await world.get('/readyz', 'admin')).json()).toMatchObject({
      status: 'ready',
      view: { view: 'calendar', state: 'live', deadLetters: 0 },
      store: { available: true, behind: false, head: { id: await world.head() } },
      lag: { events: 0, seconds: 0, stalled: false },
      rebuild: { state: 'none' },
    });
  });

  test('tells admins that the view is behind', async () => {
    world.views.held = true;
    must(202, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
    const got = await world.get('/readyz', 'admin');
    expect(got.json()).toMatchObject({
      status: 'ready',
      store: { available: true, behind: true },
      lag: { events: 1, seconds: 0, stalled: false },
    });
  });

  test('is 503 when the view stands still while the log goes on, until it moves again', async () => {
    world.views.held = true;
    must(202, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
    expect((await world.get('/readyz')).status).toBe(200);
    world.clock.ms += 30_000;
    expect((await world.get('/readyz')).status).toBe(200);
    world.clock.ms += 1;
    expect((await world.get('/readyz')).json()).toEqual({ status: 'not-ready' });
    expect((await world.get('/readyz', 'admin')).json()).toMatchObject({
      lag: { events: 1, seconds: 30.001, stalled: true },
    });
    expect((await world.get('/metrics', 'admin')).text).toContain('\nchancery_view_stalled 1\n');
    world.views.held = false;
    await world.views.catchUp();
    expect((await world.get('/readyz')).json()).toEqual({ status: 'ready' });
  });

  test('stays ready however long nothing is written', async () => {
    await world.views.catchUp();
    world.clock.ms += 86_400_000;
    expect((await world.get('/readyz')).status).toBe(200);
    world.clock.ms += 86_400_000;
    expect((await world.get('/readyz')).status).toBe(200);
  });

  test('tells admins that the store is away', async () => {
    expect((await away.get('/readyz', 'admin')).json()).toMatchObject({
      status: 'ready',
      store: { available: false, behind: null, head: null },
    });
  });
});

describe('GET /metrics', () => {
  const metrics = async () => (await world.get('/metrics', 'admin')).text;
  /** Sum of the samples whose line matches. */
  const value = (text: string, line: RegExp) =>
    text
      .split('\n')
      .filter((sample) => line.test(sample))
      .reduce((sum, sample) => sum + Number(sample.split(' ').at(-1)), 0);

  test('counts requests by route, and never by address', async () => {
    const line =
      /^chancery_http_request_duration_seconds_count\{.*route="\/meetings\/:id".*status="404"/;
    const before = value(await metrics(), line);
    await world.get('/meetings/never-was');
    const after = await metrics();
    expect(value(after, line)).toBe(before + 1);
    expect(after).not.toContain('never-was');
  });

  test('counts addresses that do not exist as one', async () => {
    await world.get('/no/such/address');
    const after = await metrics();
    expect(after).toContain('route="unknown",status="404"');
    expect(after).not.toContain('no/such');
  });

  test('counts writes that were carried out', async () => {
    const line = /^chancery_http_writes_total/;
    const before = value(await metrics(), line);
    must(201, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
    must(400, await world.post('/meetings', { title: 'Talks' }));
    const feed = { name: 'Desk' };
    must(201, await world.post('/feeds', { ...feed, id: 'counted' }));
    must(200, await world.ask('/feeds/counted', { method: 'DELETE', as: 'editor' }));
    // What is done to the views writes nothing.
    must(200, await world.post('/admin/verify', {}, {}, 'admin'));
    expect(value(await metrics(), line)).toBe(before + 3);
  });

  test.each([
    ['chancery_view_readable', 1],
    ['chancery_view_dead_letters', 0],
    ['chancery_view_lag_seconds', 0],
    ['chancery_view_lag_events', 0],
    ['chancery_view_stalled', 0],
    ['chancery_view_applied_age_seconds', 0],
    ['chancery_store_available', 1],
    ['chancery_build_running', 0],
    ['chancery_build_events', 0],
    ['chancery_build_events_expected', 0],
    ['chancery_build_events_per_second', 0],
    ['chancery_streams_open', 0],
  ])('has %s', async (name, expected) => {
    expect(await metrics()).toContain(`\n${name} ${expected}\n`);
  });

  test('has the lag of a view that is behind, and when the log was last written', async () => {
    world.views.held = true;
    const written = must(202, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
    await metrics();
    world.clock.ms += 5_000;
    const text = await metrics();
    expect(value(text, /^chancery_view_lag_events /)).toBe(1);
    expect(value(text, /^chancery_view_lag_seconds /)).toBe(5);
    expect(value(text, /^chancery_view_stalled /)).toBe(0);
    expect(value(text, /^chancery_store_head_timestamp_seconds /)).toBe(
      (world.clock.ms - 5_000) / 1_000,
    );
    expect(written.text).toBe('');
    world.views.held = false;
    await world.views.catchUp();
  });

  test.each([
    ['a rebuild', { state: 'building', progress: { done: 40, total: 100, rate: 20 } } as const],
    ['its end', { state: 'catching-up', progress: { done: 40, total: 100, rate: 20 } } as const],
  ])('has how far %s is', async (_what, status) => {
    const own = await openWorld(({ rebuilds }) => ({ rebuilds: { ...rebuilds, status } }));
    try {
      const { text } = await own.get('/metrics', 'admin');
      expect(value(text, /^chancery_build_running /)).toBe(1);
      expect(value(text, /^chancery_build_events /)).toBe(40);
      expect(value(text, /^chancery_build_events_expected /)).toBe(100);
      expect(value(text, /^chancery_build_events_per_second /)).toBe(20);
      const ready = await own.get('/readyz', 'admin');
      expect(ready.json()).toMatchObject({ status: 'ready', rebuild: status });
    } finally {
      await own.close();
    }
  });

  test('has the events that the view has seen, and the bytes of answers kept', async () => {
    must(200, await world.get('/meetings'));
    const text = await metrics();
    expect(value(text, /^chancery_view_events /)).toBeGreaterThanOrEqual(5);
    expect(value(text, /^chancery_http_cache_bytes /)).toBeGreaterThan(100);
  });
});

describe('GET /events', () => {
  const lines = (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  test('is the whole log, one event a line, over many pages', async () => {
    const got = must(200, await world.get('/events', 'admin'));
    expect(got.headers.get('content-type')).toBe('application/x-ndjson');
    expect(got.text.endsWith('\n')).toBe(true);
    expect(lines(got.text)).toEqual(await world.store.readAll({ limit: 1_000 }));
    expect(lines(got.text).length).toBeGreaterThan(4);
  });

  test('goes on after a position', async () => {
    const all = await world.store.readAll({ limit: 1_000 });
    const got = await world.get(`/events?after=${all[2]?.position}`, 'admin');
    expect(lines(got.text)).toEqual(all.slice(3));
  });

  test('is empty after the last one', async () => {
    const { position } = (await world.store.head()) ?? {};
    const got = must(200, await world.get(`/events?after=${position}`, 'admin'));
    expect(got.text).toBe('');
  });

  test('refuses what is no position of the store', async () => {
    const got = await world.get('/events?after=not-a-position', 'admin');
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'after' }] });
  });

  test('breaks off, and does not end as if complete, when the store fails on the way', async () => {
    let pages = 0;
    const broken = await openWorld(({ store, limits }) => ({
      limits: { ...limits, eventsPage: 1 },
      store: {
        head: () => store.head(),
        readAll: async (options) => {
          pages += 1;
          if (pages > 1) throw new StoreUnavailable('gone away', 'not-written');
          return store.readAll(options);
        },
      },
    }));
    try {
      must(201, await broken.post('/meetings', MEETING));
      await expect(broken.get('/events', 'admin')).rejects.toThrow('aborted');
    } finally {
      await broken.close();
    }
  });
});

test('GET /admin/dead-letters links to its next page', async () => {
  const letter = { id: 'e', stream: 'meeting-a', revision: 1, type: 'MeetingHeld', reason: null };
  const own = await openWorld(() => ({
    deadLetters: (limit, before = 4) =>
      [3, 2, 1].flatMap((seq) => (seq < before ? { ...letter, seq } : [])).slice(0, limit),
  }));
  try {
    const first = await own.get('/admin/dead-letters?limit=2', 'admin');
    const { next, items } = first.json<{ next: string; items: { seq: number }[] }>();
    expect(items.map(({ seq }) => seq)).toEqual([3, 2]);
    expect(first.headers.get('link')).toBe(`<${next}>; rel="next"`);
    const last = await own.get(next, 'admin');
    expect(last.json()).toMatchObject({ items: [{ seq: 1 }], next: null });
    expect(last.headers.has('link')).toBe(false);
  } finally {
    await own.close();
  }
});

describe('when the store is away', () => {
  const unavailable = { status: 503, code: 'store-unavailable' };

  test('a write is 503, to be repeated', async () => {
    const got = await away.post('/meetings', { title: 'Talks', form: 'visit' });
    expect(got.json()).toMatchObject(unavailable);
    expect(got.text).not.toContain('chancery.db');
  });

  test('the raw log is 503, and not an empty one', async () => {
    expect((await away.get('/events', 'admin')).json()).toMatchObject(unavailable);
  });

  test('reads go on', async () => {
    expect((await away.get('/meetings')).status).toBe(200);
  });
});
