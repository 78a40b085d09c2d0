import type { Methods } from '../processes.ts';

/** The process's side of a Job: answers what it is asked, and ends when nobody is left to ask. */
export function answer(methods: Methods): void {
  process.on('message', async ({ method, input }: { method: string; input: never }) => {
    try {
      process.send?.({ value: await methods[method]?.(input) });
    } catch (error) {
      process.send?.({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.once('disconnect', () => process.exit());
}
