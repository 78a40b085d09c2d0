import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { call, openServer, run, temporaryFolder } from '../support/program.ts';

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
/** A data folder with the dossier and its views, made once and copied for each test. */
const made = temporaryFolder('replay-made-');
beforeAll(async () => {
  await at(made.path, 'import', 'examples/constitutional-committee.json');
  await at(made.path, 'rebuild');
});
afterAll(() => made.remove());
beforeEach(() => {
  folder = temporaryFolder('replay-');
  data = join(folder.path, 'data');
  cpSync(made.path, data, { recursive: true });
});
afterEach(() => folder.remove());

const chancery = (...args: string[]) => call(args, { env: { DATA_DIR: data } });
const at = (dataDir: string, ...args: string[]) => call(args, { env: { DATA_DIR: dataDir } });
const viewFile = (dataDir = data): string => {
  const views = join(dataDir, 'views');
  return join(views, readFileSync(join(views, 'calendar.current'), 'utf8').trim());
};
const litter = (): string[] =>
  readdirSync(join(data, 'views')).filter(
    (name) => name.startsWith('calendar-') && join(data, 'views', name) !== viewFile(),
  );

describe('rebuild', () => {
  test('without a server builds the views itself', async () => {
    const { code, stdout } = await chancery('rebuild');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^views rebuilt from \d+ events\n$/);
    expect(litter()).toEqual([]);
    expect((await chancery('verify')).code).toBe(0);
  });

  test('fails on an event that cannot be applied, says which, and keeps the old views', async () => {
    const before = viewFile();
    spoil();
    const { code, stderr } = await chancery('rebuild');
    expect(code).toBe(1);
    expect(stderr).toMatch(/position \d+ \(stream meeting-spoilt, revision 0, MeetingAnnounced\)/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(viewFile()).toBe(before);
    expect(litter()).toEqual([]);
    expect((await chancery('doctor')).stdout).toMatch(/^ok {4}views: /m);
    expect((await chancery('rebuild', '--skip')).code).toBe(0);
    expect(viewFile()).not.toBe(before);
    const { stdout } = await chancery('doctor');
    expect(stdout).toMatch(/^warn {2}views: .*could not be applied: 1; \/admin\/dead-letters/m);
  });

  test('with --prepare has nothing to do when there are views of this version', async () => {
    expect(await chancery('rebuild', '--prepare')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to prepare'),
    });
  });

  test('with --prepare builds beside the views of another version, and the next start uses that', async () => {
    const old = viewFile();
    ofAnotherVersion(old);
    const { code, stdout } = await chancery('rebuild', '--prepare');
    expect(code).toBe(0);
    expect(stdout).toContain('prepared');
    expect(existsSync(old)).toBe(true);
    const prepared = readFileSync(join(data, 'views', 'calendar.current'), 'utf8').split('\n')[1];
    const server = await openServer({ DATA_DIR: data });
    await server.stop();
    expect(viewFile()).toBe(join(data, 'views', prepared ?? ''));
    expect(existsSync(old)).toBe(false);
  });

  /** An event that another writer might have put there. */
  function spoil(): void {
    const db = new DatabaseSync(join(data, 'chancery.db'));
    const last = db.prepare("SELECT data, meta FROM events WHERE type = 'MeetingProposed'").get();
    const facts = { ...JSON.parse(String(last?.data)), when: { edtf: 'some day' } };
    db.prepare(
      'INSERT INTO events (stream, revision, id, type, data, meta) VALUES (?, 0, ?, ?, ?, ?)',
    ).run(
      'meeting-spoilt',
      '5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c11',
      'MeetingAnnounced',
      JSON.stringify(facts),
      String(last?.meta),
    );
    db.close();
  }

  function ofAnotherVersion(file: string): void {
    const db = new DatabaseSync(file);
    db.exec("UPDATE view_definition SET definition = 'calendar 0'");
    db.close();
  }
});

/** Ways in which a file of several pages comes to harm. */
const HARM: [string, (bytes: Buffer) => Buffer][] = [
  ['emptied', () => Buffer.alloc(0)],
  ['cut short', (bytes) => bytes.subarray(0, 4_096 * Math.floor(bytes.length / 8_192))],
  ['cut in its first page', (bytes) => bytes.subarray(0, 1_000)],
  ['written over from its second page on', (bytes) => Buffer.from(bytes).fill(0xa5, 4_096)],
  ['written over at its beginning', (bytes) => Buffer.from(bytes).fill(0xa5, 0, 100)],
];

function harm(file: string, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, change(readFileSync(file)));
}

describe('verify', () => {
  test('says that the views are what the log says, table by table', async () => {
    const { code, stdout } = await chancery('verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^same {5}meetings \(\d+ rows, [0-9a-f]{16}\)$/m);
    expect(stdout).toContain('the views are what the log says');
  });

  test('exits 1 when a row differs, and names it', async () => {
    const db = new DatabaseSync(viewFile());
    db.exec("UPDATE meetings SET track = 'another' WHERE id = 'scc-session-8'");
    db.close();
    const { code, stdout } = await chancery('verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^DIFFERS {2}meetings/m);
    expect(stdout).toContain('"track":"another"');
    expect(stdout).toContain('run rebuild');
  });

  test('works beside a running server', async () => {
    const server = await openServer({ DATA_DIR: data });
    const { code } = await chancery('verify');
    await server.stop();
    expect(code).toBe(0);
  });

  test.each(HARM)('of a view that was %s says so in a line', async (_, change) => {
    harm(viewFile(), change);
    const { code, stderr } = await chancery('verify');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `chancery: the view in ${viewFile()} is damaged: run rebuild\n`,
    });
    expect((await chancery('rebuild')).code).toBe(0);
    expect((await chancery('verify')).code).toBe(0);
  });

  test('without views says what to do', async () => {
    rmSync(join(data, 'views'), { recursive: true });
    const { code, stderr } = await chancery('verify');
    expect(code).toBe(1);
    expect(stderr).toContain('run rebuild');
  });
});

describe('export and restore', () => {
  test('round trip: the same text, and the same views', async () => {
    const { stdout: text } = await chancery('export');
    const other = join(folder.path, 'other');
    const restored = await run(['restore', '-'], { env: { DATA_DIR: other }, input: text });
    expect(restored).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ events restored\n$/),
    });
    expect((await at(other, 'export')).stdout).toBe(text);
    await at(other, 'rebuild');
    expect((await at(other, 'verify')).stdout).toBe((await chancery('verify')).stdout);
  });

  test('refuses while a server uses the folder', async () => {
    const { stdout: text } = await chancery('export');
    const other = join(folder.path, 'other');
    const server = await openServer({ DATA_DIR: other });
    const { code, stderr } = await run(['restore', '-'], { env: { DATA_DIR: other }, input: text });
    await server.stop();
    expect(code).toBe(1);
    expect(stderr).toContain('a server uses');
  });

  test('refuses a store that holds events', async () => {
    const { stdout: text } = await chancery('export');
    const { code, stderr } = await run(['restore', '-'], { env: { DATA_DIR: data }, input: text });
    expect(code).toBe(1);
    expect(stderr).toContain('another DATA_DIR');
    expect((await chancery('export')).stdout).toBe(text);
  });

  test.each([
    ['a line that is cut off', (text: string) => text.slice(0, -40), 'is not JSON'],
    ['a line that is no event', (text: string) => `${text}{"id":1}\n`, 'is no event of an export'],
    ['a revision that is missing', withoutRevisionZero, 'or lines of it are missing'],
    ['nothing', () => '', 'there is no event in the file'],
    ['a last line that is doubled', lastTwice, 'is in the file before'],
  ])('%s: nothing is restored', async (_, damage, message) => {
    const { stdout: text } = await chancery('export');
    const other = join(folder.path, 'other');
    const { code, stderr } = await run(['restore', '-'], {
      env: { DATA_DIR: other },
      input: damage(text),
    });
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(readdirSync(other)).toEqual(['views']);
  });

  function lastTwice(text: string): string {
    return `${text}${text.trimEnd().split('\n').at(-1)}\n`;
  }

  function withoutRevisionZero(text: string): string {
    const lines = text.split('\n');
    const index = lines.findIndex((line) => line.includes('"meeting-scc-session-7"'));
    return lines.toSpliced(index, 1).join('\n');
  }
});

describe('backup', () => {
  test('of store and views, taken while the server runs, starts another node', async () => {
    const server = await openServer({ DATA_DIR: data });
    const copy = join(folder.path, 'copy.db');
    const { code } = await chancery('backup', '--views', copy);
    await server.stop();
    expect(code).toBe(0);
    const other = join(folder.path, 'other');
    mkdirSync(join(other, 'views'), { recursive: true });
    copyFileSync(copy, join(other, 'chancery.db'));
    for (const name of readdirSync(`${copy}.views`)) {
      copyFileSync(join(`${copy}.views`, name), join(other, 'views', name));
    }
    const before = viewFile(other);
    const access = readdirSync(join(other, 'views')).filter((name) => /^access-.*db$/.test(name));
    expect(access).toHaveLength(1);
    const node = await openServer({ DATA_DIR: other });
    const seven = await (await fetch(`${node.url}/meetings/scc-session-7`)).json();
    await node.stop();
    expect(seven).toMatchObject({ status: 'held' });
    expect(viewFile(other)).toBe(before);
    expect(readdirSync(join(other, 'views'))).toContain(access[0]);
  });

  test('never writes over a file', async () => {
    const copy = join(folder.path, 'copy.db');
    writeFileSync(copy, 'mine');
    const { code, stderr } = await chancery('backup', copy);
    expect(code).toBe(1);
    expect(stderr).toContain('exists');
    expect(readFileSync(copy, 'utf8')).toBe('mine');
  });

  test('of a damaged store fails and leaves nothing, with or without the views', async () => {
    // Behind what is read when the store is opened: its first page and the end of the log.
    harm(join(data, 'chancery.db'), (bytes) => {
      const middle = 4_096 * Math.floor(bytes.length / 8_192);
      return Buffer.from(bytes).fill(0xa5, middle, middle + 4_096);
    });
    for (const views of [[], ['--views']]) {
      const { code, stdout, stderr } = await chancery(
        ...['backup', ...views, join(folder.path, 'copy.db')],
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^chancery: \S+chancery\.db is damaged \(.+\).*older backup\n$/);
      expect(readdirSync(folder.path)).toEqual(['data']);
    }
  });

  test.each(HARM)('--views of a view that was %s fails and leaves nothing', async (_, change) => {
    harm(viewFile(), change);
    const copy = join(folder.path, 'copy.db');
    const { code, stdout, stderr } = await chancery('backup', '--views', copy);
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `chancery: the view in ${viewFile()} is damaged: run rebuild\n`,
    });
    expect(readdirSync(folder.path)).toEqual(['data']);
  });
});
