import { Agent, request } from 'node:http';
import { answer } from './answer.ts';

export interface Probe {
  readonly url: string;
  /** Asked in turn; `{now}` becomes an instant that no request had before, so that no kept answer fits. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly ms: number;
}

const NOW = Date.parse('2026-09-30T12:00:00Z');
const agent = new Agent({ keepAlive: true });
let asked = 0;

/** How long each answer took, in milliseconds: asked one after the other on each connection. */
async function sample({ url, paths, connections, ms }: Probe): Promise<number[]> {
  const taken: number[] = [];
  const end = performance.now() + ms;
  const ask = async () => {
    while (performance.now() < end) {
      asked += 1;
      const path = paths[asked % paths.length] ?? '/';
      const begun = performance.now();
      await get(url + path.replace('{now}', new Date(NOW + asked).toISOString()));
      taken.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: connections }, ask));
  return taken;
}

/** Finer than a load generator counts, whose histograms are in whole milliseconds. */
function get(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject).end();
  });
}

const methods = { sample };
export type ProbeJob = typeof methods;
answer(methods);
