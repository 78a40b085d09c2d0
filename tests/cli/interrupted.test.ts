import { copyFileSync, existsSync, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { call, openServer, type Running, run, start, temporaryFolder } from '../support/program.ts';

/** What commands leave behind when they cannot finish, and who must not work on one store at once. */

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
beforeEach(() => {
  folder = temporaryFolder('interrupted-');
  data = join(folder.path, 'data');
  mkdirSync(data);
});
afterEach(() => folder.remove());

const env = () => ({ DATA_DIR: data });
const chancery = (...args: string[]) => call(args, { env: env() });
const line = (id: string) =>
  `${JSON.stringify({ key: id, path: '/meetings', body: { id, title: id, form: 'session' } })}\n`;

/** Settles when a file that matches is in the folder. */
async function appears(pattern: RegExp): Promise<void> {
  const there = () => readdirSync(data).some((name) => pattern.test(name));
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(data, () => there() && resolve());
  if (there()) resolve();
  await promise;
  watcher.close();
}

async function exported(): Promise<string> {
  const file = join(folder.path, 'dossier.ndjson');
  const elsewhere = join(folder.path, 'elsewhere');
  writeFileSync(file, `${line('a')}${line('b')}`);
  expect((await call(['import', file], { env: { DATA_DIR: elsewhere } })).code).toBe(0);
  return (await call(['export'], { env: { DATA_DIR: elsewhere } })).stdout;
}

describe('restore', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('that %s ends leaves nothing', async (signal) => {
    const text = await exported();
    const restore = start(['restore', '-'], { env: env() });
    restore.stdin.write(text);
    await appears(/\.restoring$/);
    restore.kill(signal);
    const { code, stderr } = await restore.ended;
    expect(stderr).toBe('chancery: interrupted: nothing was restored\n');
    expect(code).toBe(1);
    expect(readdirSync(data)).toEqual(['views']);
  });

  test('is refused while an import has the empty store open, which loses nothing by it', async () => {
    const text = await exported();
    const importing: Running = start(['import', '-'], { env: env() });
    // It has the store open before it reads, and so before it can complain of what it reads.
    importing.stdin.write('no command\n');
    await importing.complained;
    const refused = await run(['restore', '-'], { env: env(), input: text });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('held by another process');
    importing.stdin.end(line('mine'));
    expect((await importing.ended).stdout).toContain('1 carried out');
    expect((await chancery('export')).stdout).toContain('"meeting-mine"');
    expect(readdirSync(data).filter((name) => name.includes('restoring'))).toEqual([]);
  });

  test('is refused while a server of another folder has the store open', async () => {
    const text = await exported();
    const store = { STORE_URL: `sqlite:${join(data, 'chancery.db')}` };
    const server = await openServer({
      ...{ ...store, DATA_DIR: join(folder.path, 'node') },
      ADMIN_TOKEN: 'a-token-for-the-restore-test-0123456789abcdef',
    });
    const { code, stderr } = await run(['restore', '-'], { env: env(), input: text });
    await server.stop();
    expect(code).toBe(1);
    expect(stderr).toContain('held by another process');
  });

  test('fills a store that is there and empty', async () => {
    const text = await exported();
    writeFileSync(join(folder.path, 'empty.ndjson'), '');
    expect((await chancery('import', join(folder.path, 'empty.ndjson'))).code).toBe(0);
    expect(existsSync(join(data, 'chancery.db'))).toBe(true);
    const restored = await run(['restore', '-'], { env: env(), input: text });
    expect(restored.stderr).toBe('');
    expect((await chancery('export')).stdout).toBe(text);
  });
});

describe('backup --views', () => {
  beforeEach(async () => {
    writeFileSync(join(folder.path, 'dossier.ndjson'), line('a'));
    await chancery('import', join(folder.path, 'dossier.ndjson'));
    await chancery('rebuild');
  });

  test('into a folder that is not there says so, and makes none', async () => {
    const { code, stderr } = await chancery(
      'backup',
      '--views',
      join(folder.path, 'none', 'copy.db'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('does not exist: create it');
    expect(existsSync(join(folder.path, 'none'))).toBe(false);
  });

  test('that fails at the store leaves no views either', async () => {
    copyFileSync(join(folder.path, 'dossier.ndjson'), join(folder.path, 'no-store'));
    const { code } = await call(['backup', '--views', join(folder.path, 'copy.db')], {
      env: { ...env(), STORE_URL: `sqlite:${join(folder.path, 'no-store')}` },
    });
    expect(code).toBe(1);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('copy'))).toEqual([]);
  });
});
