import { serveCanned } from '../floors/server.ts';
import { httpGet } from '../http-get.ts';
import { answer } from './answer.ts';

export interface Copied {
  /** Where the floor serves it. */
  readonly path: string;
  /** Where ours does. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks our server once for each answer, and from then on sends the same. @returns where it listens */
async function open(answers: readonly Copied[]): Promise<string> {
  return serveCanned(
    await Promise.all(
      answers.map(async ({ path, url, headers }) => ({ path, ...(await httpGet(url, headers)) })),
    ),
  );
}

const methods = { open };
export type FloorServerJob = typeof methods;
answer(methods);
