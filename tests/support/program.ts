import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { vi } from 'vitest';
import { openChancery } from '../../src/chancery.ts';
import { run as program } from '../../src/cli/program.ts';
import { safeJson } from '../../src/cli/terminal.ts';
import { COMPILE_CACHE } from '../../src/compile-cache.ts';
import { loadConfig } from '../../src/config.ts';

/** The program as users run it: a process of its own, with nothing of this one's environment. */

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

interface Options {
  readonly env?: Environment;
  readonly input?: string;
  /** Numeric user to run as, for what root may do and others may not. */
  readonly uid?: number;
  readonly cwd?: string;
  /** A file for its standard output, in place of what is collected. */
  readonly stdout?: string;
}

/** Runs a command to its end. */
export async function run(args: readonly string[], options: Options = {}): Promise<Ended> {
  const child = launch(args, options);
  const output = collected(child);
  child.stdin?.end(options.input ?? '');
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...output() };
}

/**
 * Carries out a command in this process, which saves the start of another one: for commands that end by themselves
 * and whose input, signals and exit are not what is tested. One at a time.
 */
export async function call(
  args: readonly string[],
  { env = {} }: { readonly env?: Environment } = {},
): Promise<Ended> {
  const before = process.env;
  const text = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk, ...rest: unknown[]) => {
      text[name] += chunk.toString();
      const written = rest.at(-1);
      if (typeof written === 'function') written();
      return true;
    }),
  );
  process.env = { PATH: before.PATH, ...env };
  try {
    const code = await program(args);
    return { code, signal: null, ...text };
  } finally {
    process.env = before;
    for (const spy of spies) spy.mockRestore();
  }
}

export interface Running {
  readonly stdin: Writable;
  /** Settles when it has said something on standard error. */
  readonly complained: Promise<unknown>;
  readonly ended: Promise<Ended>;
  /** Closes its standard output, as `| head` does. */
  stopReading(): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a command whose input goes on until the test ends it. */
export function start(args: readonly string[], options: Options = {}): Running {
  const child = launch(args, options);
  const output = collected(child);
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output() }));
  const { stdin, stderr } = child;
  if (stdin === null || stderr === null) throw new Error('the child has no pipes');
  return {
    stdin,
    complained: once(stderr, 'data'),
    ended,
    stopReading: () => void child.stdout?.destroy(),
    kill: (signal) => void child.kill(signal),
  };
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** The admin token of a first start. */
  readonly token: string | undefined;
  /** What it has printed so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Starts `serve` on a free port and waits until it says that it is ready. */
export async function startServer(
  env: Environment,
  args: readonly string[] = [],
  options: Pick<Options, 'stdout'> = {},
): Promise<Server> {
  const child = launch(['serve', ...args], { ...options, env: { PORT: '0', ...env } });
  const output = collected(child);
  const closed = once(child, 'close');
  const lines = await linesUntilReady(child, closed, output);
  const said = (pattern: RegExp) => lines.map((line) => pattern.exec(line)?.[1]).find(Boolean);
  return {
    url: said(/^Chancery is ready: (\S+)$/) ?? '',
    pid: child.pid ?? 0,
    token: said(/^Admin token.*: (\S+)$/),
    output,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [code, ended] = await closed;
      return { code, signal: ended, ...output() };
    },
  };
}

/**
 * A whole server on a free port in this process, which saves the start of another one: where signals, exit and what
 * is said on standard error are not what is tested. Its log is the standard output.
 */
export async function openServer(env: Environment): Promise<Server> {
  const config = loadConfig({ PORT: '0', ...env }, 'no-such-file');
  let stdout = '';
  const write = (line: string): void => {
    stdout += line;
  };
  const log = pino({ level: config.logLevel, hooks: { streamWrite: safeJson } }, { write });
  const chancery = await openChancery({ config, log });
  await chancery.ready;
  const output = () => ({ stdout, stderr: '' });
  return {
    url: chancery.url,
    pid: process.pid,
    token: chancery.firstToken,
    output,
    stop: async () => {
      await chancery.close();
      return { code: 0, signal: null, ...output() };
    },
  };
}

/** The lines up to the last one of the welcome, which ends with the token or the clock. */
async function linesUntilReady(
  child: ChildProcess,
  closed: Promise<unknown[]>,
  output: () => { stdout: string; stderr: string },
): Promise<string[]> {
  const lines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      // The welcome is written in one piece: what belongs to it is there with its last line.
      if (line.startsWith('Subscribe: ')) setImmediate(resolve);
    });
  });
  const died = closed.then((end) => {
    const { stdout, stderr } = output();
    throw new Error(`the server ended before it was ready: ${end}\n${stderr}\n${stdout}`);
  });
  await Promise.race([ready, died]);
  died.catch(() => {});
  return lines;
}

function launch(
  args: readonly string[],
  { env = {}, uid, cwd = ROOT, stdout }: Options,
): ChildProcess {
  const fd = stdout === undefined ? undefined : openSync(stdout, 'w');
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    // Not `.env` of a developer, nor the settings of the shell that runs the tests. The cache that main.ts turns on
    // is on from the start here, so that not even main.ts is stripped of its types in each of hundreds of processes.
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['pipe', fd ?? 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  });
  if (fd !== undefined) closeSync(fd);
  return child;
}

function collected(child: ChildProcess): () => { stdout: string; stderr: string } {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  return () => ({ ...text });
}

/** A folder for one test, and how to remove it. */
export function temporaryFolder(name = 'chancery-'): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), name));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
