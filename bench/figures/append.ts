import { type Context, type Figure, type Group, interleaved } from '../harness.ts';
import type { AppendJob } from '../jobs/append.ts';
import { Job } from '../processes.ts';

const NAMES = [
  'append-sequential',
  'append-100-callers',
  'append-100-callers-to-sequential',
] as const;
const UNIT = 'events/s';

/** Durable appends of one event each, through the store port. */
export const append: Group = {
  names: NAMES,
  run: async (context) => {
    const [alone, together, gain] = NAMES;
    context.say('append');
    const { one, hundred, floor } = await measure(context);
    const figures: Figure[] = [
      { name: alone, value: one, unit: UNIT, floor, floorName: 'F4' },
      { name: together, value: hundred, unit: UNIT, floor, floorName: 'F4', goal: { ratio: 0.5 } },
      { name: gain, value: hundred, unit: UNIT, floor: one, floorName: 'one', goal: { ratio: 5 } },
    ];
    return figures.filter(({ name }) => context.wants(name));
  },
};

async function measure({ workspace }: Context) {
  await using job = new Job<AppendJob>('append');
  const callers = (count: number) => () => job.ask('callers', { file: workspace.fresh(), count });
  return await interleaved({
    one: callers(1),
    hundred: callers(100),
    floor: () => job.ask('floor', { file: workspace.fresh() }),
  });
}
