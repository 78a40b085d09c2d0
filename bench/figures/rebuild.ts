import { rmSync } from 'node:fs';
import { type Context, type Figure, type Group, interleaved, median } from '../harness.ts';
import type { RebuildJob } from '../jobs/rebuild.ts';
import { once } from '../processes.ts';
import type { Log } from '../workspace.ts';

const NAMES = ['rebuild', 'rebuild-memory', 'rebuild-worst-case'] as const;

/** Building the calendar's view from the first event, each time in a process of its own. */
export const rebuild: Group = {
  names: NAMES,
  run: async (context) => {
    const figures: Figure[] = [];
    const [speed, memory, worst] = NAMES;
    if (context.wants(speed) || context.wants(memory)) {
      const { built, figure } = await speedOf(context, speed, await context.workspace.log('main'));
      figures.push({ ...figure, goal: { ratio: 0.35, aim: 0.5 } });
      if (context.wants(memory)) figures.push(await memoryOf(context, memory, built));
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
 * Peak memory against that of a quarter of the events: flat is a ratio near 1, once even a quarter fills the
 * cache; in step with the events it would be near 0.3.
 */
async function memoryOf(context: Context, name: string, built: readonly number[]): Promise<Figure> {
  const log = await context.workspace.log('quarter');
  context.say(`${name}: ${log.events} events`);
  const { quarter } = await interleaved({
    quarter: async () => (await measure(context, 'ours', log)).peakMb,
  });
  return {
    ...{ name, value: median(built), unit: 'MB', floor: quarter, floorName: 'a quarter' },
    goal: { ratio: 0.5 },
  };
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
