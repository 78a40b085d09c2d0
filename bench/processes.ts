import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Measured work runs in processes of its own: each begins with a clean heap, and the load does not share an
 * event loop with what it loads.
 */

/** What a job answers: by name, with at most one JSON value as input. */
export type Methods = Readonly<Record<string, (input: never) => unknown>>;

interface Reply {
  readonly value?: unknown;
  readonly error?: string;
}

const running = new Set<ChildProcess>();

/** Ends every process that is still running; for the way out. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Makes endAll end it too. */
export function track(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** One process of jobs/, asked one thing at a time. */
export class Job<M extends Methods> {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    const file = fileURLToPath(new URL(`./jobs/${name}.ts`, import.meta.url));
    this.#child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    track(this.#child);
  }

  ask<K extends keyof M & string>(
    method: K,
    ...[input]: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) =>
        reject(new Error(`the process ${this.#name} ended (${code}) before it answered`));
      this.#child.once('exit', ended);
      this.#child.once('message', ({ value, error }: Reply) => {
        this.#child.off('exit', ended);
        if (error === undefined) resolve(value as Awaited<ReturnType<M[K]>>);
        else reject(new Error(`${this.#name}: ${error}`));
      });
      this.#child.send({ method, input });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** Asks a fresh process one thing. */
export async function once<M extends Methods, K extends keyof M & string>(
  name: string,
  method: K,
  ...input: Parameters<M[K]>
): Promise<Awaited<ReturnType<M[K]>>> {
  await using job = new Job<M>(name);
  return await job.ask(method, ...input);
}
