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
    if (NAMES.slice(0, 4).some(context.wants)) figures.push(...(await rates(url)));
    if (context.wants(NAMES[4])) figures.push(await elsewhere(context, url));
    return figures.filter(({ name }) => context.wants(name));
  },
};

async function rates(url: string): Promise<Figure[]> {
  await using job = new Job<ClusterJob>('cluster');
  const callers = (count: number, bare: boolean) => () => job.ask('callers', { url, count, bare });
  const filled = await job.ask('fill', { url });
  const read = (live: boolean, bare: boolean) => () => job.ask('read', { ...filled, live, bare });
  const measured = await interleaved({
    one: callers(1, false),
    oneBare: callers(1, true),
    hundred: callers(100, false),
    hundredBare: callers(100, true),
    read: read(false, false),
    readBare: read(false, true),
    catchUp: read(true, false),
    catchUpBare: read(true, true),
  });
  const figure = (name: string, value: number, floor: number): Figure => ({
    ...{ name, value, unit: UNIT, floor, floorName: 'bare', goal: GOAL },
  });
  return [
    figure(NAMES[0], measured.one, measured.oneBare),
    figure(NAMES[1], measured.hundred, measured.hundredBare),
    figure(NAMES[2], measured.read, measured.readBare),
    figure(NAMES[3], measured.catchUp, measured.catchUpBare),
  ];
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
