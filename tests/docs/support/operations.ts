import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../../support/program.ts';
import { blocksOf, read } from './markdown.ts';

/**
 * Does what the marked blocks of docs/operations.md say, one after the other, in a folder instead of data/.
 * @returns what they said
 * @throws a command failed
 */
export async function walkOperations(
  mark: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const blocks = blocksOf(read('docs/operations.md')).filter((one) => one.mark === mark);
  if (blocks.length === 0) throw new Error(`no block of docs/operations.md is marked ${mark}`);
  const script = blocks.map(({ text }) => text.replaceAll('data/', `${folder}/`)).join('');
  const bin = join(ROOT, 'node_modules/.bin');
  const shell = spawn('bash', ['-e', '-c', script], {
    cwd: ROOT,
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME ?? folder, ...env },
  });
  let said = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const [code] = await once(shell, 'close');
  if (code !== 0) throw new Error(`exit code ${code}:\n${said}`);
  return said;
}
