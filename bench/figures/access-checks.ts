import { type Group, interleaved } from '../harness.ts';
import type { ListJob } from '../jobs/list.ts';
import { Job } from '../processes.ts';

const [CHECKS, READ_LOG] = ['list-access-checks', 'list-read-log'] as const;
/** Short rounds, many of them: what is looked for is a few parts in a hundred. */
const ROUNDS = 21;

/**
 * What it costs a list to look who may see what, and, for those who see what is confidential, to note what they read;
 * the floor is the same page of the same view without either.
 */
export const accessChecks: Group = {
  names: [CHECKS, READ_LOG],
  run: async (context) => {
    const log = await context.workspace.log('main');
    await using job = new Job<ListJob>('list');
    const [checked, unchecked] = await job.ask('open', { folder: log.folder, nowMs: log.lastMs });
    if (checked !== unchecked) throw new Error('the pages differ');
    context.say(CHECKS);
    const measures = {
      checked: () => job.ask('checked'),
      readLog: () => job.ask('readLog'),
      unchecked: () => job.ask('unchecked'),
    };
    await interleaved(measures, 1); // warms them up
    const taken = await interleaved(measures, ROUNDS);
    const common = { unit: 'ms', floor: taken.unchecked, floorName: 'without' };
    return [
      { ...common, name: CHECKS, value: taken.checked, goal: { ratio: 0.95 } },
      { ...common, name: READ_LOG, value: taken.readLog },
    ].filter(({ name }) => context.wants(name));
  },
};
