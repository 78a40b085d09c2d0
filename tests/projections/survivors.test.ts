import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Level } from '../../src/domain/visibility.ts';
import { World } from './support/world.ts';

/** What the entry of a merged meeting says of the one that stays, whenever that one changes. */

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const entry = (level: Level = 0) => world.view.entries.one(world.reader(level), 'gone');
const pointer = (level: Level = 0) => entry(level)?.mergedInto;
const sequence = (level: Level = 0) => entry(level)?.sequence ?? Number.NaN;

/** Ids of the entries that something touched. */
async function touched(work: () => Promise<unknown>, level: Level = 0): Promise<string[]> {
  const reader = () => world.reader(level);
  const last = world.view.entries.changesAfter(reader(), 0, 100).at(-1)?.version ?? 0;
  const from = world.now;
  await work();
  const { entries } = world.view;
  const changed = [
    ...entries.changesAfter(reader(), last, 100),
    ...entries.releasedBetween(reader(), from, world.now),
  ];
  return [...new Set(changed.map(({ id }) => id))].toSorted();
}

async function merge(survivor: Parameters<World['announce']>[1] = {}): Promise<void> {
  await world.announce('stays', { when: { edtf: '2022-08-01' }, ...survivor });
  await world.announce('gone', { when: { edtf: '2022-08-01' } });
  await world.merge('gone', 'stays');
}

describe('a merged entry is another one, with a higher SEQUENCE, when the survivor', () => {
  it('is hidden, and no longer names it', async () => {
    await merge();
    expect([pointer(), sequence()]).toEqual(['stays', 1]);
    expect(await touched(() => world.reclassify('stays', 'internal'))).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual([null, 2]);
    expect([pointer(1), sequence(1)]).toEqual(['stays', 1]);
  });

  it('becomes visible', async () => {
    await merge({ classification: 'internal' });
    expect([pointer(), sequence()]).toEqual([null, 1]);
    expect(await touched(() => world.reclassify('stays', 'public'))).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual(['stays', 2]);
  });

  it('is withdrawn, and when it is restored', async () => {
    await merge();
    expect(await touched(() => world.withdraw('stays'))).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual([null, 2]);
    expect(await touched(() => world.restore('stays'))).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual(['stays', 3]);
  });

  it('is merged itself', async () => {
    await merge();
    await world.announce('third');
    expect(await touched(() => world.merge('stays', 'third'))).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual([null, 2]);
  });

  it('is released by the clock, and the same once an event says so', async () => {
    await merge({ embargoUntil: '2021-11-22T10:00:00Z' });
    expect([pointer(), sequence()]).toEqual([null, 1]);
    const released = await touched(async () => world.at('2021-11-22T11:00:00Z'));
    expect(released).toEqual(['gone', 'stays']);
    const now = entry();
    expect(now).toMatchObject({ mergedInto: 'stays', sequence: 2, stamp: '2021-11-22T10:00:00Z' });
    expect(sequence(1)).toBe(1);
    expect(await touched(() => world.release('meeting', 'stays'))).toEqual(['gone', 'stays']);
    expect({ ...entry(), version: now?.version }).toEqual(now);
    expect(sequence(1)).toBe(1);
  });
});

describe('while the end of its embargo is not recorded yet, a survivor that', () => {
  beforeEach(async () => {
    await merge({ embargoUntil: '2021-11-22T10:00:00Z' });
    world.at('2021-11-22T11:00:00Z');
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ['is hidden again', () => world.reclassify('stays', 'internal'), 3],
    ['is withdrawn', () => world.withdraw('stays'), 3],
  ])('%s is no longer named, and SEQUENCE goes on', async (_, work, expected) => {
    expect([pointer(), sequence()]).toEqual(['stays', 2]);
    expect(await touched(work)).toEqual(['gone', 'stays']);
    expect([pointer(), sequence()]).toEqual([null, expected]);
  });

  it('changes in what is not shown leaves the entry as it is', async () => {
    const before = entry();
    world.at('2021-11-22T12:00:00Z');
    await world.confirm('stays');
    expect(entry()).toEqual(before);
    await world.release('meeting', 'stays');
    expect({ ...entry(), version: before?.version }).toEqual(before);
  });
});

describe('a merged entry stays as it is when', () => {
  it('the survivor changes in what it does not show', async () => {
    await merge();
    expect(await touched(() => world.confirm('stays'))).toEqual(['stays']);
    expect(sequence()).toBe(1);
  });

  it('the survivor moves between levels above its own', async () => {
    const { id } = await world.announce('', { id: undefined, classification: 'confidential' });
    await world.announce('gone', { when: { edtf: '2022-08-01' } });
    await world.merge('gone', id);
    await world.reclassify(id, 'internal');
    expect([pointer(), sequence()]).toEqual([null, 1]);
    expect([pointer(1), sequence(1)]).toEqual([id, 2]);
    expect([pointer(2), sequence(2)]).toEqual([id, 1]);
  });

  it('it was restored before', async () => {
    await merge();
    await world.restore('gone');
    expect(await touched(() => world.reclassify('stays', 'internal'))).toEqual(['stays']);
    expect(sequence()).toBe(2);
  });
});
