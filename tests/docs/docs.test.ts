import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../events/registry.ts';
import { resolveWhen } from '../../src/domain/date/index.ts';
import { STATUS_TABLE } from '../../src/domain/meeting/index.ts';
import { RULES } from '../../src/domain/rules.ts';
import {
  announcementListQuery,
  changesQuery,
  meetingListQuery,
} from '../../src/http/parameters.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { ROOT } from '../support/program.ts';
import {
  anchorsOf,
  codeOf,
  codesOf,
  DOCUMENTS,
  localLinksOf,
  read,
  rowsOf,
  section,
  withoutBlocks,
} from './support/markdown.ts';
import { isScript, scriptsIn } from './support/walkthrough.ts';

const sorted = (items: Iterable<string>): string[] => [...items].sort();

describe.each(DOCUMENTS)('%s', (file) => {
  const text = read(file);

  it('links to files and headings that exist', () => {
    for (const link of localLinksOf(text)) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(read(target)), link).toContain(anchor);
    }
  });

  it('names files and folders that exist', () => {
    const paths = codesOf(withoutBlocks(text)).filter((code) =>
      /^(src|events|projections|tests|docs|examples|lint)\/[\w./-]*$/.test(code),
    );
    for (const path of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it('names npm scripts that exist', () => {
    for (const name of scriptsIn(text)) expect(isScript(name), name).toBe(true);
  });

  it('has lines of at most 120 characters', () => {
    const long = text.split('\n').filter((line) => line.length > 120);
    expect(long).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const steps = rowsOf(section(read('docs/architecture.md'), '## One event, from POST to feed'));

  it('follows many steps', () => expect(steps.length).toBeGreaterThan(15));

  it.each(steps)('%s: %s has %s', (_step, file, name) => {
    expect(read(codeOf(file))).toMatch(new RegExp(`\\b${codeOf(name)}\\b`));
  });
});

describe('docs/dates.md', () => {
  const dates = read('docs/dates.md');
  const accepted = rowsOf(section(dates, '## What is accepted'));

  it.each(accepted.filter((row) => row.length === 5))(
    '%s is of precision %s, %s to %s, shown as "%s"',
    (edtf, precision, earliest, latest, display) => {
      const orNull = (cell: string | undefined) => (cell === 'null' ? null : cell);
      expect(resolveWhen({ edtf: codeOf(edtf) })).toMatchObject({
        ...{ precision, display },
        ...{ earliest: orNull(earliest), latest: orNull(latest) },
      });
    },
  );

  it.each(rowsOf(section(dates, '### throughout or within')))(
    '%s %s is of precision %s, shown as "%s"',
    (edtf, extent, precision, display) => {
      const when = { edtf: codeOf(edtf), extent: extent as 'throughout' | 'within' };
      expect(resolveWhen(when)).toMatchObject({ extent, precision, display });
    },
  );
});

describe('docs/events.md', () => {
  const events = read('docs/events.md');

  it('lists every type of event and no other', () => {
    const headings = ['Meetings', 'Announcements', 'Tokens', 'Feeds', 'Redactions'];
    const listed = headings.flatMap((heading) =>
      rowsOf(section(events, `## ${heading}`)).map(([type]) => codeOf(type)),
    );
    expect(sorted(listed)).toEqual(sorted(registry.keys()));
  });

  it('lists every rule and no other', () => {
    const listed = rowsOf(section(events, '## Rules')).map(([rule]) => codeOf(rule));
    expect(sorted(listed)).toEqual(sorted(Object.keys(RULES)));
  });

  it('says which command is taken in which status', () => {
    const all = new Set(Object.values(STATUS_TABLE).flat());
    const statuses = (cell: string) =>
      cell.startsWith('all but ')
        ? sorted(all).filter((status) => !cell.includes(status))
        : sorted(cell.split(', '));
    const listed = rowsOf(section(events, '## Which command in which status')).flatMap(
      ([commands = '', from = '']) =>
        commands
          .replace('participants', 'add-participant, remove-participant')
          .split(', ')
          .map((command) => [command, statuses(from)] as const),
    );
    const real = Object.entries(STATUS_TABLE).map(([command, from]) => [command, sorted(from)]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(real));
  });
});

describe('docs/api.md', () => {
  const api = read('docs/api.md');

  it('lists every problem with its status and no other', () => {
    const listed = rowsOf(section(api, '## Problems')).map(
      ([code, status]) => `${codeOf(code)} ${status}`,
    );
    const real = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
    expect(sorted(listed)).toEqual(sorted(real));
  });

  it('lists every parameter of the lists and no other', () => {
    const listed = rowsOf(section(api, '### Lists')).flatMap(([names = '']) => codesOf(names));
    const elsewhere = new Set(['limit', 'cursor', 'seen', 'after']);
    const real = [meetingListQuery, announcementListQuery, changesQuery]
      .flatMap((query) => Object.keys(query.shape))
      .filter((name) => !elsewhere.has(name));
    expect(sorted(new Set(listed))).toEqual(sorted(new Set(real)));
  });
});

describe('docs/operations.md', () => {
  const operations = read('docs/operations.md');
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n');

  it('explains log lines that the program writes', () => {
    const messages = rowsOf(section(operations, '## Logs')).flatMap(([cell = '']) => codesOf(cell));
    const ours = messages.filter((message) => !message.startsWith('Server listening'));
    expect(ours.length).toBeGreaterThan(8);
    expect(ours.filter((message) => !sources.includes(`'${message}'`))).toEqual([]);
  });

  it('explains errors that the program prints', () => {
    const said = rowsOf(section(operations, '## Errors at the terminal')).map(([cell = '']) =>
      // Between what the program puts in and what the page leaves out.
      (codesOf(cell)[0] ?? '')
        .split(/…|<[^>]+>/)
        .map((part) => part.replace(/^[ :,(]+|[ :,)]+$/g, '')),
    );
    expect(said.length).toBeGreaterThan(15);
    expect(said.flat().filter((part) => !sources.includes(part))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  const page = read('docs/dependencies.md');
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

  it.each([
    ['## At run time', 'dependencies'],
    ['## For development', 'devDependencies'],
    ['## Optional: Node itself', 'optionalDependencies'],
  ])('%s has every package with its major version', (heading, kind) => {
    const listed = rowsOf(section(page, heading)).map(([name, major]) => `${name} ${major}`);
    const real = Object.entries(manifest[kind] ?? {}).map(
      ([name, version]) => `${name} ${version.split('.')[0]}`,
    );
    expect(sorted(listed)).toEqual(sorted(real));
  });
});
