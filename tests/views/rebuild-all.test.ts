import { afterEach, beforeEach, expect, test } from 'vitest';
import { access } from '../../projections/access.ts';
import { RebuildAll } from '../../src/views/rebuild-all.ts';
import { type Bench, openBench, unreadable } from './support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  await bench.announce('a');
});
afterEach(() => bench.close());

async function both() {
  const tokens = bench.project({ projection: access });
  const calendar = bench.project();
  await Promise.all([tokens.ready, calendar.ready]);
  const all = new RebuildAll([tokens.rebuilder, calendar.rebuilder]);
  return { tokens, calendar, all };
}

test('one is rebuilt after the other, and it is over when the last one is', async () => {
  const { tokens, calendar, all } = await both();
  expect(all.status).toEqual({ state: 'none' });
  const files = [tokens.status().file, calendar.status().file];
  all.start({ skip: false });
  expect(all.status).toMatchObject({ state: 'building' });
  await tokens.rebuilder.finished();
  expect(all.status.finishedAt).toBeUndefined();
  expect(all.status.state).not.toBe('done');
  await all.finished();
  expect(all.status).toMatchObject({ state: 'done', progress: { done: 1 } });
  expect(all.status.finishedAt).toBeDefined();
  expect([tokens.status().file, calendar.status().file]).not.toContain(files[0]);
  expect([tokens.status().file, calendar.status().file]).not.toContain(files[1]);
});

test('a second one is refused, and so is one without a view to replace', async () => {
  const { all } = await both();
  all.start({ skip: false });
  const rule = expect.objectContaining({ rule: 'rebuild-running' });
  expect(() => all.start({ skip: false })).toThrow(rule);
  await all.finished();
  const unbuilt = bench.project();
  const none = new RebuildAll([unbuilt.rebuilder]);
  expect(() => none.start({ skip: false })).toThrow(
    expect.objectContaining({ code: 'view-behind' }),
  );
  expect(none.status).toEqual({ state: 'none' });
  await unbuilt.ready;
});

test('cancelled in the first, the second is not begun', async () => {
  const { calendar, all } = await both();
  expect(all.cancel()).toBe(false);
  all.start({ skip: false });
  expect(all.cancel()).toBe(true);
  await all.finished();
  expect(all.status.state).toBe('cancelled');
  expect(calendar.rebuilder.status).toEqual({ state: 'none' });
});

test('what fails in the last one is the whole one’s problem', async () => {
  const { all, tokens } = await both();
  await bench.store.append('meeting-bad', [unreadable()], 'none');
  all.start({ skip: false });
  await all.finished();
  expect(tokens.rebuilder.status.state).toBe('done');
  expect(all.status).toMatchObject({
    state: 'failed',
    problem: expect.stringContaining('stream meeting-bad'),
  });
});
