import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { exampleOf, isCalendar, isPage, isTokens, named, readsOf } from './support/routes.ts';
import { MEETING, openWorld, REPORT, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/** What no view is asked for. */
const NO_VIEW = [
  '/admin/dead-letters',
  '/admin/rebuild',
  '/events',
  '/healthz',
  '/metrics',
  '/openapi.json',
  '/problems/{code}',
  '/readyz',
];
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

const world = await openWorld();
/** Waits as long as it takes. */
const patient = await openWorld(() => ({ limits: { seenWaitMs: 30_000, writeWaitMs: 1 } }));
for (const each of [world, patient]) {
  must(201, await each.post('/announcements', REPORT));
  must(201, await each.post('/meetings', MEETING));
}
afterAll(async () => {
  await world.close();
  await patient.close();
});

const reads = readsOf(world);
const takesSeen = reads.filter(({ operation }) =>
  operation.parameters?.some(({ name }) => name === 'seen'),
);

/** Makes the view stop before the next event, and writes one. */
async function writeUnseen({ views, post }: World): Promise<string> {
  views.held = true;
  const talks = { title: 'Talks', form: 'visit', classification: 'public' };
  const got = must(202, await post('/meetings', talks));
  return got.headers.get('chancery-event') ?? '';
}

async function catchUp({ views }: World): Promise<void> {
  views.held = false;
  await views.catchUp();
}

afterEach(() => Promise.all([catchUp(world), catchUp(patient)]));

test('every read of a view takes `seen`', () => {
  const others = reads.filter((route) => !takesSeen.includes(route));
  expect(others.map(({ path }) => path).sort()).toEqual(NO_VIEW);
});

/** Those of tokens wait for a view of their own: tokens.test.ts. */
const ofCalendar = takesSeen.filter((route) => !isTokens(route));

describe.each(named(ofCalendar))('GET %s', (_path, route) => {
  const path = exampleOf(route);

  test('says that it is behind an event that does not come in time', async () => {
    const event = await writeUnseen(world);
    const got = await world.get(`${path}?seen=${event}`);
    expect(got.json()).toMatchObject({ status: 503, code: 'view-behind' });
    expect(got.headers.get('retry-after')).toBe('2');
  });

  test('waits for the event, and then answers', async () => {
    const event = await writeUnseen(patient);
    const waiting = once(patient.views.signs, 'waiting');
    const asked = patient.get(`${path}?seen=${event}`);
    await waiting;
    await catchUp(patient);
    expect((await asked).status).toBe(200);
  });

  test('refuses what is no event id', async () => {
    const got = await world.get(`${path}?seen=12`);
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'seen' }] });
  });
});

test('a writer reads its own write', async () => {
  const made = must(201, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
  const seen = made.headers.get('chancery-event');
  const path = made.headers.get('location');
  expect((await world.get(`${path}?seen=${seen}`, 'editor')).text).toBe(made.text);
});

test('a page that waited is not what the next one waits for', async () => {
  const made = must(201, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
  const seen = made.headers.get('chancery-event');
  const { next } = (await world.get(`/meetings?limit=1&seen=${seen}`, 'editor')).json<{
    next: string;
  }>();
  expect(next).toContain('limit=1');
  expect(next).not.toContain('seen');
});

describe('an event that the caller may not know', () => {
  /** Of the wait, but for the millisecond by which timers may be early. */
  const WAIT_MS = 50 - 1;

  /** An internal event, applied, and how long an answer to it takes. */
  async function askFor(event: string, path: string, as?: 'reader' | 'editor' | 'admin') {
    const begun = performance.now();
    const got = await world.get(`${path}?seen=${event}`, as);
    return { got, ms: performance.now() - begun };
  }
  const body = { title: 'Talks', form: 'visit' };

  test.each(named(ofCalendar.filter((route) => !isCalendar(route) && !isPage(route))))(
    'is at %s as one that does not exist, in words and in time',
    async (_path, route) => {
      const made = must(201, await world.post('/meetings', body));
      const event = made.headers.get('chancery-event') ?? '';
      const path = exampleOf(route);
      const hidden = await askFor(event, path);
      const none = await askFor(UNKNOWN, path);
      expect(hidden.got.status).toBe(503);
      expect(hidden.got.text.replace(event, UNKNOWN)).toBe(none.got.text);
      expect(hidden.ms).toBeGreaterThanOrEqual(WAIT_MS);
      expect((await askFor(event, path, 'editor')).got.status).toBe(200);
    },
  );

  test.each(['/calendar.ics', '/'])(
    'is unknown at %s to everyone, since all are anyone there',
    async (path) => {
      const made = must(201, await world.post('/meetings', body));
      const event = made.headers.get('chancery-event') ?? '';
      expect((await askFor(event, path, 'editor')).got.status).toBe(503);
    },
  );

  test('is one of a token, for all but admins', async () => {
    const [first] = await world.store.readStream('token-bootstrap');
    await world.views.catchUp();
    expect((await askFor(first?.id ?? '', '/meetings', 'editor')).got.status).toBe(503);
  });

  test('is at /feeds one of a token, and one of a private feed for who does not see it', async () => {
    const [first] = await world.store.readStream('token-bootstrap');
    const token = first?.id ?? '';
    const open = must(201, await world.post('/feeds', { name: 'Open' }));
    const desk = must(201, await world.post('/feeds', { name: 'Desk', private: true }));
    const shown = open.headers.get('chancery-event') ?? '';
    const hidden = desk.headers.get('chancery-event') ?? '';
    expect((await askFor(shown, '/feeds')).got.status).toBe(200);
    expect((await askFor(hidden, '/feeds', 'editor')).got.status).toBe(200);
    // Its address is all the right that a subscriber has.
    const { address } = desk.json<{ address: string }>();
    expect((await askFor(hidden, new URL(address, 'http://x').pathname)).got.status).toBe(200);
    for (const [event, as] of [
      [token, undefined],
      [token, 'editor'],
      [hidden, undefined],
      [hidden, 'reader'],
    ] as const) {
      for (const path of ['/feeds', `/feeds/${open.json<{ id: string }>().id}`]) {
        const unknown = await askFor(UNKNOWN, path, as);
        const asked = await askFor(event, path, as);
        expect(asked.got.status).toBe(503);
        expect(asked.got.text.replace(event, UNKNOWN)).toBe(unknown.got.text);
        expect(asked.ms).toBeGreaterThanOrEqual(WAIT_MS);
      }
    }
  });

  test('is not seen at /feeds before the view of feeds is as far as the calendar’s', async () => {
    let reached = false;
    const asked: string[] = [];
    const slow = await openWorld(({ feeds }) => ({
      feeds: {
        ...feeds,
        reached: async ({ id }) => {
          asked.push(id);
          return reached;
        },
      },
    }));
    const made = must(201, await slow.post('/meetings', body));
    const event = made.headers.get('chancery-event');
    const status = async () => (await slow.get(`/feeds?seen=${event}`, 'admin')).status;
    expect(await status()).toBe(503);
    reached = true;
    expect(await status()).toBe(200);
    expect(asked).toEqual([event, event]);
    expect((await slow.get(`/tokens?seen=${event}`, 'admin')).status).toBe(200);
    await slow.close();
  });

  test('is not one that was visible once', async () => {
    const made = must(201, await world.post('/meetings', { ...body, classification: 'public' }));
    const event = made.headers.get('chancery-event') ?? '';
    const path = made.headers.get('location');
    must(200, await world.post(`${path}/reclassify`, { classification: 'internal' }));
    expect((await askFor(event, '/meetings')).got.status).toBe(200);
  });

  test('takes as long as `after` of /changes, while the log is ahead, as one that does not exist', async () => {
    const made = must(201, await world.post('/meetings', body));
    await writeUnseen(world);
    const begun = performance.now();
    const got = await world.get(`/changes?after=${made.headers.get('chancery-event')}`);
    expect(got.status).toBe(503);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(WAIT_MS);
  });
});

describe('GET /changes?after=', () => {
  interface Changes {
    readonly items: readonly { readonly cursor: string }[];
    readonly next: string;
  }
  const changes = async (path: string, as?: 'editor') =>
    (await world.get(path, as)).json<Changes>();

  test('an event that is on its way waits for it', async () => {
    const event = await writeUnseen(patient);
    const waiting = once(patient.views.signs, 'waiting');
    const asked = patient.get(`/changes?after=${event}`, 'editor');
    await waiting;
    await catchUp(patient);
    expect((await asked).json()).toMatchObject({ items: [] });
  });

  test('an unknown one is behind while the log is ahead of the view', async () => {
    await writeUnseen(world);
    const got = await world.get(`/changes?after=${UNKNOWN}`);
    expect(got.json()).toMatchObject({ status: 503, code: 'view-behind' });
  });

  test('an unknown one is gone when nothing more can come', async () => {
    const got = await world.get(`/changes?after=${UNKNOWN}`);
    expect(got.json()).toMatchObject({ status: 410, code: 'gone' });
    expect(got.json<{ detail: string }>().detail).toContain('start again');
  });

  test('an event below the own level is gone too', async () => {
    const made = must(201, await world.post('/meetings', { title: 'Talks', form: 'visit' }));
    const event = made.headers.get('chancery-event');
    expect((await world.get(`/changes?after=${event}`)).status).toBe(410);
    expect((await world.get(`/changes?after=${event}`, 'reader')).status).toBe(200);
  });

  test('pages through every change once', async () => {
    const all = await changes('/changes?limit=500', 'editor');
    const seen: string[] = [];
    let page = await changes('/changes?limit=2', 'editor');
    while (page.items.length > 0) {
      seen.push(...page.items.map(({ cursor }) => cursor));
      page = await changes(page.next, 'editor');
    }
    expect(seen).toEqual(all.items.map(({ cursor }) => cursor));
    expect(seen.length).toBeGreaterThan(2);
  });

  test('always has a next, in the Link header too', async () => {
    const end = await world.get('/changes?limit=500');
    const { next } = end.json<Changes>();
    expect(end.headers.get('link')).toBe(`<${next}>; rel="next"`);
    expect(await changes(next)).toMatchObject({ items: [], next });
  });

  test('takes the changes of one meeting', async () => {
    must(200, await world.post(`/meetings/${MEETING.id}/confirm`, {}));
    const { items } = await changes(`/changes?meeting=${MEETING.id}`);
    expect(items).toEqual([
      expect.objectContaining({ type: 'announced', meeting: MEETING.id }),
      expect.objectContaining({ type: 'confirmed', meeting: MEETING.id }),
    ]);
  });

  test('when there is no change at all, next leads to the first', async () => {
    const empty = await openWorld();
    try {
      const { items, next } = (await empty.get('/changes')).json<Changes>();
      expect(items).toEqual([]);
      must(
        201,
        await empty.post('/meetings', { title: 'Talks', form: 'visit', classification: 'public' }),
      );
      const first = (await empty.get('/changes')).json<Changes>();
      expect((await empty.get(next)).json<Changes>().items).toEqual(first.items);
      expect(first.items).toHaveLength(1);
    } finally {
      await empty.close();
    }
  });
});
