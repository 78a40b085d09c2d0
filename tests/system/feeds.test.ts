import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lint } from '../../src/ical/index.ts';
import { readEvents } from '../ical/support/oracles.ts';
import {
  call,
  type Environment,
  openServer,
  run,
  type Server,
  temporaryFolder,
} from '../support/program.ts';

/** Saved feeds on a real server and on the command line. */

let folder: ReturnType<typeof temporaryFolder>;
let server: Server | undefined;
let env: Environment;

const TOKEN = 'a-token-for-the-feed-tests-0123456789';
beforeEach(() => {
  folder = temporaryFolder('feeds-');
  env = {
    DATA_DIR: join(folder.path, 'data'),
    ADMIN_TOKEN: TOKEN,
    PUBLIC_URL: 'https://calendar.example.org',
  };
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  folder.remove();
});

const serve = async (): Promise<string> => {
  server = await openServer(env);
  return server.url;
};
/** An address as it is told, on the server of the test. */
const local = (base: string, address: string) =>
  address.replace('https://calendar.example.org', base);

async function post(url: string, body: object): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response;
}
const get = (url: string, client = 'test') =>
  fetch(url, { headers: { 'user-agent': client, 'accept-encoding': 'identity' } });

const addressOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { address: string }).address;

const MEETING = {
  ...{ title: 'Consultations', form: 'bilateral', classification: 'internal' },
  ...{ when: { edtf: '2090-08-12' }, place: { name: 'Geneva', country: 'CH' } },
};

/** A feed as served: sound bytes, the same a second time. */
async function calendar(url: string): Promise<string> {
  const first = await get(url);
  expect(first.status).toBe(200);
  const bytes = Buffer.from(await first.arrayBuffer());
  expect(lint(bytes)).toEqual([]);
  expect(first.headers.get('content-length')).toBe(String(bytes.length));
  const again = await get(url);
  expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  return bytes.toString();
}

describe('a private feed', () => {
  test('shows what its ceiling allows, and rotated tells those at the old address', async () => {
    const base = await serve();
    await post(`${base}/meetings`, MEETING);
    const desk = await addressOf(
      await post(`${base}/feeds`, { id: 'desk', name: 'Desk', private: true }),
    );
    const old = local(base, desk);
    const text = await calendar(old);
    expect(readEvents(text).map(({ event }) => event.summary)).toEqual(['Consultations']);
    expect(text).not.toContain('SOURCE');
    expect((await (await get(`${base}/calendar.ics`)).text()).includes('Consultations')).toBe(
      false,
    );
    const rotated = await addressOf(await post(`${base}/feeds/desk/rotate`, {}));
    const next = await calendar(local(base, rotated));
    expect(next).toBe(text);
    const told = readEvents(await calendar(old));
    expect(told.map(({ event }) => event.summary)).toEqual([
      expect.stringContaining('This calendar has a new address'),
      'Consultations',
    ]);
    expect(told[0]?.event.description).toContain('subscribe to that');
    await post(`${base}/feeds/desk/revoke`, {});
    expect((await get(old)).status).toBe(404);
    expect((await get(local(base, rotated))).status).toBe(404);
  });

  test('with other options or a higher ceiling, has its entries replaced by programs that go by SEQUENCE', async () => {
    const base = await serve();
    const of = { id: 'talks', ...MEETING };
    await post(`${base}/meetings`, of);
    const secret = {
      ...{ kind: 'report', publishedAt: { value: '2026-01-01', basis: 'stated' } },
      ...{ title: 'Talks sure', outlet: 'Wire', language: 'en' },
    };
    const wire = await post(`${base}/announcements`, { ...secret, classification: 'confidential' });
    const { id } = (await wire.json()) as { id: string };
    await post(`${base}/meetings/talks/confirm`, { basedOn: [id] });
    await post(`${base}/meetings/talks/cancel`, {});
    const facts = { name: 'Desk', ceiling: 'internal', options: { cancelled: 'label' } };
    const desk = local(
      base,
      await addressOf(await post(`${base}/feeds`, { id: 'desk', private: true, ...facts })),
    );
    const entry = async () => {
      const [read] = readEvents(await calendar(desk));
      if (read === undefined) throw new Error('there is no entry');
      const told = (name: string) => String(read.event.component.getFirstPropertyValue(name));
      return {
        ...read,
        status: told('status'),
        sequence: Number(told('sequence')),
        stamp: told('dtstamp'),
      };
    };
    const put = async (body: object) => {
      const response = await fetch(`${base}/feeds/desk`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
    };
    const first = await entry();
    expect(first.status).toBe('CONFIRMED');
    await put({ ...facts, name: 'The desk', filters: { country: ['CH'] } });
    expect(await entry()).toMatchObject({ sequence: first.sequence, stamp: first.stamp });
    await put({ ...facts, options: {} });
    const second = await entry();
    expect(second).toMatchObject({ status: 'CANCELLED', sequence: first.sequence + 1 });
    expect(second.stamp >= first.stamp).toBe(true);
    await put({ ...facts, options: {}, ceiling: 'confidential' });
    const third = await entry();
    expect(third.event.description).toContain('Wire');
    expect(third.sequence).toBeGreaterThan(second.sequence);
  });

  test('its last use survives a restart, and neither log has its address', async () => {
    const base = await serve();
    const desk = await addressOf(
      await post(`${base}/feeds`, { id: 'desk', name: 'Desk', private: true }),
    );
    await get(local(base, desk), 'Thunderbird/140');
    await get(`${local(base, desk)}?limit=3`);
    await server?.stop();
    const { stdout } = await call(['feed', 'show', 'desk'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ use: { client: 'Thunderbird/140', count: 1 } });
    const secret = /private\/([\w-]{43})\.ics$/.exec(desk)?.[1] ?? 'none';
    const log = await call(['export'], { env });
    for (const told of [log.stdout, stdout, ...Object.values(server?.output() ?? {})]) {
      expect(told).not.toContain(secret);
    }
    server = undefined;
  });
});

test('two servers on one store, and one that built its views anew, serve the same bytes', async () => {
  const base = await serve();
  for (const edtf of ['2090-08', '2090-08-12', '2090-08-20/2090-08-24']) {
    await post(`${base}/meetings`, { ...MEETING, classification: 'public', when: { edtf } });
  }
  const desk = await addressOf(await post(`${base}/feeds`, { name: 'Desk', private: true }));
  const paths = ['/calendar.ics', '/calendar.ics?approx=marker&country=CH', local('', desk)];
  const tags = async (at: string) =>
    Promise.all(paths.map(async (path) => (await get(at + path)).headers.get('etag')));
  const first = await tags(base);
  expect(new Set(first).size).toBe(3);
  const file = join(folder.path, 'data', 'chancery.db');
  const shared = { DATA_DIR: join(folder.path, 'two'), STORE_URL: `sqlite:${file}` };
  const second = await openServer({ ...env, ...shared });
  try {
    expect(await tags(second.url)).toEqual(first);
  } finally {
    await second.stop();
  }
  await server?.stop();
  server = undefined;
  expect((await call(['rebuild'], { env })).code).toBe(0);
  expect(await tags(await serve())).toEqual(first);
});

describe('the command line', () => {
  test('makes, changes, rotates, revokes and deletes feeds that a server then follows', async () => {
    const made = await run(
      [
        'feed',
        'create',
        '--id',
        'geneva',
        '--name',
        'Geneva',
        '--filter',
        'country=CH',
        '--option',
        'past=30',
      ],
      { env },
    );
    expect(made).toMatchObject({
      code: 0,
      stdout: 'https://calendar.example.org/feeds/geneva.ics\n',
    });
    const shut = await call(['feed', 'create', '--id', 'desk', '--name', 'Desk', '--private'], {
      env,
    });
    expect(shut.stdout).toMatch(
      /^https:\/\/calendar\.example\.org\/feeds\/private\/[\w-]{43}\.ics\n$/,
    );
    const base = await serve();
    await calendar(`${base}/feeds/geneva.ics`);
    await calendar(local(base, shut.stdout.trim()));
    await server?.stop();
    server = undefined;
    const again = await call(['feed', 'create', '--id', 'geneva', '--name', 'Geneva'], { env });
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('was used before');
    expect(await call(['feed', 'change', 'geneva', '--name', 'Genève'], { env })).toMatchObject({
      code: 0,
      stdout: 'geneva is changed\n',
    });
    const rotated = await call(['feed', 'rotate', 'desk', '--grace-days', '0'], { env });
    expect(rotated.stdout).not.toBe(shut.stdout);
    const { stdout } = await call(['feed', 'list'], { env });
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^geneva {2}open {2}public {2}made .*fetched .*, 2 times {2}Genève$/),
      expect.stringMatching(/^desk {2}open {2}private, internal {2}made .*, 2 times {2}Desk$/),
    ]);
    const shown = JSON.parse((await call(['feed', 'show', 'geneva'], { env })).stdout);
    expect(shown).toMatchObject({ filters: { country: ['CH'] }, options: { past: 30 } });
    expect((await call(['feed', 'revoke', 'desk'], { env })).stdout).toBe('desk is revoked\n');
    expect((await call(['feed', 'revoke', 'desk'], { env })).code).toBe(1);
    expect((await call(['feed', 'delete', 'geneva'], { env })).stdout).toBe('geneva is deleted\n');
    expect(await call(['feed', 'show', 'geneva'], { env })).toMatchObject({ code: 1, stdout: '' });
  });

  test.each([
    [['feed', 'create', '--name', 'x', '--filter', 'country'], 2, 'is not <name>=<value>'],
    [['feed', 'create', '--name', 'x', '--filter', 'nation=CH'], 2, '--filter nation: no such'],
    [['feed', 'create', '--name', 'x', '--filter', 'constructor=1'], 2, 'constructor: no such'],
    [
      ['feed', 'create', '--name', 'x', '--filter', 'certain=yes'],
      2,
      '--filter certain: must be true or false',
    ],
    [['feed', 'create', '--name', 'x', '--option', 'past=-2'], 2, '--option past: must be'],
    [['feed', 'create', '--name', 'x', '--ceiling', 'internal'], 2, '--ceiling: everyone gets'],
    [['feed', 'create', '--name', 'x', '--private', '--expires', '1'], 2, '--expires: must be'],
    [['feed', 'create'], 2, '--name'],
    [['feed', 'rotate', 'x', '--grace-days', '400'], 2, '365'],
    [['feed'], 2, 'create|list|show'],
  ])('%j is refused in words', async (args, code, told) => {
    const got = await call(args, { env });
    expect(got.code).toBe(code);
    expect(got.stderr).toContain(told);
  });
});
