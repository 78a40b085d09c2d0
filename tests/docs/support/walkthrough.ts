import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT, type Server, startServer } from '../../support/program.ts';
import type { Block } from './markdown.ts';
import { read } from './markdown.ts';

/** The address that the README writes; the server listens on a free port. */
const WRITTEN = 'http://127.0.0.1:3000';

const SCRIPTS = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

/** The scripts that a text calls: `npm start`, `npm run serve`. */
export const scriptsIn = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run (?:-s )?(\S+)|(start|test)\b)/g)].map(([, run, short]) =>
    (run ?? short ?? '').replace(/[`.,;)]+$/, ''),
  );

export const isScript = (name: string): boolean => Object.hasOwn(SCRIPTS, name);

/** What a reader does with the marked blocks, one after the other, in a data folder of their own. */
export class Walkthrough {
  readonly #dataDir: string;
  #server: Server | undefined;
  #token: string | undefined;
  #said = '';

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Carries a block out, and returns what it said; an answer is compared with what the block before said. */
  async take(block: Block): Promise<string> {
    if (block.mark === 'server') await this.#serve(block.text);
    else if (block.mark === 'run') await this.#run(block.text);
    else if (block.mark === 'answer') compare(block, this.#said.replaceAll(this.url, WRITTEN));
    return this.#said;
  }

  get serving(): boolean {
    return this.#server !== undefined;
  }

  get url(): string {
    return this.#server?.url ?? WRITTEN;
  }

  get token(): string {
    return this.#token ?? '';
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async #serve(command: string): Promise<void> {
    await this.stop();
    this.#server = await startServer({ DATA_DIR: this.#dataDir }, serveArguments(command));
    this.#token = this.#server.token ?? this.#token;
    this.#said = this.#server.output().stderr;
  }

  /** Bash, as a reader would; the token is the one that the first start printed. */
  async #run(text: string): Promise<void> {
    const command = text.replaceAll(WRITTEN, this.url);
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', command], {
      cwd: ROOT,
      env: {
        PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
        DATA_DIR: this.#dataDir,
        TOKEN: this.token,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    shell.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [code] = await once(shell, 'close');
    this.#said = Buffer.concat(chunks).toString();
    if (code !== 0) throw new Error(`exit code ${code} of\n${text}\n${this.#said}`);
  }
}

/** `npm ci && npm start` → the arguments of `serve` in that script. What installs is done before tests run. */
function serveArguments(command: string): string[] {
  const line = command.trim().replace(/^npm ci && /, '');
  const [name = ''] = scriptsIn(line);
  const [node, main, serve, ...options] = (SCRIPTS[name] ?? '').split(' ');
  const serves = node === 'node' && main === 'src/main.ts' && serve === 'serve';
  if (!serves || !/^npm (start|run \S+)$/.test(line)) throw new Error(`does not serve: ${line}`);
  return options;
}

function compare({ language, text }: Block, said: string): void {
  if (language === 'json') requireWithin(JSON.parse(text), JSON.parse(said), '');
  else requireLines(text.trimEnd().split('\n'), said.split(/\r?\n/));
}

/** Every field shown is in the answer with that value; lists have as many items as shown. */
function requireWithin(shown: unknown, real: unknown, path: string): void {
  if (!isObject(shown) || !isObject(real)) requireThat(shown === real, shown, real, path);
  else {
    const whole = !Array.isArray(shown) || shown.length === Object.keys(real).length;
    requireThat(whole, shown, real, path);
    for (const [key, value] of Object.entries(shown)) {
      requireWithin(value, real[key], `${path}/${key}`);
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function requireThat(holds: boolean, shown: unknown, real: unknown, path: string): void {
  if (holds) return;
  const [a, b] = [JSON.stringify(shown), JSON.stringify(real)];
  throw new Error(`${path || '/'} is shown as ${a}, and is ${b}`);
}

/** Every line shown is in the answer, in that order; `…` stands for anything. */
function requireLines(shown: readonly string[], real: readonly string[]): void {
  let at = 0;
  for (const line of shown) {
    const pattern = new RegExp(`^${line.split('…').map(RegExp.escape).join('.+')}$`);
    const found = real.findIndex((other, index) => index >= at && pattern.test(other));
    if (found < 0) throw new Error(`"${line}" is not in the answer:\n${real.join('\n')}`);
    at = found + 1;
  }
}
