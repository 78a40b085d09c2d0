import { rmSync } from 'node:fs';
import { type Context, type Figure, type Group, interleaved, median } from '../harness.ts';
import type { RebuildJob } from '../jobs/rebuild.ts';
import { once } from '../processes.ts';
import type { Log } from '../workspace.ts';

const NAMES = ['rebuild', 'rebuild-memory', 'rebuild-steady', 'rebuild-worst-case'] as const;

/** Building the calendar's view from the first event, each time in a process of its own. */
export const rebuild: Group = {
  names: NAMES,
  run: async (context) => {
    const figures: Figure[] = [];
    const [speed, memory, steady, worst] = NAMES;
    if ([speed, memory, steady].some(context.wants)) {
      const { built, figure } = await speedOf(context, speed, await context.workspace.log('main'));
      figures.push({ ...figure, goal: { ratio: 0.35, aim: 0.5 } });
      if ([memory, steady].some(context.wants)) {
        figures.push(...(await scaleOf(context, [memory, steady], built, figure.value)));
      }
    }
    if (context.wants(worst)) {
      const { figure } = await speedOf(context, worst, await context.workspace.log('worst'));
      figures.push(figure);
    }
    return figures.filter(({ name }) => context.wants(name));
  },
};

/** `built`: the peak memory of each build, in MB. */
async function speedOf(context: Context, name: string, log: Log) {
  context.say(`${name}: ${log.events} events of ${log.meetings} meetings`);
  const built: number[] = [];
  const { ours, floor } = await interleaved({
    ours: async () => {
      const { rate, peakMb } = await measure(context, 'ours', log);
      built.push(peakMb);
      return rate;
    },
    floor: async () => (await measure(context, 'floor', log)).rate,
  });
  const figure: Figure = { name, value: ours, unit: 'events/s', floor, floorName: 'F1' };
  return { built, figure };
}

/**
 * Against a build of a quarter of the events. Flat memory is a ratio near 1, once even a quarter fills the
 * cache; in step with the events it would be near 0.3. A rate that does not fall is one near 1, too.
 */
async function scaleOf(
  context: Context,
  [memory, steady]: readonly [string, string],
  built: readonly number[],
  rate: number,
): Promise<Figure[]> {
  const log = await context.workspace.log('quarter');
  context.say(`${memory}: ${log.events} events`);
  const rates: number[] = [];
  const { quarter } = await interleaved({
    quarter: async () => {
      const figures = await measure(context, 'ours', log);
      rates.push(figures.rate);
      return figures.peakMb;
    },
  });
  const floorName = 'a quarter';
  return [
    {
      ...{ name: memory, value: median(built), unit: 'MB', floor: quarter, floorName },
      goal: { ratio: 0.5 },
    },
    {
      ...{ name: steady, value: rate, unit: 'events/s', floor: median(rates), floorName },
      goal: { ratio: 0.8 },
    },
  ];
}

async function measure({ workspace }: Context, kind: keyof RebuildJob, log: Log) {
  const into = workspace.fresh();
  const figures = await once<RebuildJob, keyof RebuildJob>('rebuild', kind, {
    log: log.file,
    into,
  });
  rmSync(into);
  return figures;
}
