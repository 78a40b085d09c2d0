import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oneLine, safeJson, safeLines } from '../../src/cli/terminal.ts';
import { run, startServer, temporaryFolder } from '../support/program.ts';

/** What acts on a terminal, or changes the order in which it shows a line. */
const ACTS = '\u001b[31m\u202eevil\u2066\u2028\u0085\u200f';
const FOUND = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder('terminal-');
});
afterEach(() => folder.remove());

test('text from outside acts on nothing', () => {
  expect(oneLine(`a${ACTS}\nb`)).not.toMatch(FOUND);
  expect(oneLine('a\nb')).toBe('a b');
  expect(safeLines(`a${ACTS}\nb`)).not.toMatch(FOUND);
  expect(safeLines('a\nb')).toBe('a\nb');
});

test('a line of the log says the same and acts on nothing', () => {
  const line = `${JSON.stringify({ title: ACTS })}\n`;
  expect(safeJson(line)).not.toMatch(FOUND);
  expect(JSON.parse(safeJson(line))).toEqual({ title: ACTS });
});

test('an argument that acts on a terminal is printed as text', async () => {
  const env = { DATA_DIR: folder.path };
  for (const args of [
    ['import', `no${ACTS}.json`],
    ['token', 'revoke', ACTS],
  ]) {
    const { code, stdout, stderr } = await run(args, { env });
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).not.toMatch(FOUND);
  }
});

test('an event that acts on a terminal, of another writer, is logged and compared as text', async () => {
  const env = { DATA_DIR: folder.path };
  const first = await startServer(env);
  await first.stop();
  const db = new DatabaseSync(join(folder.path, 'chancery.db'));
  db.prepare(
    "INSERT INTO events (stream, revision, id, type, data, meta) SELECT 'meeting-m', 0, ?, 'MeetingAnnounced', ?, meta FROM events LIMIT 1",
  ).run(
    '00000000-0000-4000-8000-000000000001',
    JSON.stringify({
      ...{ title: `Talks ${ACTS}`, form: 'session', classification: 'public' },
      ...{ participants: [], topics: [], when: { edtf: `2022${ACTS}` } },
    }),
  );
  db.close();
  const second = await startServer(env);
  const { stdout, stderr } = await second.stop();
  expect(stdout).toContain('event not applied: its stream is set aside');
  expect(stdout).toContain('2022');
  expect(`${stdout}${stderr}`).not.toMatch(FOUND);
});
