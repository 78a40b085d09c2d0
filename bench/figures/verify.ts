import { rmSync } from 'node:fs';
import { type Context, type Group, interleaved } from '../harness.ts';
import type { RebuildJob } from '../jobs/rebuild.ts';
import type { VerifyJob } from '../jobs/verify.ts';
import { once } from '../processes.ts';

const NAME = 'verify';

/** Folding the log anew and comparing all rows, each time in a process of its own. */
export const verify: Group = {
  names: [NAME],
  run: async (context) => {
    const { ours, floor } = await measure(context);
    return [{ name: NAME, value: ours, unit: 'events/s', floor, floorName: 'F1' }];
  },
};

async function measure({ workspace, say }: Context) {
  const { file: log, events } = await workspace.log('main');
  say(`${NAME}: ${events} events`);
  const file = workspace.fresh();
  await once<VerifyJob, 'build'>('verify', 'build', { log, into: file });
  const figures = await interleaved({
    ours: () =>
      once<VerifyJob, 'verify'>('verify', 'verify', { log, file, scratch: workspace.fresh() }),
    floor: async () => {
      const into = workspace.fresh();
      const { rate } = await once<RebuildJob, 'floor'>('rebuild', 'floor', { log, into });
      rmSync(into);
      return rate;
    },
  });
  rmSync(file);
  return figures;
}
