import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockViews } from '../../src/views/lock.ts';
import { temporaryFolder } from '../support/program.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder('lock-');
});
afterEach(() => folder.remove());

const owned = expect.objectContaining({ code: 'views-owned' });

test('a folder has one owner, until it lets go', () => {
  const first = lockViews(folder.path);
  expect(() => lockViews(folder.path)).toThrow(owned);
  first.release();
  lockViews(folder.path).release();
});

test('releasing twice does no harm to the next owner', () => {
  const first = lockViews(folder.path);
  first.release();
  const second = lockViews(folder.path);
  first.release();
  expect(() => lockViews(folder.path)).toThrow(owned);
  second.release();
});

test('a killed process loses it at once', async () => {
  const script = `
    const { lockViews } = await import(${JSON.stringify(new URL('../../src/views/lock.ts', import.meta.url).href)});
    lockViews(${JSON.stringify(folder.path)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  expect(() => lockViews(folder.path)).toThrow(owned);
  child.kill('SIGKILL');
  await closed;
  lockViews(folder.path).release();
});

test('a folder that cannot be made is refused with what to do', () => {
  writeFileSync(join(folder.path, 'file'), '');
  expect(() => lockViews(join(folder.path, 'file', 'views'))).toThrow(
    expect.objectContaining({
      code: 'views-unusable',
      message: expect.stringContaining('DATA_DIR'),
    }),
  );
});
