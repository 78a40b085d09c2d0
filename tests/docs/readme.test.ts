import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { ROOT, temporaryFolder } from '../support/program.ts';
import { blocksOf, codeOf, read, rowsOf, section } from './support/markdown.ts';
import { isScript, scriptsIn, Walkthrough } from './support/walkthrough.ts';

const README = read('README.md');
const BLOCKS = blocksOf(README);

const folder = temporaryFolder('chancery-readme-');
const reader = new Walkthrough(folder.path);
afterAll(async () => {
  await reader.stop();
  folder.remove();
});

// One after the other: what a reader has started and written is there for what comes next.
describe('whoever follows the README', () => {
  const marked = BLOCKS.filter(({ mark }) => mark !== '');
  it.each(marked.map((block) => [block.mark, block.text.split('\n')[0], block] as const))(
    '%s: %s',
    async (_mark, _line, block) => {
      await reader.take(block);
    },
  );
});

describe('docs/operations.md', () => {
  const OPERATIONS = read('docs/operations.md');
  const asAdmin = (path: string) =>
    fetch(`${reader.url}${path}`, { headers: { authorization: `Bearer ${reader.token}` } });

  it('copies a store that is in use', async () => {
    const block = blocksOf(OPERATIONS).find(({ mark }) => mark === 'backup');
    const text = block?.text.replaceAll(' data/', ` ${folder.path}/`) ?? '';
    await reader.take({ language: 'sh', mark: 'run', text });
    const copy = await openSqliteStore({ file: join(folder.path, 'backup.db') });
    const copied = await copy.readAll({ limit: 1_000 });
    await copy.close();
    const log = await (await asAdmin('/events')).text();
    expect(copied.map((event) => JSON.stringify(event))).toEqual(log.trimEnd().split('\n'));
  });

  it("replays the log into a view of one's own as docs/events.md shows", async () => {
    const blocks = blocksOf(read('docs/events.md')).filter(({ mark }) => mark !== '');
    expect(blocks.map(({ mark }) => mark)).toEqual(['run', 'answer']);
    for (const block of blocks) await reader.take(block);
  });

  it('records what docs/api.md shows', async () => {
    const blocks = blocksOf(read('docs/api.md')).filter(({ mark }) => mark !== '');
    expect(blocks.filter(({ mark }) => mark === 'run').length).toBeGreaterThan(5);
    for (const block of blocks) await reader.take(block);
  });

  it('lists our metrics and no others', async () => {
    const text = await (await asAdmin('/metrics')).text();
    const real = [...text.matchAll(/^# TYPE (chancery_\S+)/gm)].map(([, name]) => name);
    const listed = rowsOf(section(OPERATIONS, '## Health and metrics')).map(([name]) =>
      codeOf(name),
    );
    expect(listed.sort()).toEqual(real.sort());
  });
});

it('has marked blocks of every kind', () => {
  const marks = BLOCKS.map(({ mark }) => mark);
  expect(marks.filter((mark) => mark === 'server')).toHaveLength(2);
  expect(marks.filter((mark) => mark === 'run').length).toBeGreaterThan(5);
  expect(marks.filter((mark) => mark === 'answer').length).toBeGreaterThan(7);
});

it('marks every command that asks the server', () => {
  const unmarked = BLOCKS.filter(({ language, mark }) => language === 'sh' && mark === '');
  for (const { text } of unmarked) expect(text).not.toContain('curl');
});

it('shows the two commands of a start and a test', () => {
  const commands = BLOCKS.map(({ text }) => text.trim());
  expect(commands).toContain('npm ci && npm start');
  expect(commands).toContain('npm ci && npm test');
});

it('names npm scripts that exist', () => {
  const names = scriptsIn(README);
  expect(names).toContain('chancery');
  for (const name of names) expect(isScript(name), name).toBe(true);
});

it('lists folders that exist', () => {
  const rows = rowsOf(section(README, '## Folders'));
  expect(rows.length).toBeGreaterThan(8);
  for (const [cell] of rows) expect(existsSync(join(ROOT, codeOf(cell))), cell).toBe(true);
});

describe('the table of endpoints', () => {
  const listed = rowsOf(section(README, '## Endpoints')).map(
    ([method, path]) => `${method} ${codeOf(path)}`,
  );

  // The server that the README started last; one of its own when only these tests are run.
  beforeAll(async () => {
    if (!reader.serving)
      await reader.take({ language: 'sh', mark: 'server', text: 'npm run serve' });
  });

  it('has what the server documents and no more, beside the pages of the document itself', async () => {
    const response = await fetch(`${reader.url}/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, object> };
    const served = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...served, 'GET /docs'].sort()).toEqual([...listed].sort());
  });

  it('has GET /docs', async () => {
    const response = await fetch(`${reader.url}/docs`);
    expect(response.status).toBe(200);
  });

  it('lists methods that the addresses take, and HEAD where GET is', async () => {
    const method = (line: string) => line.split(' ')[0] ?? '';
    for (const line of listed) {
      const path = (line.split(' ')[1] ?? '').replace(/\{\w+\}/g, 'x');
      const asked = method(line) === 'GET' ? 'HEAD' : method(line);
      const { status } = await fetch(`${reader.url}${path}`, { method: asked });
      expect(status, `${asked} ${path}`).not.toBe(405);
    }
  });
});
