import autocannon, { type Client } from 'autocannon';
import { answer } from './answer.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The status that every answer must have. */
  readonly expect: number;
  /**
   * Asked in turn. `{now}` in a path becomes an instant that no request had before, so that no kept answer
   * fits; `{then}` one a month earlier.
   */
  readonly paths: readonly string[];
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Any instant will do: what lies ahead at it is about as much as a moment later. */
const NOW = Date.parse('2026-09-30T12:00:00Z');
const MONTH_MS = 30 * 86_400_000;
let asked = 0;

/** @returns requests a second */
async function run({ url, connections, seconds, expect, paths, ...rest }: Load): Promise<number> {
  const { method = 'GET', headers = {}, body } = rest;
  const unique = paths.some((path) => path.includes('{now}') || path.includes('{then}'));
  const result = await autocannon({
    ...{ url, connections, method, headers: { ...headers } },
    ...(body === undefined ? {} : { body }),
    duration: seconds,
    sampleInt: 20,
    setupClient: discardBodies,
    requests: unique
      ? [{ setupRequest: (request) => ({ ...request, path: next(paths) }) }]
      : paths.map((path) => ({ path })),
  });
  const statuses = Object.keys(result.statusCodeStats);
  if (result.errors > 0 || statuses.some((status) => Number(status) !== expect)) {
    throw new Error(`${method} ${paths[0]} answered ${statuses}, with ${result.errors} errors`);
  }
  const count = result.statusCodeStats[expect]?.count ?? 0;
  if (count === 0) throw new Error(`${method} ${paths[0]}: no answer within ${seconds} s`);
  return count / result.duration;
}

/** Nobody reads them, and making strings of megabytes would measure the load instead of the server. */
function discardBodies(client: Client): void {
  client.pipelinedRequests.addBody = () => {};
}

function next(paths: readonly string[]): string {
  asked += 1;
  const path = paths[asked % paths.length] ?? '/';
  const instant = (ms: number) => new Date(ms + asked).toISOString();
  return path.replace('{now}', instant(NOW)).replace('{then}', instant(NOW - MONTH_MS));
}

const methods = { run };
export type LoadJob = typeof methods;
answer(methods);
