import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportReads, lastUses } from '../../src/local/export.ts';
import { type Local, openLocal } from '../../src/local/local.ts';
import { temporaryFolder } from '../support/program.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
let warnings: string[];
let local: Local;

const open = (maxReads = 1_000): Local =>
  openLocal({
    file,
    maxReads,
    // Written when a test says so.
    flushMs: 1_000_000,
    log: { warn: (_fields, message) => warnings.push(message) },
  });

beforeEach(() => {
  folder = temporaryFolder('local-');
  file = join(folder.path, 'local.db');
  warnings = [];
  local = open();
});
afterEach(() => {
  local.close();
  folder.remove();
});

const read = (n: number, entries = [`meeting-${n}`]) =>
  local.read({ atMs: n, actor: 'desk', route: '/meetings/:id', entries });
const kept = () => [...exportReads(file)].map(({ entry }) => entry);

describe('the last use of a token', () => {
  test('is known at once, and after a restart', () => {
    local.used('desk', 1_000);
    local.used('desk', 2_000);
    expect(local.lastUse('desk')).toBe(2_000);
    expect(local.lastUse('other')).toBeUndefined();
    local.close();
    local = open();
    expect(local.lastUse('desk')).toBe(2_000);
    expect(lastUses(file)).toEqual(new Map([['desk', 2_000]]));
  });
});

describe('the log of readings', () => {
  test('has a line for each entry, in order', () => {
    read(1, ['meeting-a', 'announcement-b']);
    read(2);
    local.flush();
    expect([...exportReads(file)]).toEqual([
      { at: '1970-01-01T00:00:00.001Z', actor: 'desk', route: '/meetings/:id', entry: 'meeting-a' },
      expect.objectContaining({ entry: 'announcement-b' }),
      expect.objectContaining({ at: '1970-01-01T00:00:00.002Z', entry: 'meeting-2' }),
    ]);
  });

  test('keeps the newest when there are too many', () => {
    local.close();
    local = open(3);
    for (let n = 1; n <= 5; n += 1) read(n);
    local.flush();
    expect(kept()).toEqual(['meeting-3', 'meeting-4', 'meeting-5']);
    read(6);
    local.close();
    expect(kept()).toEqual(['meeting-4', 'meeting-5', 'meeting-6']);
  });

  test('is exported whole when it is longer than a page', () => {
    local.close();
    local = open(5_000);
    for (let n = 0; n < 2_500; n += 1) read(n);
    local.flush();
    expect(kept()).toHaveLength(2_500);
  });

  test('is written without being asked when much has come', () => {
    for (let n = 0; n < 1_000; n += 1) read(n);
    expect(kept()).toHaveLength(1_000);
  });
});

describe('a file', () => {
  test.each([
    ['that is no database', () => writeFileSync(file, 'not a database at all, but long enough')],
    [
      'with a page of nonsense',
      () => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 4_096, 8_192);
        writeFileSync(file, bytes);
      },
    ],
  ])('%s is put aside, and a new one begun', (_what, spoil) => {
    read(1);
    local.close();
    spoil();
    local = open();
    expect(warnings).toEqual(['local.db is damaged: put aside and begun anew']);
    expect(existsSync(`${file}.damaged`)).toBe(true);
    read(2);
    local.flush();
    expect(kept()).toEqual(['meeting-2']);
  });

  test('that cannot be written is told of once, and written when it can be', () => {
    const other = new DatabaseSync(file, { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    read(1);
    local.flush();
    local.flush();
    expect(warnings).toEqual(['local.db cannot be written']);
    other.exec('ROLLBACK');
    other.close();
    local.flush();
    expect(kept()).toEqual(['meeting-1']);
  });
});
