import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

export interface Child {
  /** The next line it says. */
  hear(): Promise<unknown>;
  /** Lets it do the next thing. */
  tell(): void;
  /** Ends it at once, as a power cut would end a program; gives what it said and was not heard. */
  kill(): Promise<unknown[]>;
  /** Its exit code, once it has ended by itself. */
  ended(): Promise<number>;
}

/** Starts child.ts in a process of its own. */
export function startChild(file: string, what: string, name = ''): Child {
  const child = spawn(process.execPath, [CHILD, file, what, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  return {
    hear: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the process '${what}' ended without a word`);
      return JSON.parse(value);
    },
    tell: () => child.stdin.write('go\n'),
    kill: async () => {
      child.kill('SIGKILL');
      const rest: string[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(line);
      await closed;
      // The last line may be cut.
      return rest.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []));
    },
    ended: async () => {
      child.stdin.end();
      const [code] = await closed;
      return code;
    },
  };
}
