import { type Context, type Figure, type Group, interleaved, median } from '../harness.ts';
import type { FeedJob } from '../jobs/feed.ts';
import { Job } from '../processes.ts';
import { FEED_ENTRIES } from '../workspace.ts';

const NAMES = ['feed-cold', 'feed-after-change'] as const;
/** Changes in a round, of which the median counts: one alone may meet a pause of the collector. */
const CHANGES = 7;

/** Composing the feed of 10,000 entries. */
export const feed: Group = {
  names: NAMES,
  run: async (context) => {
    const [cold, change] = NAMES;
    const taken = await measure(context);
    const common = { unit: 'ms', floor: taken.floor, floorName: 'F3' };
    const figures: Figure[] = [
      { ...common, name: cold, value: taken.cold },
      { ...common, name: change, value: taken.change, goal: { ratio: 50, aim: 100 } },
    ];
    return figures.filter(({ name }) => context.wants(name));
  },
};

async function measure({ workspace, say }: Context) {
  const log = await workspace.log('feed');
  await using job = new Job<FeedJob>('feed');
  const entries = await job.ask('open', { folder: log.folder, nowMs: log.lastMs });
  if (entries !== FEED_ENTRIES) throw new Error(`the feed has ${entries} entries`);
  say(`composing a feed of ${entries} entries`);
  return await interleaved({
    cold: () => job.ask('cold'),
    change: async () => {
      const times: number[] = [];
      for (let n = 0; n < CHANGES; n += 1) times.push(await job.ask('afterChange'));
      return median(times);
    },
    floor: () => job.ask('floor'),
  });
}
