import { type Context, type Figure, type Group, median, ROUNDS } from '../harness.ts';
import type { LoadJob } from '../jobs/load.ts';
import { Job } from '../processes.ts';
import { ADMIN_TOKEN, serveLog } from './serving.ts';

const NAMES = ['event-loop-delay-p99', 'append-to-visible-p99', 'write-100-callers'] as const;
const CALLERS = 100;
const SECONDS = 3;
const GOAL = { most: 20 };

/** What the server's own process sees while 100 callers write over HTTP. */
export const latency: Group = {
  names: NAMES,
  run: async (context) => {
    const rounds = await measure(context);
    const [loop, visible, writes] = NAMES;
    const figures: Figure[] = [
      { name: loop, value: median(rounds.map((r) => r.loopMs)), unit: 'ms', goal: GOAL },
      { name: visible, value: median(rounds.map((r) => r.visibleMs)), unit: 'ms', goal: GOAL },
      { name: writes, value: median(rounds.map((r) => r.rate)), unit: 'requests/s' },
    ];
    return figures.filter(({ name }) => context.wants(name));
  },
};

const MEETING = JSON.stringify({
  title: 'Round of talks on water',
  form: 'session',
  when: { edtf: '2027-03' },
  place: { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  participants: [{ name: 'Delegation, CH' }, { name: 'Delegation, NO' }],
  topics: ['water'],
  classification: 'public',
});

async function measure(context: Context) {
  await using serving = await serveLog(context, await context.workspace.log('main'));
  await using load = new Job<LoadJob>('load');
  const write = () =>
    load.ask('run', {
      ...{ url: serving.url, paths: ['/meetings'], method: 'POST', body: MEETING, expect: 201 },
      ...{ connections: CALLERS, seconds: SECONDS },
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    });
  await write(); // warms up
  context.say(`${CALLERS} callers write`);
  const rounds: { loopMs: number; visibleMs: number; rate: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await serving.job.ask('watch');
    const rate = await write();
    rounds.push({ rate, ...(await serving.job.ask('watched')) });
  }
  return rounds;
}
