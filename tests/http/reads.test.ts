import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEETING, openWorld, REPORT, type World } from './support/world.ts';
import { must } from './support/writes.ts';

let world: World;

interface List {
  readonly items: readonly { readonly id: string; readonly title: string }[];
  readonly next: string | null;
}

beforeAll(async () => {
  world = await openWorld(({ limits }) => ({ limits: { ...limits, feedBuildWaitMs: 0 } }));
  expect((await world.post('/announcements', REPORT)).status).toBe(201);
  const made = await world.post('/meetings', { ...MEETING, basedOn: [REPORT.id] });
  expect(made.status, made.text).toBe(201);
});
afterAll(() => world.close());

describe('a meeting', () => {
  test('is shown as exactly as its date is known, with its source', async () => {
    const got = await world.get(`/meetings/${MEETING.id}`);
    expect(got.status).toBe(200);
    const meeting = got.json<Record<string, Record<string, unknown>>>();
    expect(meeting.when).toMatchObject({ edtf: '2022-08', precision: 'month' });
    expect(meeting.when).not.toHaveProperty('startsAt');
    expect(meeting).not.toHaveProperty('revision');
    expect(meeting.sources).toEqual([
      expect.objectContaining({ announcement: REPORT.id, publishedAt: '2021-11-21' }),
    ]);
  });

  test('has a revision and a tag of it for editors', async () => {
    const got = await world.get(`/meetings/${MEETING.id}`, 'editor');
    expect(got.json()).toMatchObject({ revision: 0 });
    expect(got.headers.get('etag')).toMatch(/^"r0-[\w-]{22}"$/);
    expect(got.headers.get('cache-control')).toBe('private, no-cache');
    expect(got.headers.get('vary')).toBe('Authorization');
  });

  test('has a history of changes with sentences', async () => {
    const got = await world.get(`/meetings/${MEETING.id}/history`);
    expect(got.json<{ items: unknown[] }>().items).toEqual([
      expect.objectContaining({ meeting: MEETING.id, sentence: expect.any(String) }),
    ]);
  });

  test('that does not exist is 404, with a problem', async () => {
    const got = await world.get('/meetings/no-such');
    expect(got.status).toBe(404);
    expect(got.headers.get('content-type')).toBe('application/problem+json');
    expect(got.json()).toMatchObject({ type: '/problems/not-found', code: 'not-found' });
    expect((await world.get('/meetings/NOT%20AN%20ID')).status).toBe(404);
  });
});

test('as of an instant of this day, what was over then is past, whatever was recorded since', async () => {
  const own = await openWorld();
  const when = { start: '2021-11-22T08:00', end: '2021-11-22T08:10', timezone: 'UTC' };
  own.clock.ms = Date.UTC(2021, 10, 22, 7);
  must(201, await own.post('/meetings', { ...MEETING, id: 'short', when }));
  own.clock.ms = Date.UTC(2021, 10, 22, 8, 20);
  must(200, await own.post('/meetings/short/hold', {}));
  const ids = async (path: string) => (await own.get(path)).json<List>().items.map((m) => m.id);
  for (const day of ['asOf=2021-11-22T08:15:00Z', 'asOf=2021-11-22', 'statedAsOf=2021-11-22']) {
    expect(await ids(`/schedule/past?${day}`)).toEqual(['short']);
    expect(await ids(`/schedule/upcoming?${day}`)).toEqual([]);
  }
  const later = { start: '2021-11-22T09:00', end: '2021-11-22T09:10', timezone: 'UTC' };
  must(201, await own.post('/meetings', { ...MEETING, id: 'later', when: later }));
  const past = '/schedule/past?statedAsOf=2021-11-22';
  expect(await ids(past)).toEqual(['short']);
  own.clock.ms = Date.UTC(2021, 10, 22, 9, 11);
  expect(await ids(past)).toEqual(['later', 'short']);
  await own.close();
});

test('upcoming has what lies ahead, past has not', async () => {
  const ids = async (path: string) => (await world.get(path)).json<List>().items.map((m) => m.id);
  expect(await ids('/schedule/upcoming')).toContain(MEETING.id);
  expect(await ids('/schedule/past')).not.toContain(MEETING.id);
  expect(await ids('/schedule/past?now=2022-09-02T00:00:00Z')).toContain(MEETING.id);
});

test('announcements show their claims with agreement', async () => {
  const got = await world.get(`/announcements/${REPORT.id}`);
  expect(got.json<{ claims: unknown[] }>().claims).toEqual([
    expect.objectContaining({ agreement: 'agrees' }),
  ]);
  const list = (await world.get('/announcements?outlet=Tehran%20Times')).json<List>();
  expect(list.items.map((a) => a.id)).toEqual([REPORT.id]);
  expect((await world.get(`/announcements/${REPORT.id}/history`)).status).toBe(200);
});

test.each([
  ['tracks', MEETING.track],
  ['topics', 'constitution'],
  ['places', 'Geneva'],
])('%s lists what filters take', async (name, value) => {
  const { items } = (await world.get(`/${name}`)).json<{ items: { value: string }[] }>();
  expect(items.map((item) => item.value.toLowerCase())).toContain(value.toLowerCase());
});

describe('filters', () => {
  test.each([
    'from=2022-08-01',
    'from=2022-08-01&to=2022-08-31&certain=true',
    'country=CH',
    'place=geneva',
    'track=syrian-constitutional-committee',
    'topic=constitution',
    'form=session&form=summit',
    'status=announced',
    'precision=month',
    'q=Constitutional',
    'limit=500',
    'sort=-recordedAt',
  ])('%s finds it', async (query) => {
    const { items } = (await world.get(`/meetings?${query}`)).json<List>();
    expect(items.map((m) => m.id)).toContain(MEETING.id);
  });

  test.each(['from=2022-09-01', 'country=IR', 'form=summit', 'status=held', 'q=zzz'])(
    '%s does not',
    async (query) => {
      const { items } = (await world.get(`/meetings?${query}`)).json<List>();
      expect(items.map((m) => m.id)).not.toContain(MEETING.id);
    },
  );

  test.each([
    ['statsu=held', 'statsu'],
    ['status=nope', 'status'],
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['from=yesterday', 'from'],
    ['now=2022-01-01', 'now'],
    ['certain=yes', 'certain'],
    ['country=ch', 'country'],
    ['sort=title', 'sort'],
    ['seen=1', 'seen'],
    ['__proto__=1', '__proto__'],
    ['q=%FF', ''],
    ['q=%', ''],
    ['q=%00', 'q'],
  ])('%s is refused and named', async (query, path) => {
    const got = await world.get(`/meetings?${query}`);
    expect(got.status, got.text).toBe(400);
    const problem = got.json<{ code: string; errors: { path: string }[] }>();
    expect(problem.code).toBe('validation-failed');
    expect(problem.errors[0]?.path.split('/')[0]).toBe(path);
  });

  test('a cursor of nowhere is a 4xx', async () => {
    for (const path of [
      '/meetings',
      '/announcements',
      '/parties',
      `/meetings/${MEETING.id}/history`,
    ]) {
      const got = await world.get(`${path}?cursor=%25%25nonsense`);
      expect([400, 410], `${path} ${got.text}`).toContain(got.status);
    }
  });
});

describe('pages', () => {
  let own: World;
  const EVEN = [2, 4, 6, 8, 10, 12, 14];
  const title = (n: number) => `Talks ${n}`;
  const add = (n: number) =>
    own.post('/meetings', {
      title: title(n),
      form: 'bilateral',
      when: { edtf: `2022-03-${String(n).padStart(2, '0')}` },
      classification: 'public',
    });

  beforeAll(async () => {
    own = await openWorld();
    for (const n of EVEN) expect((await add(n)).status).toBe(201);
  });
  afterAll(() => own.close());

  test('lose and repeat nothing when meetings are added between them', async () => {
    const seen: string[] = [];
    let next: string | null = '/schedule/upcoming?limit=2&form=bilateral';
    for (let extra = 1; next !== null; extra += 2) {
      const page: List = (await own.get(next)).json<List>();
      seen.push(...page.items.map((m) => m.title));
      await add(extra);
      next = page.next;
    }
    const even = EVEN.map(title);
    expect(seen.filter((t) => even.includes(t))).toEqual(even);
  });

  test('are linked in a header too, with the filters and the instant pinned', async () => {
    const got = await own.get('/meetings?limit=2&form=bilateral&form=visit');
    const { next } = got.json<{ next: string }>();
    expect(got.headers.get('link')).toBe(`<${next}>; rel="next"`);
    const parameters = new URL(next, 'http://calendar.example').searchParams;
    expect(parameters.get('now')).toBe('2021-11-22T00:00:00.000Z');
    expect(parameters.getAll('form')).toEqual(['bilateral', 'visit']);
  });

  test('the last one links nowhere', async () => {
    const got = await own.get('/meetings?limit=500');
    expect(got.json()).toMatchObject({ next: null });
    expect(got.headers.has('link')).toBe(false);
  });

  test('keep the instant that the first one named', async () => {
    const { next } = (await own.get('/schedule/past?limit=1&now=2022-04-01T00:00:00Z')).json<{
      next: string;
    }>();
    expect(next).toContain('now=2022-04-01T00%3A00%3A00.000Z');
    own.clock.ms += 86_400_000;
    expect((await own.get(next)).json<List>().items).toHaveLength(1);
  });

  test.each(['topics', 'tracks', 'parties', 'places'])(
    '%s page by value, and lose none',
    async (facet) => {
      const values = (path: string) =>
        own
          .get(path)
          .then((got) => got.json<{ items: { value: string }[]; next: string | null }>());
      for (const name of ['c', 'a', 'b']) {
        await own.post('/meetings', {
          title: 'Talks',
          form: 'visit',
          topics: [name],
          track: name,
          participants: [{ party: name, name }],
          place: { name },
          classification: 'public',
        });
      }
      const seen: string[] = [];
      let next: string | null = `/${facet}?limit=1`;
      while (next !== null) {
        const page: Awaited<ReturnType<typeof values>> = await values(next);
        seen.push(...page.items.map(({ value }) => value));
        next = page.next;
      }
      expect(seen).toEqual(['a', 'b', 'c']);
    },
  );
});

describe('announcements are found by', () => {
  const SPEECH = {
    ...REPORT,
    id: 'khaji-statement',
    kind: 'statement',
    outlet: 'Foreign Ministry',
    about: [],
    claims: [],
    publishedAt: { value: '2021-11-20T10:00:00Z' },
    speakers: [{ party: 'khaji', name: 'Ali Asghar Khaji' }],
    topics: ['reconstruction'],
  };

  beforeAll(async () => {
    expect((await world.post('/announcements', SPEECH)).status).toBe(201);
  });

  const found = async (query: string) =>
    (await world.get(`/announcements?${query}`)).json<List>().items.map(({ id }) => id);

  test.each([
    ['speaker=khaji', 'the party of a speaker'],
    ['speaker=Ali%20Asghar%20Khaji', 'the name of a speaker'],
    ['speaker=ali%20asghar%20kh%C3%A1ji', 'the name, folded'],
    ['outlet=foreign%20ministry', 'the outlet, folded'],
    ['kind=statement', 'the kind'],
    ['topic=reconstruction', 'the topic'],
    ['to=2021-11-20', 'the day of publication'],
    ['from=2021-11-20T10:00:00Z&to=2021-11-20T10:00:01Z', 'the moment of publication'],
    ['q=khaji', 'words'],
  ])('%s: %s', async (query) => {
    expect(await found(query)).toEqual([SPEECH.id]);
  });

  test('the meeting they speak of', async () => {
    expect(await found(`meeting=${MEETING.id}`)).toEqual([REPORT.id]);
  });

  test('any of several values', async () => {
    expect((await found('kind=statement&kind=report')).sort()).toEqual(
      [SPEECH.id, REPORT.id].sort(),
    );
  });

  test('nothing but the parameters there are', async () => {
    const got = await world.get('/announcements?participant=khaji');
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'participant' }] });
  });

  test.each([
    ['-latest', [REPORT.id, SPEECH.id]],
    ['latest', [SPEECH.id, REPORT.id]],
    ['recordedAt', [REPORT.id, SPEECH.id].sort()],
  ])('and sorted by %s', async (sort, expected) => {
    expect(await found(`sort=${sort}`)).toEqual(expected);
  });
});

describe('conditional requests', () => {
  test('304 with the validator when nothing changed, in any form of the field', async () => {
    for (const path of ['/meetings', `/meetings/${MEETING.id}`, '/openapi.json', '/', '/tracks']) {
      const first = await world.get(path);
      const tag = first.headers.get('etag') ?? '';
      for (const field of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await world.get(path, undefined, { 'if-none-match': field });
        expect(again.status, `${path} ${field}`).toBe(304);
        expect(again.headers.get('etag')).toBe(tag);
        expect(again.text).toBe('');
      }
      const other = await world.get(path, undefined, { 'if-none-match': '"other"' });
      expect(other.status).toBe(200);
    }
  });

  test('the tag changes with the bytes, and the cache does not outlive a change', async () => {
    const before = await world.get('/meetings?form=visit');
    await world.post('/meetings', { title: 'A visit', form: 'visit', classification: 'public' });
    const after = await world.get('/meetings?form=visit');
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect(after.json<List>().items).toHaveLength(1);
  });

  test('an answer does not outlive the instant at which a meeting becomes past', async () => {
    const own = await openWorld();
    await own.post('/meetings', {
      title: 'Tomorrow',
      form: 'visit',
      when: { edtf: '2021-11-22' },
      classification: 'public',
    });
    const ids = async () => (await own.get('/schedule/upcoming')).json<List>().items.length;
    expect(await ids()).toBe(1);
    own.clock.ms = Date.parse('2021-11-23T00:00:01Z');
    expect(await ids()).toBe(0);
    await own.close();
  });

  test('levels do not share answers', async () => {
    await world.post('/meetings', { title: 'Hidden from view', form: 'summit' });
    expect((await world.get('/meetings?form=summit', 'editor')).json<List>().items).toHaveLength(1);
    expect((await world.get('/meetings?form=summit')).json<List>().items).toHaveLength(0);
    expect((await world.get('/meetings?form=summit', 'reader')).json<List>().items).toHaveLength(1);
    expect((await world.get('/meetings?form=summit', 'reader')).text).not.toContain('revision');
  });
});

test('HEAD answers as GET without a body', async () => {
  for (const path of [
    '/',
    '/meetings',
    `/meetings/${MEETING.id}`,
    '/calendar.ics',
    '/healthz',
    '/openapi.json',
    '/changes',
    '/problems/gone',
    '/meetings/none',
  ]) {
    const get = await world.get(path);
    const head = await world.ask(path, { method: 'HEAD' });
    expect(head.status, path).toBe(get.status);
    expect(head.text).toBe('');
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  }
});

describe('changes', () => {
  test('run from the start, go on from any of them, and always have next', async () => {
    const all = (await world.get('/changes')).json<{ items: { cursor: string }[]; next: string }>();
    expect(all.items.length).toBeGreaterThan(1);
    const [first, ...rest] = all.items.map((c) => c.cursor);
    const onwards = (await world.get(`/changes?after=${first}`)).json<typeof all>();
    expect(onwards.items.map((c) => c.cursor)).toEqual(rest);
    const end = (await world.get(all.next)).json<typeof all>();
    expect(end.items).toEqual([]);
    expect(end.next).toBe(all.next);
  });

  test('an unknown cursor is gone when this node is caught up, behind when it is not', async () => {
    const unknown = '/changes?after=00000000-0000-4000-8000-000000000000';
    await world.views.catchUp();
    const gone = await world.get(unknown);
    expect(gone.json()).toMatchObject({ code: 'gone', status: 410 });
    world.views.held = true;
    try {
      await world.post('/meetings', { title: 'Late', form: 'visit' });
      const behind = await world.get(unknown);
      expect(behind.json()).toMatchObject({ code: 'view-behind', status: 503 });
      expect(behind.headers.get('retry-after')).toBe('2');
    } finally {
      world.views.held = false;
      await world.views.catchUp();
    }
  });

  test('a cursor that was never an id is refused', async () => {
    expect((await world.get('/changes?after=12')).status).toBe(400);
  });
});

describe('seen', () => {
  test('waits on every read until the event is applied, else says so', async () => {
    world.views.held = true;
    const made = await world.post('/meetings', {
      title: 'Seen',
      form: 'briefing',
      classification: 'public',
    });
    expect(made.status).toBe(202);
    const event = made.headers.get('chancery-event') ?? '';
    const location = made.headers.get('location') ?? '';
    for (const path of [
      '/meetings',
      location,
      '/changes',
      '/parties',
      '/calendar.ics',
      '/announcements',
    ]) {
      const got = await world.get(`${path}?seen=${event}`);
      expect(got.json(), path).toMatchObject({ code: 'view-behind' });
    }
    world.views.held = false;
    const got = await world.get(`${location}?seen=${event}`);
    expect(got.json()).toMatchObject({ title: 'Seen' });
  });
});

describe('while views are being built', () => {
  const PATHS = ['/meetings', '/changes', '/calendar.ics', '/topics', `/meetings/${MEETING.id}`];

  beforeAll(async () => {
    for (const path of PATHS) expect((await world.get(path)).status).toBe(200);
    world.views.building = true;
  });
  afterAll(() => {
    world.views.building = false;
  });

  test.each(PATHS)('%s says so, whatever was kept of it', async (path) => {
    const got = await world.get(path);
    expect(got.json()).toMatchObject({ status: 503, code: 'view-behind' });
    expect(Number(got.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('the server is alive and not ready', async () => {
    expect((await world.get('/healthz')).status).toBe(200);
    expect((await world.get('/readyz')).status).toBe(503);
  });
});

test('a parameter that is given twice and taken once is refused as such', async () => {
  const got = await world.get('/meetings?now=2022-01-01T00:00:00Z&now=2022-01-02T00:00:00Z');
  expect(got.json()).toMatchObject({ errors: [{ path: 'now', message: 'give it once' }] });
});
