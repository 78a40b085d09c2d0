import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/program.ts';

/** What the tests read of a Markdown file. */

export interface Block {
  readonly language: string;
  /** What stands behind the language: `run`, `server`, `answer`, or nothing. */
  readonly mark: string;
  readonly text: string;
}

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Every file of the documentation, from the root. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...globSync('docs/**/*.md', { cwd: ROOT }).sort(),
];

const FENCE = /^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm;

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(FENCE)].map(([, language = '', mark = '', content = '']) => ({
    language,
    mark,
    text: content,
  }));

export const withoutBlocks = (text: string): string => text.replace(FENCE, '');

/** The part below a heading, up to the next one of its level. */
export function section(text: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0] ?? '';
  const [, rest] = text.split(`\n${heading}\n`);
  if (rest === undefined) throw new Error(`there is no heading "${heading}"`);
  return rest.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '';
}

/** The rows of every table, without heads; each cell trimmed. */
export function rowsOf(text: string): string[][] {
  const lines = withoutBlocks(text).split('\n');
  const isRule = (line: string | undefined) => /^\|( *:?-+:? *\|)+$/.test(line ?? '');
  return lines
    .filter((line, i) => line.startsWith('|') && !isRule(line) && !isRule(lines[i + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** The text between backticks, for each pair of them. */
export const codesOf = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The one code that a cell holds. */
export function codeOf(cell: string | undefined): string {
  const [code, ...more] = codesOf(cell ?? '');
  if (code === undefined || more.length > 0) throw new Error(`not one code: ${cell}`);
  return code;
}

/** Targets of links that lead to files of the repository. */
export const localLinksOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target));

/** The anchors that a viewer makes of headings. */
export const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
