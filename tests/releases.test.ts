import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BEFORE_ALL } from '../projections/change-queries.ts';
import { releaseQueries } from '../projections/releases.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { instantMs } from '../src/domain/date/index.ts';
import { releaseId } from '../src/ids.ts';
import { LONGEST_MS, RETRY_MS, type Releases, startReleases } from '../src/releases.ts';
import { type EventStore, StoreUnavailable } from '../src/store/event-store.ts';
import { World } from './projections/support/world.ts';
import { withAppends, withEveryAppend } from './support/scripted-store.ts';

/** A real store and view; the timer is the test's. */

let world: World;
let writers: Releases[];
let said: string[];
const END = '2021-11-22T09:00:00Z';

beforeEach(async () => {
  world = await World.open();
  writers = [];
  said = [];
});
afterEach(async () => {
  for (const writer of writers) await writer.close();
  await world.close();
});

interface Node {
  readonly writer: Releases;
  /** Milliseconds until the writer looks again: settles when it has done what it could. */
  idle(): Promise<number>;
  /** Lets that time be over. */
  ring(): void;
}

/** One node that records ends of embargoes. */
function node(store: EventStore = world.store): Node {
  let timer = Promise.withResolvers<number>();
  let ring = () => {};
  const writer = startReleases({
    store,
    queries: () => releaseQueries(world.view.db as unknown as ViewDatabase),
    now: () => world.now,
    log: {
      info: (_fields, message) => said.push(message),
      warn: (_fields, message) => said.push(message),
    },
    after: (ms, work) => {
      timer.resolve(ms);
      timer = Promise.withResolvers();
      ring = work;
      return () => {};
    },
  });
  writers.push(writer);
  return { writer, idle: () => timer.promise, ring: () => ring() };
}

/** Starts a node and waits until it has nothing left to do. */
async function settled(one: Node = node()): Promise<number> {
  const idle = one.idle();
  one.writer.wake();
  return idle;
}

const released = async () =>
  (await world.log()).filter(({ type }) => type.endsWith('Released')).map(({ stream }) => stream);

describe('an embargo that has ended', () => {
  test('is recorded as every node would record it', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at('2021-11-22T09:00:00Z');
    await settled();
    const event = (await world.log()).at(-1);
    expect(event).toMatchObject({
      id: releaseId('meeting-a', END),
      stream: 'meeting-a',
      revision: 1,
      type: 'MeetingReleased',
      data: { embargoUntil: END },
      meta: { recordedAt: END, statedAt: END, actor: 'clock' },
    });
    expect(said).toEqual(['embargo ended']);
  });

  test('of an announcement is recorded, too', async () => {
    await world.publish('r', { embargoUntil: END });
    world.at(END);
    await settled();
    expect((await world.log()).at(-1)).toMatchObject({
      ...{ stream: 'announcement-r', type: 'AnnouncementReleased', data: { embargoUntil: END } },
    });
  });

  test('is recorded as of the last event, when that came after it', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at('2021-11-22T10:00:00Z');
    await world.confirm('a');
    world.at('2021-11-22T11:00:00Z');
    await settled();
    expect((await world.log()).at(-1)?.meta.recordedAt).toBe('2021-11-22T10:00:00Z');
  });

  test('is recorded once, by many nodes, however often they look', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at(END);
    const nodes = [node(), node(), node()];
    await Promise.all(nodes.map(settled));
    await Promise.all(nodes.map(settled));
    expect(await released()).toEqual(['meeting-a']);
    await world.catchUp();
    await Promise.all(nodes.map(settled));
    await settled(node());
    expect(await released()).toEqual(['meeting-a']);
  });

  test('is recorded by a node that starts later', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at('2022-11-22T09:00:00Z');
    await settled();
    expect(await released()).toEqual(['meeting-a']);
  });

  test('comes in the order of ends, then of streams', async () => {
    await world.announce('b', { embargoUntil: '2021-11-22T09:30:00Z' });
    await world.announce('c', { embargoUntil: END });
    await world.announce('a', { embargoUntil: '2021-11-22T09:30:00Z' });
    await world.publish('z', { embargoUntil: '2021-11-22T09:30:00Z' });
    world.at('2021-11-22T10:00:00Z');
    await settled();
    expect(await released()).toEqual(['meeting-c', 'announcement-z', 'meeting-a', 'meeting-b']);
  });

  test('is told to level 0 as one change, the same that was among the newest before', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at(END);
    const newest = () =>
      world.queries.newestChanges({ reader: world.reader(0), filters: {}, limit: 9 });
    const before = newest();
    expect(before).toEqual([expect.objectContaining({ type: 'released', meeting: 'a' })]);
    expect(world.changes({}, 0)).toEqual({ items: [], cursor: BEFORE_ALL });
    await settled();
    await world.catchUp();
    expect(newest()).toEqual(before);
    expect(world.changes({}, 0)).toEqual({ items: before, cursor: before[0]?.cursor });
  });
});

describe('nothing is recorded', () => {
  test.each([
    ['before the end', { embargoUntil: END }, '2021-11-22T08:59:59.999Z'],
    ['of what is not public', { classification: 'internal', embargoUntil: END }, END],
    ['of what has no embargo', {}, END],
  ])('%s', async (_what, facts, now) => {
    await world.announce('a', facts);
    world.at(now);
    await settled();
    expect(await released()).toEqual([]);
  });

  test('of an embargo that was changed meanwhile', async () => {
    await world.announce('a', { embargoUntil: END });
    await world.reclassify('a', 'public', { embargoUntil: '2021-11-22T12:00:00Z' });
    await world.announce('b', { embargoUntil: END });
    await world.reclassify('b', 'internal');
    world.at('2021-11-22T10:00:00Z');
    await settled();
    expect(await released()).toEqual([]);
  });

  test('when the clock was set back', async () => {
    await world.announce('a', { embargoUntil: END });
    const one = node();
    expect(await settled(one)).toBe(LONGEST_MS);
    world.at('2021-11-22T07:00:00Z');
    const idle = one.idle();
    one.ring();
    await idle;
    expect(await released()).toEqual([]);
  });
});

describe('the writer waits', () => {
  test('for the next end', async () => {
    await world.announce('a', { embargoUntil: '2021-11-22T08:00:10Z' });
    await world.announce('b', { embargoUntil: '2021-11-22T08:00:30Z' });
    const one = node();
    expect(await settled(one)).toBe(10_000);
    world.at(10_000);
    let idle = one.idle();
    one.ring();
    expect(await idle).toBe(20_000);
    expect(await released()).toEqual(['meeting-a']);
    world.at(20_000);
    idle = one.idle();
    one.ring();
    await idle;
    expect(await released()).toEqual(['meeting-a', 'meeting-b']);
  });

  test.each([
    ['a day', '2021-11-23T08:00:00Z'],
    ['a hundred years, which no timer can wait', '2121-11-22T08:00:00Z'],
  ])('no longer than a minute, where the end is %s away', async (_what, embargoUntil) => {
    await world.announce('a', { embargoUntil });
    expect(await settled()).toBe(LONGEST_MS);
    expect(LONGEST_MS).toBeLessThan(2 ** 31);
  });

  test('a little, where the store is away, and tries again', async () => {
    await world.announce('a', { embargoUntil: END });
    await world.announce('b', { embargoUntil: '2021-11-22T09:30:00Z' });
    world.at('2021-11-22T10:00:00Z');
    const away = () => Promise.reject(new StoreUnavailable('away', 'not-written'));
    const one = node(withAppends(world.store, [() => away]));
    expect(await settled(one)).toBe(RETRY_MS);
    // The others are released all the same.
    expect(await released()).toEqual(['meeting-b']);
    expect(said).toContain('the end of an embargo cannot be recorded');
    const idle = one.idle();
    one.ring();
    await idle;
    expect(await released()).toEqual(['meeting-b', 'meeting-a']);
  });

  test('not for those that cannot be recorded: they hide none that come after them', async () => {
    const refuse: EventStore['append'] = (stream, ...rest) =>
      stream.startsWith('meeting-stuck')
        ? Promise.reject(new StoreUnavailable('away', 'not-written'))
        : world.store.append(stream, ...rest);
    for (let n = 0; n < 101; n += 1) await world.announce(`stuck-${n}`, { embargoUntil: END });
    await world.announce('a', { embargoUntil: '2021-11-22T09:30:00Z' });
    world.at('2021-11-22T10:00:00Z');
    const one = node(withEveryAppend(world.store, refuse));
    await settled(one);
    await settled(one);
    expect(await released()).toEqual(['meeting-a']);
    await world.announce('b', { embargoUntil: '2021-11-22T10:30:00Z' });
    world.at('2021-11-22T11:00:00Z');
    expect(await one.writer.recorded()).toContain('meeting-b');
    expect(await released()).toEqual(['meeting-a', 'meeting-b']);
  });

  test('no more once it is closed', async () => {
    await world.announce('a', { embargoUntil: END });
    world.at(END);
    const { writer } = node();
    await writer.close();
    writer.wake();
    await writer.close();
    expect(await released()).toEqual([]);
  });
});

test('an event that another wrote just then is not overwritten: the release comes after it', async () => {
  await world.announce('a', { embargoUntil: END });
  world.at(END);
  const raced = withAppends(world.store, [
    (append) =>
      async (...args) => {
        await world.confirm('a');
        return append(...args);
      },
  ]);
  const one = node(raced);
  expect(await settled(one)).toBe(RETRY_MS);
  await settled(one);
  const stream = await world.store.readStream('meeting-a');
  expect(stream.map(({ type }) => type)).toEqual([
    'MeetingAnnounced',
    'MeetingConfirmed',
    'MeetingReleased',
  ]);
  expect(stream.at(-1)?.meta.recordedAt).toBe(END);
  expect(instantMs(END)).toBe(world.now);
});
