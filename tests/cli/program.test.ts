import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { call, openServer, run, start, startServer, temporaryFolder } from '../support/program.ts';

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
beforeEach(() => {
  folder = temporaryFolder('cli-');
  data = join(folder.path, 'data');
});
afterEach(() => folder.remove());

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** One line that a person can act on: no stack, no second line. */
function expectOneLine(stderr: string, ...parts: string[]): void {
  expect(lines(stderr)).toHaveLength(1);
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/\n\s+at /);
}

describe('usage', () => {
  test.each([
    ['--help', ['serve', 'import', 'export', 'doctor', 'Exit codes']],
    ['serve --help', ['--example']],
    ['import --help', ['<file>', 'NDJSON']],
    ['export --help', ['NDJSON']],
    ['doctor --help', ['configuration']],
  ])('%s explains itself and exits 0', async (args, parts) => {
    const { code, stdout, stderr } = await call(args.split(' '));
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const part of parts) expect(stdout).toContain(part);
  });

  test('--version prints the version of package.json', async () => {
    const { code, stdout } = await call(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('called without a command it says which there are', async () => {
    const { code, stderr } = await call([]);
    expect(code).toBe(2);
    expect(stderr).toContain('doctor');
  });

  test.each([
    ['nonsense', 'there is no command "nonsense": there are serve,'],
    ['token nonsense', 'there is no command "token nonsense": there are create,'],
    ['serve --nonsense', "unknown option '--nonsense'"],
    ['import', "missing required argument 'file'"],
    ['import a b', 'too many arguments'],
    ['feed create', "required option '--name <name>' not specified"],
  ])('%j is wrong usage: exit code 2, and one line', async (args, told) => {
    const { code, stderr } = await call(args.split(' '));
    expect(code).toBe(2);
    expectOneLine(stderr, `chancery: ${told}`, '--help says how it is used');
  });
});

test.each([
  ['bogus', '"bogus": there are serve, import, '],
  ['bogus a b', '"bogus": there are serve, import, '],
  ['feed bogus', '"feed bogus": there are create, change, list, '],
  ['feed bogus desk', '"feed bogus": there are create, change, list, '],
  ['token bogus', '"token bogus": there are create, list, revoke'],
])('chancery %s is told which commands there are', async (args, told) => {
  const { code, stderr } = await call(args.split(' '));
  expect(code).toBe(2);
  expect(stderr).toContain(`chancery: there is no command ${told}`);
});

describe('what the user can mend is one line and an exit code', () => {
  test('a bad setting', async () => {
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: 'many' } });
    expect(code).toBe(2);
    expectOneLine(stderr, 'PORT', '"many"');
    expect(existsSync(data)).toBe(false);
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: port } });
    other.close();
    expect(code).toBe(1);
    expectOneLine(stderr, port, 'PORT');
  });

  test('a port in use makes no admin token that nobody would see', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    await run(['serve'], { env: { DATA_DIR: data, PORT: port } });
    other.close();
    const server = await openServer({ DATA_DIR: data });
    await server.stop();
    expect(server.token).toMatch(/^chancery_/);
  });

  test('a metrics port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    const env = { DATA_DIR: data, PORT: '0', METRICS_PORT: port };
    const { code, stderr } = await run(['serve'], { env });
    other.close();
    expect(code).toBe(1);
    expectOneLine(stderr, port);
  });

  test('a data folder without rights', async () => {
    mkdirSync(data, { mode: 0o755 });
    chmodSync(folder.path, 0o755);
    chmodSync(data, 0o555);
    // Root may write everywhere: as root, run it as nobody.
    const asOther = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { code, stderr } = await run(['serve'], {
      env: { DATA_DIR: data, PORT: '0' },
      ...asOther,
    });
    expect(code).toBe(1);
    expectOneLine(stderr, 'DATA_DIR');
  });

  test('a data folder that cannot be looked into is not taken for an empty one', async () => {
    await call(['import', 'examples/tehran-2021-11.json'], { env: { DATA_DIR: data } });
    chmodSync(folder.path, 0o755);
    chmodSync(data, 0o000);
    const asOther = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    for (const args of [['export', '--reads'], ['doctor']]) {
      const { code, stdout, stderr } = await run(args, { env: { DATA_DIR: data }, ...asOther });
      expect(code).toBe(1);
      expect(`${stdout}${stderr}`).toMatch(/no right/);
      expect(`${stdout}${stderr}`).not.toMatch(/there is no event store|is not there yet/);
    }
    chmodSync(data, 0o755);
  });

  test('readings of a folder that is not there', async () => {
    const { code, stderr } = await call(['export', '--reads'], { env: { DATA_DIR: data } });
    expect(code).toBe(1);
    expectOneLine(stderr, 'there is no folder', 'DATA_DIR');
  });

  test('a lock that is damaged is named, and what to do', async () => {
    await call(['import', 'examples/tehran-2021-11.json'], { env: { DATA_DIR: data } });
    mkdirSync(join(data, 'views'));
    const lock = join(data, 'views', 'owner.db');
    writeFileSync(lock, 'no database'.repeat(500));
    const { code, stderr } = await call(['rebuild'], { env: { DATA_DIR: data } });
    expect(code).toBe(1);
    expectOneLine(stderr, `delete ${lock}, which holds nothing`);
  });

  test('a data folder that is a file', async () => {
    writeFileSync(data, '');
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: '0' } });
    expect(code).toBe(1);
    expectOneLine(stderr, data);
  });

  test('a data folder where none can be made', async () => {
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: '/proc/x', PORT: '0' } });
    expect(code).toBe(1);
    expectOneLine(stderr, '/proc/x');
  });

  test('a store that is no database', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'chancery.db'), 'text, and long enough to be looked at as a database');
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: '0' } });
    expect(code).toBe(1);
    expectOneLine(stderr, 'chancery.db');
    expect(readFileSync(join(data, 'chancery.db'), 'utf8')).toMatch(/^text/);
  });

  test("another program's database, which stays as it is", async () => {
    mkdirSync(data);
    const file = join(data, 'chancery.db');
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE recipes (name TEXT)');
    db.close();
    copyFileSync(file, join(folder.path, 'before.db'));
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: '0' } });
    expect(code).toBe(1);
    expectOneLine(stderr, 'another program');
    expect(readFileSync(file).equals(readFileSync(join(folder.path, 'before.db')))).toBe(true);
  });

  test('a second server on one data folder', async () => {
    const server = await openServer({ DATA_DIR: data });
    const { code, stderr } = await run(['serve'], { env: { DATA_DIR: data, PORT: '0' } });
    await server.stop();
    expect(code).toBe(1);
    expectOneLine(stderr, 'another running Chancery');
  });

  test.each([['export'], ['doctor']])(
    '%s of a store that is not there makes none',
    async (command) => {
      const { stderr } = await call([command], { env: { DATA_DIR: data } });
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(existsSync(data)).toBe(false);
    },
  );

  test('import of a file that is not there', async () => {
    const { code, stderr } = await call(['import', 'no-such.json'], { env: { DATA_DIR: data } });
    expect(code).toBe(1);
    expectOneLine(stderr, 'no-such.json');
    expect(existsSync(data)).toBe(false);
  });
});

test.each(['verify', 'export', 'doctor'])(
  '%s ends in silence when nobody reads on',
  async (command) => {
    await call(['import', 'examples/tehran-2021-11.json'], { env: { DATA_DIR: data } });
    await call(['rebuild'], { env: { DATA_DIR: data } });
    const child = start([command], { env: { DATA_DIR: data } });
    child.stopReading();
    const { stderr, signal } = await child.ended;
    expect({ stderr, signal }).toEqual({ stderr: '', signal: null });
  },
);

describe('an output on a full disk', () => {
  const FULL = '/dev/full';

  test.runIf(existsSync(FULL)).each([
    ['export', []],
    ['token', ['create', '--name', 'Desk', '--role', 'reader']],
  ])('of %s is told in a line, and not taken for written', async (command, args) => {
    const env = { DATA_DIR: data };
    await call(['import', 'examples/tehran-2021-11.json'], { env });
    const { code, stderr } = await run([command, ...args], { env, stdout: FULL });
    expect(code).toBe(1);
    expect(stderr).toContain('the output cannot be written (ENOSPC): make room');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.runIf(existsSync(FULL))('for the log holds up neither the server nor its end', async () => {
    const server = await startServer({ DATA_DIR: data }, [], { stdout: FULL });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stderr.match(/the log cannot be written \(ENOSPC/g)).toHaveLength(1);
  });
});

describe('import', () => {
  const meeting = (id: string, more: object = {}) => ({
    key: `key-${id}`,
    path: '/meetings',
    body: { id, title: 'Session', form: 'session', classification: 'public', ...more },
  });

  async function importText(input: string) {
    return run(['import', '-'], { env: { DATA_DIR: data }, input });
  }

  test('refuses what HTTP refuses: a field that reaches for prototypes', async () => {
    const text = JSON.stringify(meeting('a')).replace('"title"', '"__proto__":{"x":1},"title"');
    const { code, stdout, stderr } = await importText(`${text}\n`);
    expect(code).toBe(1);
    expect(stdout).toContain('0 carried out');
    expect(stderr).toContain('line 1: no field is called __proto__: leave it out');
  });

  test('carries out a JSON array, and nothing the second time', async () => {
    const text = JSON.stringify([meeting('a'), meeting('b')]);
    expect(await importText(text)).toMatchObject({
      code: 0,
      stdout: '2 carried out, 0 were there already, 0 refused\n',
    });
    expect(await importText(text)).toMatchObject({
      code: 0,
      stdout: '0 carried out, 2 were there already, 0 refused\n',
    });
  });

  test('lists what is refused with line and reason, and the rest goes in', async () => {
    const text = [
      JSON.stringify(meeting('a')),
      'not json',
      JSON.stringify({ key: 'x', path: '/nowhere', body: {} }),
      JSON.stringify({ ...meeting('a'), key: 'another' }),
      JSON.stringify({ key: 'c', path: '/meetings/a/confirm', body: { likelihod: 'certain' } }),
      JSON.stringify({ key: 'd', path: '/meetings/a/restore', body: { reason: 'no' } }),
      JSON.stringify(meeting('b', { title: 'A title' })),
    ].join('\n');
    const { code, stdout, stderr } = await importText(text);
    expect(code).toBe(1);
    expect(stdout).toBe('2 carried out, 0 were there already, 5 refused\n');
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^line 2: not JSON/),
      expect.stringMatching(/^line 3: \/nowhere/),
      expect.stringMatching(/^line 4: .*used before/),
      expect.stringMatching(/^line 5: .*likelihod/),
      expect.stringMatching(/^line 6: wrong-status/),
    ]);
  });

  test('is seen by a server that is running on the same store', async () => {
    const server = await openServer({ DATA_DIR: data });
    await importText(JSON.stringify([meeting('a')]));
    const events = lines((await call(['export'], { env: { DATA_DIR: data } })).stdout);
    const { id } = JSON.parse(events.at(-1) ?? '{}');
    const response = await fetch(`${server.url}/meetings/a?seen=${id}`);
    expect(response.status).toBe(200);
    await server.stop();
  });

  test('writes nothing of a refused line that could act on a terminal', async () => {
    const text = JSON.stringify({ key: 'x', path: '/\u001b[31m\u202e', body: {} });
    const { stderr } = await importText(text);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\u202e');
  });
});

describe('export', () => {
  test('writes every event as a line, without its position', async () => {
    await call(['import', 'examples/tehran-2021-11.json'], { env: { DATA_DIR: data } });
    const { code, stdout } = await call(['export'], { env: { DATA_DIR: data } });
    expect(code).toBe(0);
    const events = lines(stdout).map((line) => JSON.parse(line));
    expect(events.length).toBeGreaterThan(10);
    expect(Object.keys(events[0])).toEqual(['id', 'stream', 'revision', 'type', 'data', 'meta']);
  });
});

describe('a damaged local.db', () => {
  const DAMAGE: [string, string][] = [
    ['no database', 'text, and long enough to be looked at as a database'.repeat(200)],
    ['empty', ''],
  ];
  beforeEach(async () => {
    const env = { DATA_DIR: data };
    await call(['token', 'create', '--role', 'reader', '--name', 'Desk'], { env });
    await call(['feed', 'create', '--id', 'geneva', '--name', 'Geneva'], { env });
  });

  test.each(DAMAGE)('that is %s leaves the last use out of the lists', async (_, text) => {
    writeFileSync(join(data, 'local.db'), text);
    for (const [command, name] of [
      ['token', 'Desk'],
      ['feed', 'geneva'],
    ] as const) {
      const { code, stdout, stderr } = await call([command, 'list'], { env: { DATA_DIR: data } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(name);
    }
  });

  test.each(DAMAGE)('that is %s is told by export --reads', async (_, text) => {
    writeFileSync(join(data, 'local.db'), text);
    const { code, stdout, stderr } = await call(['export', '--reads'], { env: { DATA_DIR: data } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expectOneLine(stderr, 'local.db is damaged', 'start the server again');
  });
});

test('what is made in a folder of others is for its user alone', async () => {
  mkdirSync(data);
  chmodSync(data, 0o755);
  const env = { DATA_DIR: data };
  expect((await run(['import', 'examples/tehran-2021-11.json'], { env })).code).toBe(0);
  expect((await run(['rebuild'], { env })).code).toBe(0);
  expect((await run(['backup', '--views', join(data, 'backup.db')], { env })).code).toBe(0);
  const made = readdirSync(data, { recursive: true }).map((name) => join(data, `${name}`));
  expect(made.length).toBeGreaterThan(5);
  expect(made.filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
});

describe('doctor', () => {
  test('finds nothing to mend in what import made', async () => {
    await call(['import', 'examples/tehran-2021-11.json'], { env: { DATA_DIR: data } });
    const { code, stdout } = await call(['doctor'], { env: { DATA_DIR: data } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {4}store: .*last event/m);
    expect(stdout).toContain('It can serve');
  });

  test('warns of a folder that others may look into', async () => {
    mkdirSync(data);
    chmodSync(data, 0o750);
    const open = await call(['doctor'], { env: { DATA_DIR: data } });
    expect(open.stdout).toMatch(/^warn {2}data folder: others may look into .*: chmod -R go= /m);
    chmodSync(data, 0o700);
    const { stdout } = await call(['doctor'], { env: { DATA_DIR: data } });
    expect(stdout).toMatch(/^ok {4}data folder: /m);
  });

  test('names a damaged store and exits 1', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'chancery.db'), 'text, and long enough to be looked at as a database');
    const { code, stdout } = await call(['doctor'], { env: { DATA_DIR: data } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}store: .*chancery\.db/m);
  });

  test('says that a running server owns the views', async () => {
    const server = await openServer({ DATA_DIR: data });
    const { code, stdout } = await call(['doctor'], { env: { DATA_DIR: data } });
    await server.stop();
    expect(code).toBe(0);
    expect(stdout).toContain('in use by a running server');
  });
});
