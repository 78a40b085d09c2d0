import { type Context, type Figure, type Group, interleaved, median } from '../harness.ts';
import type { FeedJob } from '../jobs/feed.ts';
import type { FeedFloorJob } from '../jobs/feed-floor.ts';
import { sizedName } from '../options.ts';
import { Job, once } from '../processes.ts';

const NAMES = [
  'feed-cold',
  'feed-after-change',
  'feed-cold-loop-delay',
  'feed-after-change-loop-delay',
  'feed-100-saved-after-change',
  'feed-100-saved-loop-delay',
] as const;
/** Changes in a round, of which the median counts: one alone may meet a pause of the collector. */
const CHANGES = 7;
/** What design.md allows a turn of the event loop. */
const LOOP = { most: 20 };

/** Composing a feed, and for how long other work then has to wait. */
export const feed: Group = {
  names: NAMES,
  run: async (context) => {
    const figures: Figure[] = [];
    for (const entries of context.entries) figures.push(...(await measureSize(context, entries)));
    return figures;
  },
};

async function measureSize(context: Context, entries: number): Promise<Figure[]> {
  const [cold, change, coldLoop, changeLoop, saved, savedLoop] = NAMES;
  const taken = await measure(context, entries);
  const common = { unit: 'ms', floor: taken.floor, floorName: 'F3' };
  const figures: Figure[] = [
    { ...common, name: cold, value: taken.cold },
    { ...common, name: change, value: taken.change, goal: { ratio: 50, aim: 100 } },
    { name: coldLoop, value: taken.coldLoop, unit: 'ms', goal: LOOP },
    { name: changeLoop, value: taken.changeLoop, unit: 'ms', goal: LOOP },
    { ...common, name: saved, value: taken.saved },
    { name: savedLoop, value: taken.savedLoop, unit: 'ms', goal: LOOP },
  ];
  return figures
    .filter(({ name }) => context.wants(name))
    .map((figure) => ({ ...figure, name: sizedName(figure.name, entries) }));
}

async function measure({ workspace, say }: Context, entries: number) {
  const log = await workspace.feedLog(entries);
  const opening = { folder: log.folder, nowMs: log.lastMs };
  // A server builds its views in a thread of its own: what that leaves in the heap is not the feed's.
  await once<FeedJob, 'open'>('feed', 'open', opening);
  await using job = new Job<FeedJob>('feed');
  await using floorJob = new Job<FeedFloorJob>('feed-floor');
  await job.ask('open', opening);
  const found = await floorJob.ask('open', opening);
  if (found !== entries) throw new Error(`the feed has ${found} entries`);
  say(`composing a feed of ${entries} entries`);
  const loops = { cold: [] as number[], change: [] as number[], saved: [] as number[] };
  const taken = await interleaved({
    cold: async () => {
      const { ms, loopMs } = await job.ask('cold');
      loops.cold.push(loopMs);
      return ms;
    },
    change: async () => {
      const times: number[] = [];
      for (let n = 0; n < CHANGES; n += 1) {
        const { ms, loopMs } = await job.ask('afterChange');
        loops.change.push(loopMs);
        times.push(ms);
      }
      return median(times);
    },
    saved: async () => {
      const { ms, loopMs } = await job.ask('savedAfterChange');
      loops.saved.push(loopMs);
      return ms;
    },
    floor: () => floorJob.ask('render'),
  });
  return {
    ...taken,
    coldLoop: median(loops.cold),
    changeLoop: median(loops.change),
    savedLoop: median(loops.saved),
  };
}
