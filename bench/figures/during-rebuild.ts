import { type Context, type Group, median, percentile, ROUNDS } from '../harness.ts';
import type { ProbeJob } from '../jobs/probe.ts';
import { Job } from '../processes.ts';
import { ADMIN_TOKEN, serveLog } from './serving.ts';

const NAME = 'request-p99-during-rebuild';
/** Lists that are composed anew, one meeting after another, and what is kept. */
const PATHS = ['/schedule/upcoming?now={now}', '/meetings?topic=water&now={now}', '/changes'];
const LOAD = { paths: PATHS, connections: 2, ms: 500 };
/** Probes without a rebuild, for each round. */
const QUIET = 6;

/** How much slower requests are while the views are built anew; the floor is the same server without that. */
export const duringRebuild: Group = {
  names: [NAME],
  run: async (context) => {
    const rounds = await measure(context);
    return [
      {
        ...{ name: NAME, unit: 'ms', floorName: 'without', goal: { ratio: 0.33 } },
        value: median(rounds.map(({ during }) => during)),
        floor: median(rounds.map(({ without }) => without)),
      },
    ];
  },
};

async function measure(context: Context) {
  await using serving = await serveLog(context, await context.workspace.log('main'));
  await using probe = new Job<ProbeJob>('probe');
  const sample = () => probe.ask('sample', { ...LOAD, url: serving.url });
  await sample(); // warms up
  context.say(NAME);
  const rounds: { without: number; during: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const quiet: number[] = [];
    for (let n = 0; n < QUIET; n += 1) quiet.push(...(await sample()));
    const busy: number[] = [];
    await askRebuild(serving.url, 'POST');
    while (!(await isOver(serving.url))) busy.push(...(await sample()));
    rounds.push({ without: percentile(quiet, 99), during: percentile(busy, 99) });
  }
  return rounds;
}

async function isOver(url: string): Promise<boolean> {
  const { state, finishedAt } = await askRebuild(url, 'GET');
  if (finishedAt === null) return false;
  if (state !== 'done') throw new Error(`the rebuild is ${state}`);
  return true;
}

async function askRebuild(
  url: string,
  method: string,
): Promise<{ readonly state: string; readonly finishedAt: string | null }> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(`${url}/admin/rebuild`, { method, headers });
  if (!response.ok) throw new Error(`${method} /admin/rebuild answered ${response.status}`);
  return (await response.json()) as Awaited<ReturnType<typeof askRebuild>>;
}
