import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const BIOME = join(ROOT, 'node_modules/.bin/biome');

const IMPORT = 'lint/style/noRestrictedImports';
const GLOBAL = 'lint/style/noRestrictedGlobals';
const PLUGIN = 'plugin';

const use = (module: string) => `import { a } from '${module}';\n\nexport const b = a;\n`;

/** Where, what is planted there, and the rule that must see it. */
const FORBIDDEN_IMPORTS: readonly (readonly [folder: string, module: string])[] = [
  ['events', 'node:fs'],
  ['events', 'luxon'],
  ['events', '../src/domain/visibility.ts'],
  ['events', '../projections/types.ts'],
  ['src/domain', 'zod'],
  ['src/domain', 'luxon'],
  ['src/domain', 'node:crypto'],
  ['src/domain', '../config.ts'],
  ['src/domain', '../../projections/types.ts'],
  ['src/domain/meeting', 'luxon'],
  ['src/domain/meeting', 'node:fs'],
  ['src/domain/meeting', '../../store/event-store.ts'],
  ['src/domain/announcement', 'luxon'],
  ['src/domain/announcement', '../../../projections/types.ts'],
  ['src/domain/date', 'node:fs'],
  ['src/domain/date', 'zod'],
  ['src/domain/date', '../../store/event-store.ts'],
  ['projections', 'node:sqlite'],
  ['projections', 'luxon'],
  ['projections', '../src/store/event-store.ts'],
  ['projections', '../src/handle.ts'],
  ['src/store', 'node:sqlite'],
  ['src/store', '../domain/visibility.ts'],
  ['src/store/sqlite', '@eventstore/db-client'],
  ['src/store/sqlite', '../../domain/visibility.ts'],
  ['src/store/sqlite', '../../../projections/types.ts'],
  ['src/store/eventstoredb', 'node:sqlite'],
  ['src/store/eventstoredb', '../../domain/visibility.ts'],
  ['src/views', '@eventstore/db-client'],
  ['src/views', 'fastify'],
  ['src/views', '../store/sqlite/index.ts'],
  ['src/views', '../handle.ts'],
  ['src/domain/token', 'luxon'],
  ['src/domain/token', '../../store/event-store.ts'],
  ['src/local', 'zod'],
  ['src/local', '../store/event-store.ts'],
  ['src/ical', 'node:fs'],
  ['src/ical', 'fastify'],
  ['src/ical', '../store/event-store.ts'],
  ['src/http', 'node:sqlite'],
  ['src/http', '@eventstore/db-client'],
  ['src/http', 'luxon'],
  ['src/http', '../chancery.ts'],
  ['src/http', '../config.ts'],
  ['src/http', '../main.ts'],
  ['src/http', '../domain/visibility.ts'],
  ['src/http', '../store/sqlite/index.ts'],
  ['src', 'node:sqlite'],
  ['src', '@eventstore/db-client'],
  ['src/cli', 'node:sqlite'],
  ['src/cli', '@eventstore/db-client'],
];

const ALLOWED_IMPORTS: readonly (readonly [folder: string, module: string])[] = [
  ['events', 'zod'],
  ['events', './values.ts'],
  ['src/domain', '../../events/values.ts'],
  ['src/domain/meeting', '../date/index.ts'],
  ['src/domain/date', 'luxon'],
  ['projections', '../events/envelope.ts'],
  ['projections', '../src/domain/visibility.ts'],
  ['src/store', '../../events/envelope.ts'],
  ['src/store/sqlite', 'node:sqlite'],
  ['src/store/eventstoredb', '@eventstore/db-client'],
  ['src/views', 'node:sqlite'],
  ['src/views', '../store/event-store.ts'],
  ['src/domain/token', '../visibility.ts'],
  ['src/local', 'node:sqlite'],
  ['src/ical', 'luxon'],
  ['src/http', 'fastify'],
  ['src/http', '../handle.ts'],
  ['src/http/routes', '../../tokens.ts'],
  ['src', './http/app.ts'],
  ['src/cli', '../chancery.ts'],
];

const PURE_FOLDERS = [
  'events',
  'projections',
  'src/domain',
  'src/domain/meeting',
  'src/domain/announcement',
  'src/domain/token',
  'src/domain/date',
];
const BANNED_GLOBALS: Readonly<Record<string, string>> = {
  Date: 'Date.now()',
  crypto: 'crypto.randomUUID()',
  performance: 'performance.now()',
  process: 'process.env',
  fetch: "fetch('http://127.0.0.1')",
  setTimeout: 'setTimeout(() => {}, 1)',
  setInterval: 'setInterval(() => {}, 1)',
  Buffer: "Buffer.from('')",
  globalThis: 'globalThis.name',
};

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const branches = many(11, (i) => `  if (n === ${i}) return ${i};`);

const SIZES: readonly (readonly [name: string, code: string, rule: string])[] = [
  [
    'a function whose body has 41 lines',
    `export function f(): number {\n  let n = 0;\n${many(39, () => '  n += 1;')}\n  return n;\n}\n`,
    'lint/complexity/noExcessiveLinesPerFunction',
  ],
  [
    'a file of 251 lines',
    `${many(251, (i) => `export const a${i} = ${i};`)}\n`,
    'lint/style/noExcessiveLinesPerFile',
  ],
  [
    'a function of complexity 11',
    `export function f(n: number): number {\n${branches}\n  return -1;\n}\n`,
    'lint/complexity/noExcessiveCognitiveComplexity',
  ],
];

const OTHERS: readonly (readonly [name: string, file: string, code: string, rule: string])[] = [
  ['any', 'src/p.ts', 'export const a = (b: any) => b;\n', 'lint/suspicious/noExplicitAny'],
  ['console', 'src/p.ts', "console.log('a');\n", 'lint/suspicious/noConsole'],
  [
    'a non-null assertion',
    'src/p.ts',
    'export const a = (b?: string): string => b!;\n',
    'lint/style/noNonNullAssertion',
  ],
  [
    'a skipped test',
    'tests/p.test.ts',
    "import { it } from 'vitest';\n\nit.skip('a', () => {});\n",
    'lint/suspicious/noSkippedTests',
  ],
  [
    'a focused test',
    'tests/p.test.ts',
    "import { it } from 'vitest';\n\nit.only('a', () => {});\n",
    'lint/suspicious/noFocusedTests',
  ],
];

/** What the linter found in each planted file. */
const found = new Map<string, string[]>();
let folder: string;
const planted: string[] = [];

function plant(file: string, code: string): string {
  const unique = file.replace(/(\.test)?\.ts$/, (end) => `-${planted.length}${end}`);
  planted.push(unique);
  mkdirSync(dirname(join(folder, unique)), { recursive: true });
  writeFileSync(join(folder, unique), code);
  return unique;
}

const files = new Map<string, string>();
function plantAll(): void {
  for (const [where, module] of [...FORBIDDEN_IMPORTS, ...ALLOWED_IMPORTS]) {
    files.set(`${where} ${module}`, plant(`${where}/p.ts`, use(module)));
  }
  for (const where of PURE_FOLDERS) {
    for (const [name, code] of Object.entries(BANNED_GLOBALS)) {
      files.set(`${where} ${name}`, plant(`${where}/p.ts`, `export const a = ${code};\n`));
    }
    files.set(`${where} random`, plant(`${where}/p.ts`, 'export const a = Math.random();\n'));
  }
  for (const [name, code] of SIZES) files.set(name, plant('src/p.ts', code));
  for (const [name, file, code] of OTHERS) files.set(name, plant(file, code));
}

const rulesAt = (key: string): readonly string[] => found.get(files.get(key) ?? '') ?? [];

interface Report {
  readonly diagnostics: readonly { category: string; location: { path: string } }[];
}

beforeAll(async () => {
  // A folder of its own with the project's configuration: nothing is ever planted in the project.
  folder = mkdtempSync(join(tmpdir(), 'chancery-lint-'));
  for (const name of ['biome.json', 'lint', '.gitignore']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  plantAll();
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const options = { cwd: folder, maxBuffer: 1 << 26 };
  const run = await promisify(execFile)(BIOME, args, options).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  const report = JSON.parse(run.stdout) as Report;
  for (const { category, location } of report.diagnostics) {
    const path = location.path.replace(/^\.\//, '');
    found.set(path, [...(found.get(path) ?? []), category]);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('import rules', () => {
  it.each(FORBIDDEN_IMPORTS)('%s may not import %s', (where, module) => {
    expect(rulesAt(`${where} ${module}`)).toContain(IMPORT);
  });

  it.each(ALLOWED_IMPORTS)('%s may import %s', (where, module) => {
    expect(rulesAt(`${where} ${module}`)).not.toContain(IMPORT);
  });
});

describe.each(PURE_FOLDERS)('%s is pure', (where) => {
  it.each(Object.keys(BANNED_GLOBALS))('%s is banned', (name) => {
    expect(rulesAt(`${where} ${name}`)).toContain(GLOBAL);
  });

  it('Math.random is banned', () => {
    expect(rulesAt(`${where} random`)).toContain(PLUGIN);
  });
});

describe('sizes and habits', () => {
  it.each(SIZES)('%s is refused', (name, _code, rule) => {
    expect(rulesAt(name)).toContain(rule);
  });

  it.each(OTHERS)('%s is refused', (name, _file, _code, rule) => {
    expect(rulesAt(name)).toContain(rule);
  });
});

it('no file waves a rule away', () => {
  const marks = ['biome-ignore', '@ts-ignore', '@ts-expect-error', '@ts-nocheck'];
  const sources = globSync('{events,projections,src,bench,tests}/**/*.ts', { cwd: ROOT });
  expect(sources).toContain('tests/lint.test.ts');
  const waving = sources.filter(
    (file) =>
      file !== 'tests/lint.test.ts' &&
      marks.some((mark) => readFileSync(join(ROOT, file), 'utf8').includes(mark)),
  );
  expect(waving).toEqual([]);
});
