import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  call,
  type Environment,
  openServer,
  type Server,
  startServer,
  temporaryFolder,
} from '../support/program.ts';

/** Tokens on two servers that share one store, and on the command line. */

let folder: ReturnType<typeof temporaryFolder>;
let servers: Server[];
let env: Environment;

beforeEach(() => {
  folder = temporaryFolder('tokens-');
  servers = [];
  env = { DATA_DIR: join(folder.path, 'one') };
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  folder.remove();
});

async function serve(more: Environment = {}): Promise<Server> {
  const server = await openServer({ ...env, ...more });
  servers.push(server);
  return server;
}

async function ask(server: Server, path: string, token: string, method = 'GET', body?: object) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('what one server revokes, the other refuses as soon as its view has the event', async () => {
  const one = await serve();
  const shared = {
    DATA_DIR: join(folder.path, 'two'),
    STORE_URL: `sqlite:${join(folder.path, 'one', 'chancery.db')}`,
  };
  const two = await serve(shared);
  expect(two.token).toBeUndefined();
  const admin = one.token ?? '';
  const made = await ask(one, '/tokens', admin, 'POST', { name: 'Desk', role: 'editor' });
  const { id, token } = JSON.parse(made.text) as { id: string; token: string };
  const seen = made.headers.get('chancery-event');
  expect((await ask(two, `/tokens/${id}?seen=${seen}`, admin)).status).toBe(200);
  expect((await ask(two, '/meetings', token)).status).toBe(200);
  const gone = await ask(one, `/tokens/${id}`, admin, 'DELETE');
  expect(gone.status).toBe(200);
  const ended = gone.headers.get('chancery-event');
  expect((await ask(two, `/tokens/${id}?seen=${ended}`, admin)).text).toContain('"revoked"');
  expect((await ask(two, '/meetings', token)).status).toBe(401);
});

test('a running server takes a token that a command has made, until a command revokes it', async () => {
  const server = await serve();
  const made = await call(['token', 'create', '--role', 'editor', '--name', 'Desk'], { env });
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^chancery_[\w-]{43}\n$/) });
  const token = made.stdout.trim();
  const id = /Token (\S+) /.exec(made.stderr)?.[1] ?? '';
  const admin = server.token ?? '';
  // The next event of this server comes after the one of the command.
  const next = await ask(server, '/tokens', admin, 'POST', { name: 'Next' });
  await ask(server, `/tokens?seen=${next.headers.get('chancery-event')}`, admin);
  expect((await ask(server, '/meetings', token)).status).toBe(200);
  const revoked = await call(['token', 'revoke', id], { env });
  expect(revoked).toMatchObject({ code: 0, stdout: `${id} is revoked\n` });
  const last = await ask(server, '/tokens', admin, 'POST', { name: 'Last' });
  await ask(server, `/tokens?seen=${last.headers.get('chancery-event')}`, admin);
  expect((await ask(server, '/meetings', token)).status).toBe(401);
  const again = await call(['token', 'revoke', id], { env });
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toBe('chancery: The token is revoked already.\n');
});

test.each([
  [['--role', 'editor', '--ceiling', 'public'], '--ceiling: the ceiling of role editor'],
  [['--expires', 'tomorrow'], '--expires: must be a UTC instant such as'],
  [['--name', ''], '--name: '],
])('token create %j is wrong usage, and says of which option', async (options, told) => {
  const got = await call(['token', 'create', ...options], { env });
  expect(got).toMatchObject({ code: 2, stdout: '' });
  expect(got.stderr).toContain(`chancery: ${told}`);
});

test('the list says what each token may do and when it was last used', async () => {
  const server = await serve();
  await ask(server, '/meetings', server.token ?? '');
  await server.stop();
  await call(['token', 'create', '--name', 'Wire service', '--expires', '2090-01-01T00:00:00Z'], {
    env,
  });
  const { stdout } = await call(['token', 'list'], { env });
  const [first, second, ...others] = stdout.trim().split('\n');
  expect(first).toMatch(
    /^bootstrap {2}valid {2}admin, confidential {2}made .*, used 20\S+ {2}First/,
  );
  expect(second).toMatch(/valid {2}reader, internal, until 2090.*not used here {2}Wire service$/);
  expect(others).toEqual([]);
});

test('who read confidential entries can be exported, also while the server runs', async () => {
  const server = await serve({ ADMIN_TOKEN: 'a-token-for-the-reading-tests-0123456789' });
  const admin = 'a-token-for-the-reading-tests-0123456789';
  const body = { title: 'Backchannel', form: 'visit', classification: 'confidential' };
  const made = await ask(server, '/meetings', admin, 'POST', body);
  const { id } = JSON.parse(made.text) as { id: string };
  await ask(server, `/meetings/${id}`, admin);
  await server.stop();
  const { stdout } = await call(['export', '--reads'], { env });
  expect(JSON.parse(stdout)).toEqual({
    at: expect.stringMatching(/^20/),
    actor: 'env',
    route: '/meetings/:id',
    entry: `meeting-${id}`,
  });
});

test('verify sees a row of tokens that the log does not say, and rebuild mends it', async () => {
  await (await serve()).stop();
  expect((await call(['verify'], { env })).code).toBe(0);
  const views = join(folder.path, 'one', 'views');
  const file = readFileSync(join(views, 'access.current'), 'utf8').trim();
  const db = new DatabaseSync(join(views, file));
  db.exec("UPDATE tokens SET created_by = 'nobody'");
  db.close();
  const verified = await call(['verify'], { env });
  expect(verified.code).toBe(1);
  expect(verified.stdout).toMatch(/^DIFFERS {2}tokens /m);
  expect((await call(['rebuild'], { env })).code).toBe(0);
  expect((await call(['verify'], { env })).code).toBe(0);
});

test('no token stands in a log, a store or a view', async () => {
  const server = await startServer({ ...env, LOG_LEVEL: 'trace' });
  const token = server.token ?? '';
  await ask(server, '/meetings', token);
  await ask(server, '/meetings', `${token}x`);
  const { stdout, stderr } = await server.stop();
  expect(stdout).not.toContain(token);
  expect(stderr.split(token)).toHaveLength(2);
  const { stdout: found } = await call(['export'], { env });
  expect(found).toContain('TokenIssued');
  expect(found).not.toContain(token);
});
