import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ViewFiles } from '../../src/views/files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A finished file. */
function made(): string {
  const file = join(folder, `calendar-${randomUUID()}.db`);
  writeFileSync(file, '');
  return file;
}

test('names the current file and a prepared one, and keeps either through a change of the other', () => {
  const files = new ViewFiles(folder, 'calendar');
  const [first, second, prepared] = [made(), made(), made()];
  files.switchTo(first);
  files.prepare(prepared);
  expect([files.current(), files.prepared()]).toEqual([first, prepared]);
  files.switchTo(second);
  expect([files.current(), files.prepared()]).toEqual([second, prepared]);
  files.usePrepared(() => true);
  expect([files.current(), files.prepared()]).toEqual([prepared, undefined]);
});

test('leaves what another process prepared while the owner was looking at what it had', () => {
  const [owner, other] = [new ViewFiles(folder, 'calendar'), new ViewFiles(folder, 'calendar')];
  const [current, looked, newer] = [made(), made(), made()];
  owner.switchTo(current);
  other.prepare(looked);
  owner.usePrepared(() => {
    other.prepare(newer);
    return true;
  });
  expect([owner.current(), owner.prepared()]).toEqual([current, newer]);
});
