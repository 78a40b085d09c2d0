import { mkdirSync } from 'node:fs';
import { type Context, type Figure, type Group, interleaved, percentile } from '../harness.ts';
import type { ClusterJob } from '../jobs/cluster.ts';
import type { ClusterServerJob } from '../jobs/cluster-server.ts';
import type { ServerJob } from '../jobs/server.ts';
import { Job } from '../processes.ts';
import { ADMIN_TOKEN } from './serving.ts';

const NAMES = [
  'cluster-append-sequential',
  'cluster-append-100-callers',
  'cluster-read',
  'cluster-catch-up',
  'cluster-visible-elsewhere-p99',
] as const;
const UNIT = 'events/s';
const GOAL = { ratio: 0.9 };
const WRITES = 200;
/** More than elsewhere, and shorter ones: a server and its disk are less even than a processor. */
const CLUSTER_ROUNDS = 21;

/**
 * The adapter against the bare driver on the same server: the one that ESDB_TEST_URL names, or else one of our
 * own that speaks its protocol. And two nodes on it: from the sending of a write at one until the other shows it.
 */
export const cluster: Group = {
  names: NAMES,
  run: async (context) => {
    context.say('cluster');
    await using own = new Job<ClusterServerJob>('cluster-server');
    const url = process.env.ESDB_TEST_URL || (await own.ask('start'));
    const figures: Figure[] = [];
    figures.push(...(await rates(context, url)));
    if (context.wants(NAMES[4])) figures.push(await elsewhere(context, url));
    return figures;
  },
};

async function rates({ wants }: Context, url: string): Promise<Figure[]> {
  await using job = new Job<ClusterJob>('cluster');
  const callers = (count: number) => (bare: boolean) => job.ask('callers', { url, count, bare });
  const filled = wants(NAMES[2]) || wants(NAMES[3]) ? await job.ask('fill', { url }) : undefined;
  const read = (live: boolean) => (bare: boolean) =>
    filled === undefined ? Promise.resolve(Number.NaN) : job.ask('read', { ...filled, live, bare });
  const measures = [callers(1), callers(100), read(false), read(true)];
  const figures: Figure[] = [];
  for (const [index, measure] of measures.entries()) {
    const name = NAMES[index];
    if (name === undefined || !wants(name)) continue;
    const pair = { value: () => measure(false), floor: () => measure(true) };
    const measured = await interleaved(pair, CLUSTER_ROUNDS);
    figures.push({ ...measured, name, unit: UNIT, floorName: 'bare', goal: GOAL });
  }
  return figures;
}

async function elsewhere({ workspace }: Context, storeUrl: string): Promise<Figure> {
  await using here = new Job<ServerJob>('server');
  await using there = new Job<ServerJob>('server');
  const prefix = `bench-${process.pid}-${Date.now()}.`;
  const open = (job: Job<ServerJob>) => {
    const folder = workspace.fresh();
    mkdirSync(folder);
    const cluster = { url: storeUrl, prefix };
    return job.ask('open', { folder, nowMs: Date.now(), adminToken: ADMIN_TOKEN, cluster });
  };
  const [writer, reader] = [await open(here), await open(there)];
  const times: number[] = [];
  for (let index = 0; index < WRITES; index += 1) {
    const begun = performance.now();
    const seen = await write(writer, `visible-${index}`);
    const response = await fetch(`${reader}/meetings/visible-${index}?seen=${seen}`);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    times.push(performance.now() - begun);
  }
  return { name: NAMES[4], value: percentile(times, 99), unit: 'ms' };
}

/** @returns the event's id */
async function write(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/meetings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, title: id, form: 'session', classification: 'public' }),
  });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return response.headers.get('chancery-event') ?? '';
}
