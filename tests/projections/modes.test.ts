import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import { Play, type Step, script } from './support/script.ts';
import { View } from './support/view.ts';
import { World } from './support/world.ts';

async function logOf(steps: readonly Step[]): Promise<RecordedEvent[]> {
  const world = await World.open();
  try {
    await new Play(world).run(steps);
    return await world.log();
  } finally {
    await world.close();
  }
}

/** The log in batches whose sizes repeat. */
function* batches(log: readonly RecordedEvent[], sizes: readonly number[]) {
  for (let start = 0, i = 0; start < log.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield log.slice(start, start + size);
    start += size;
  }
}

function contentsOf(view: View): Record<string, unknown> {
  const contents = view.contents();
  view.close();
  return contents;
}

/** The rows after one event at a time. */
function oneByOne(log: readonly RecordedEvent[]): Record<string, unknown> {
  const view = View.live();
  for (const event of log) view.apply([event]);
  return contentsOf(view);
}

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

it('batches of any size give the rows that single events give', async () => {
  await fc.assert(
    fc.asyncProperty(script(40), sizes, async (steps, of) => {
      const log = await logOf(steps);
      const view = View.live();
      for (const batch of batches(log, of)) view.apply(batch);
      expect(contentsOf(view)).toEqual(oneByOne(log));
    }),
    { numRuns: 6 },
  );
});

it('a build gives the rows that a live view has, however little its cache holds', async () => {
  const bytes = fc.constantFrom(0, 1, 3_000, 8_000, 20_000, 1_000_000);
  await fc.assert(
    fc.asyncProperty(script(40), sizes, bytes, async (steps, of, cacheBytes) => {
      const log = await logOf(steps);
      const view = View.build(cacheBytes);
      for (const batch of batches(log, of)) view.apply(batch);
      expect(contentsOf(view.finish())).toEqual(oneByOne(log));
    }),
    { numRuns: 9 },
  );
});

it('a view that forgets between batches goes on from its rows', async () => {
  await fc.assert(
    fc.asyncProperty(script(40), sizes, async (steps, of) => {
      const log = await logOf(steps);
      const view = View.live();
      for (const batch of batches(log, of)) {
        view.apply(batch);
        view.forget();
      }
      expect(contentsOf(view)).toEqual(oneByOne(log));
    }),
    { numRuns: 6 },
  );
});

it('the same events give the same rows, whenever they are applied', async () => {
  await fc.assert(
    fc.asyncProperty(script(40), async (steps) => {
      const log = await logOf(steps);
      expect(oneByOne(structuredClone(log))).toEqual(oneByOne(log));
    }),
    { numRuns: 3 },
  );
});
