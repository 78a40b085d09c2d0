import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS, type CommandDefinition } from '../../src/commands.ts';
import { MEETING, openWorld, REPORT, type World } from './support/world.ts';
import {
  bodyOf,
  EXAMPLE_NAMES,
  must,
  nameOf,
  pathOf,
  prepare,
  SURVIVOR,
  showsOf,
  WRITES,
} from './support/writes.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  must(201, await world.post('/meetings', { ...MEETING, id: SURVIVOR }));
});
afterAll(() => world.close());

test('every write has an example', () => {
  expect([...EXAMPLE_NAMES].sort()).toEqual(COMMANDS.map(nameOf).sort());
});

/** An id of its own for every test of every write. */
const idFor = (definition: CommandDefinition, purpose: string) =>
  `${purpose}-${nameOf(definition).replace(' ', '-')}`;

const entryPath = ({ kind }: CommandDefinition, id: string) => `/${kind}s/${id}`;

async function write(definition: CommandDefinition, id: string, headers = {}) {
  return world.post(pathOf(definition, id), bodyOf(definition, id), headers);
}

describe.each(WRITES)('%s', (_name, definition) => {
  test('is carried out, and answers with the entry as it now is', async () => {
    const id = idFor(definition, 'done');
    await prepare(world, definition, id);
    const got = await write(definition, id);
    expect(got.status, got.text).toBe(definition.creates ? 201 : 200);
    expect(got.headers.get('location')).toBe(definition.creates ? entryPath(definition, id) : null);
    expect(got.json()).toMatchObject({ id, ...showsOf(definition) });
    expect(got.headers.get('chancery-event')).toBe(await world.head());
    const { revision } = got.json<{ revision: number }>();
    expect(got.headers.get('etag')).toMatch(new RegExp(`^"r${revision}-[\\w-]{22}"$`));
    expect(got.headers.get('cache-control')).toBe('private, no-cache');
    expect(got.headers.get('vary')).toBe('Authorization');
  });

  test('repeated with its key, answers the same and writes nothing', async () => {
    const id = idFor(definition, 'again');
    await prepare(world, definition, id);
    const key = { 'idempotency-key': 'once' };
    const first = await write(definition, id, key);
    const head = await world.head();
    const again = await write(definition, id, key);
    expect(again.status).toBe(definition.creates ? 201 : 200);
    expect(again.text).toBe(first.text);
    for (const name of ['chancery-event', 'etag', 'location']) {
      expect(again.headers.get(name), name).toBe(first.headers.get(name));
    }
    expect(await world.head()).toBe(head);
  });

  test('with a stale ETag is refused', async () => {
    const id = idFor(definition, 'match');
    await prepare(world, definition, id);
    const stale = await write(definition, id, { 'if-match': '"r9-stale"' });
    expect(stale.status).toBe(412);
    const actual = definition.creates ? null : expect.any(Number);
    expect(stale.json()).toMatchObject({ code: 'revision-conflict', expected: 9, actual });
  });

  test.each([
    [undefined, 401, 'Bearer realm="chancery"'],
    ['reader', 403, 'Bearer realm="chancery", error="insufficient_scope"'],
  ] as const)('by %s is %i, before the body is read', async (as, status, challenge) => {
    const head = await world.head();
    const got = await world.ask(pathOf(definition, 'none'), { method: 'POST', as, raw: '{' });
    expect(got.status).toBe(status);
    expect(got.headers.get('www-authenticate')).toBe(challenge);
    expect(await world.head()).toBe(head);
  });

  test('refuses fields that it does not know, and names them', async () => {
    const id = idFor(definition, 'misspelt');
    const body = { ...bodyOf(definition, id), resaon: 'misspelt', '/~': 1 };
    const got = await world.post(pathOf(definition, id), body);
    expect(got.json()).toMatchObject({ status: 400, code: 'validation-failed' });
    const { errors } = got.json<{ errors: { path: string }[] }>();
    expect(errors.map(({ path }) => path)).toEqual(['/resaon', '/~1~0']);
  });

  test('takes no parameters', async () => {
    const id = idFor(definition, 'parameter');
    const got = await world.post(`${pathOf(definition, id)}?dryRun=true`, bodyOf(definition, id));
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'dryRun' }] });
  });
});

describe.each(WRITES.filter(([, { creates }]) => !creates))('%s', (_name, definition) => {
  test('with the ETag of the answer before is carried out', async () => {
    const id = idFor(definition, 'present');
    const before = await prepare(world, definition, id);
    const tag = before?.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"r\d+-/);
    expect((await write(definition, id, { 'if-match': tag })).status).toBe(200);
  });

  test('of an entry that is not there is 404, as of one that is hidden', async () => {
    const { kind } = definition;
    const fact =
      kind === 'meeting' ? { title: 'Talks', form: 'visit' } : { ...REPORT, id: undefined };
    const hidden = { ...fact, classification: 'confidential' };
    const made = must(201, await world.post(`/${kind}s`, hidden, {}, 'insider'));
    const { id } = made.json<{ id: string }>();
    const head = await world.head();
    const answers = await Promise.all([id, 'none'].map((target) => write(definition, target)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    const [ofHidden, ofNone] = answers.map(({ text }) => text);
    expect(ofHidden?.replaceAll(id, 'none')).toBe(ofNone);
    expect(await world.head()).toBe(head);
  });
});

describe('a new entry', () => {
  test('gets an id when it names none', async () => {
    const got = must(201, await world.post('/meetings', { title: 'Talks', form: 'bilateral' }));
    const { id } = got.json<{ id: string }>();
    expect(got.headers.get('location')).toBe(`/meetings/${id}`);
    expect((await world.get(`/meetings/${id}`, 'editor')).text).toBe(got.text);
  });

  test('is internal unless it says otherwise', async () => {
    const got = await world.post('/meetings', { id: 'by-default', title: 'Talks', form: 'visit' });
    expect(got.json()).toMatchObject({ classification: 'internal' });
    expect((await world.get('/meetings/by-default')).status).toBe(404);
  });

  test('may be a proposal', async () => {
    const body = { title: 'Astana format summit', form: 'summit', status: 'proposed' };
    expect((await world.post('/meetings', body)).json()).toMatchObject({ status: 'proposed' });
  });

  test('never takes an id that was used before, also of an entry that is hidden', async () => {
    const taken = { id: 'taken', title: 'Talks', form: 'visit' };
    must(201, await world.post('/meetings', taken));
    await world.post(
      '/meetings/taken/reclassify',
      { classification: 'confidential' },
      {},
      'insider',
    );
    const got = await world.post('/meetings', taken);
    expect(got.json()).toMatchObject({ status: 409, code: 'id-taken' });
  });

  test('that needs a title and a form says so, each where it belongs', async () => {
    const { errors } = (await world.post('/meetings', {})).json<{ errors: { path: string }[] }>();
    expect(errors.map(({ path }) => path)).toEqual(['/title', '/form']);
  });

  test('is refused with a pointer to every wrong value', async () => {
    const body = {
      ...REPORT,
      id: 'wrong',
      claims: [
        { id: 'c1', meeting: 'a', field: 'when', value: { edtf: '2022' } },
        { id: 'c2', meeting: 'a', field: 'status', value: 'lost' },
      ],
      speakers: [{ name: '' }],
    };
    const { errors } = (await world.post('/announcements', body)).json<{
      errors: { path: string }[];
    }>();
    expect(errors.map(({ path }) => path).sort()).toEqual(['/claims/1/value', '/speakers/0/name']);
  });

  test('with a date that does not exist is refused', async () => {
    const body = { title: 'Talks', form: 'visit', when: { edtf: '2022-02-30' } };
    const got = await world.post('/meetings', body);
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: '/when/edtf' }] });
  });
});

describe('classification', () => {
  test('above the own ceiling is forbidden, for a new entry and an old one', async () => {
    const above = { classification: 'confidential' };
    must(201, await world.post('/meetings', { id: 'mine', title: 'Talks', form: 'visit' }));
    for (const [path, body] of [
      ['/meetings', { title: 'Talks', form: 'visit', ...above }],
      ['/announcements', { ...REPORT, id: undefined, ...above }],
      ['/meetings/mine/reclassify', above],
    ] as const) {
      const got = await world.post(path, body);
      expect(got.json(), path).toMatchObject({ status: 403, code: 'forbidden' });
      expect(got.headers.get('www-authenticate')).toContain('insufficient_scope');
    }
  });

  test('up to the own ceiling is allowed', async () => {
    const body = { title: 'Talks', form: 'visit', classification: 'confidential' };
    const got = must(201, await world.post('/meetings', body, {}, 'insider'));
    expect(got.json()).toMatchObject({ classification: 'confidential' });
  });

  test('confidential takes no chosen id', async () => {
    const body = { id: 'chosen', title: 'Talks', form: 'visit', classification: 'confidential' };
    const got = await world.post('/meetings', body, {}, 'insider');
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: '/id' }] });
  });

  test('a released entry is public at once', async () => {
    must(201, await world.post('/meetings', { id: 'release', title: 'Talks', form: 'visit' }));
    must(200, await world.post('/meetings/release/reclassify', { classification: 'public' }));
    expect((await world.get('/meetings/release')).status).toBe(200);
  });
});

describe('what the caller cannot see', () => {
  let secret: { meeting: string; report: string };

  beforeAll(async () => {
    const classification = 'confidential';
    const meeting = await world.post(
      '/meetings',
      { title: 'A', form: 'visit', classification },
      {},
      'insider',
    );
    const report = await world.post(
      '/announcements',
      { ...REPORT, id: undefined, classification },
      {},
      'insider',
    );
    secret = {
      meeting: must(201, meeting).json<{ id: string }>().id,
      report: must(201, report).json<{ id: string }>().id,
    };
    must(201, await world.post('/meetings', { id: 'seen', title: 'Talks', form: 'visit' }));
  });

  const answers = (path: string, bodies: readonly object[]) =>
    Promise.all(bodies.map(async (body) => (await world.post(path, body)).text));

  test('is unknown as a source, as one that is not there', async () => {
    const [ofHidden, ofNone] = await answers('/meetings/seen/cancel', [
      { basedOn: [secret.report] },
      { basedOn: ['none'] },
    ]);
    expect(ofHidden).toContain('"rule":"unknown-announcement"');
    expect(ofHidden?.replaceAll(secret.report, 'none')).toBe(ofNone);
  });

  test('is unknown as a survivor, as one that is not there', async () => {
    const [ofHidden, ofNone] = await answers('/meetings/seen/merge', [
      { into: secret.meeting },
      { into: 'none' },
    ]);
    expect(ofHidden).toContain('"rule":"unknown-meeting"');
    expect(ofHidden?.replaceAll(secret.meeting, 'none')).toBe(ofNone);
  });
});

describe('a meeting that is gone', () => {
  const gone = async (id: string, as?: 'editor') => (await world.get(`/meetings/${id}`, as)).json();
  const make = async (id: string, classification = 'public') =>
    must(201, await world.post('/meetings', { id, title: 'Talks', form: 'visit', classification }));

  test('withdrawn is 410', async () => {
    await make('withdrawn');
    must(200, await world.post('/meetings/withdrawn/withdraw', { reason: 'entered twice' }));
    const problem = await gone('withdrawn');
    expect(problem).toMatchObject({ status: 410, code: 'gone' });
    expect(problem).not.toHaveProperty('into');
  });

  test('merged is 410 with a pointer to the survivor', async () => {
    await make('first');
    await make('second');
    must(200, await world.post('/meetings/second/merge', { into: 'first' }));
    expect(await gone('second')).toMatchObject({
      status: 410,
      code: 'gone',
      into: 'first',
      links: { into: '/meetings/first' },
    });
  });

  test('merged into one that the caller cannot see has no pointer', async () => {
    await make('internal-one', 'internal');
    await make('public-one');
    must(200, await world.post('/meetings/public-one/merge', { into: 'internal-one' }));
    expect(JSON.stringify(await gone('public-one'))).not.toContain('internal-one');
    expect(await gone('public-one', 'editor')).toMatchObject({ into: 'internal-one' });
  });

  test('merged into one that is itself gone has no pointer', async () => {
    await make('lost');
    await make('found');
    must(200, await world.post('/meetings/found/merge', { into: 'lost' }));
    must(200, await world.post('/meetings/lost/withdraw', { reason: 'entered twice' }));
    expect(await gone('found')).not.toHaveProperty('into');
  });
});

test('a rule that refuses is named, and nothing is written', async () => {
  must(201, await world.post('/meetings', { ...MEETING, id: 'ruled' }));
  const head = await world.head();
  const got = await world.post('/meetings/ruled/reschedule', { when: MEETING.when });
  expect(got.json()).toMatchObject({ status: 409, code: 'rejected', rule: 'same-date' });
  expect(await world.head()).toBe(head);
});

test('no body at all is an empty one', async () => {
  must(201, await world.post('/meetings', { id: 'bare', title: 'Talks', form: 'visit' }));
  const got = await world.ask('/meetings/bare/confirm', { method: 'POST', as: 'editor' });
  expect(got.json()).toMatchObject({ status: 'confirmed' });
});

test('sources and what they state come with the write', async () => {
  must(201, await world.post('/announcements', { ...REPORT, id: 'source' }));
  const body = { ...MEETING, id: 'sourced', basedOn: ['source'] };
  expect((await world.post('/meetings', body)).json()).toMatchObject({
    statedAt: '2021-11-21',
    sources: [{ announcement: 'source' }],
  });
});

describe('a write that the view has not got to', () => {
  test.each([
    ['a new entry', '/meetings', { id: 'late', title: 'Talks', form: 'visit' }, '/meetings/late'],
    ['an old one', '/meetings/held-up/cancel', {}, '/meetings/held-up'],
  ])('is 202 for %s, with its place and its event and no body', async (_, path, body, location) => {
    if (path !== '/meetings') {
      must(201, await world.post('/meetings', { id: 'held-up', title: 'Talks', form: 'visit' }));
    }
    world.views.held = true;
    try {
      const got = await world.post(path, body);
      expect(got.status).toBe(202);
      expect(got.text).toBe('');
      expect(got.headers.get('location')).toBe(location);
      expect(got.headers.get('chancery-event')).toBe(await world.head());
      expect(got.headers.has('etag')).toBe(false);
    } finally {
      world.views.held = false;
    }
  });

  test('is answered in full when it is repeated later', async () => {
    const send = () =>
      world.post(
        '/meetings',
        { id: 'later', title: 'Talks', form: 'visit' },
        { 'idempotency-key': 'l' },
      );
    world.views.held = true;
    const first = await send();
    world.views.held = false;
    const again = await send();
    expect([first.status, again.status]).toEqual([202, 201]);
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
    expect(again.json()).toMatchObject({ id: 'later' });
  });

  test('is 202 where the view has set it aside, for which nobody need wait', async () => {
    const setAside = await openWorld(({ views }) => ({
      views: Object.assign(Object.create(views), { waitFor: async () => true }),
    }));
    try {
      setAside.views.held = false;
      must(202, await setAside.post('/meetings', { ...MEETING, id: 'aside' }));
      await setAside.views.catchUp();
      setAside.views.held = true;
      const got = must(202, await setAside.post('/meetings/aside/confirm', {}));
      expect(got.headers.get('location')).toBe('/meetings/aside');
    } finally {
      await setAside.close();
    }
  });
});
