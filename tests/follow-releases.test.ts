import { afterEach, beforeEach, expect, test } from 'vitest';
import { calendar } from '../projections/calendar.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { type FollowedReleases, followReleases } from '../src/follow-releases.ts';
import { recordRelease } from '../src/handle/release.ts';
import type { EventStore } from '../src/store/event-store.ts';
import type { Projector } from '../src/views/projector.ts';
import { World } from './projections/support/world.ts';
import { anEvent } from './store/events.ts';
import { withEveryAppend } from './support/scripted-store.ts';

/** Waiting until what has ended is an event in the view: so that whoever goes on from it misses nothing. */

const END = '2021-11-22T09:00:00Z';
let world: World;
let releases: FollowedReleases;
let waits: string[];
let said: string[];

/** The world's view, which catches up when somebody waits for it. */
function follow(store: EventStore = world.store): FollowedReleases {
  const view = {
    readable: true,
    reader: () => world.view.db as unknown as ViewDatabase,
    ready: new Promise(() => {}),
    onBatch: () => () => {},
    waitFor: async (id: string) => {
      waits.push(id);
      await world.catchUp();
      return calendar.has?.(world.view.db as unknown as ViewDatabase, id) ?? false;
    },
  } as unknown as Projector;
  const log = {
    info: (_: object, message: string) => said.push(message),
    warn: (_: object, message: string) => said.push(message),
  };
  return followReleases({ store, now: () => world.now, log }, view);
}

beforeEach(async () => {
  world = await World.open();
  waits = [];
  said = [];
  releases = follow();
});
afterEach(async () => {
  await releases.close();
  await world.close();
});

const told = () => world.changes({}, 0).items.map(({ type, meeting }) => `${type} ${meeting}`);

test('an end is recorded, and the view has it', async () => {
  await world.announce('talks', { embargoUntil: END });
  world.at(END);
  await releases.applied();
  expect((await world.log()).at(-1)?.type).toBe('MeetingReleased');
  expect(waits).toEqual([(await world.log()).at(-1)?.id]);
  expect(told()).toEqual(['released talks']);
});

test('one that another node has recorded is waited for, with all that came before it', async () => {
  await world.announce('other');
  await world.announce('talks', { embargoUntil: END });
  const { items, cursor } = world.changes({}, 0);
  expect(items).toHaveLength(1);
  world.at(END);
  await world.store.append(
    'meeting-other',
    [anEvent('x', { type: 'MeetingConfirmed', data: {} })],
    0,
  );
  await recordRelease(world.store, 'meeting', 'talks', world.now);
  await releases.applied();
  expect(told()).toEqual(['announced other', 'confirmed other', 'released talks']);
  const after = world.changes({ after: cursor ?? '' }, 0);
  expect(after.items.map(({ type }) => type)).toEqual(['confirmed', 'released']);
});

test('a stream that cannot be recorded holds up neither the others nor those who ask', async () => {
  await world.announce('bad', { embargoUntil: END });
  await world.announce('one', { embargoUntil: END });
  await world.announce('two', { embargoUntil: '2021-11-22T10:00:00Z' });
  // As where a newer writer's events are in it.
  const store = withEveryAppend(world.store, (...args) => world.store.append(...args));
  const readStream: EventStore['readStream'] = async (stream, options) => {
    if (stream === 'meeting-bad') throw new Error('cannot be read');
    return world.store.readStream(stream, options);
  };
  const mixed = follow({ ...store, readStream });
  world.at(END);
  await mixed.applied();
  expect(said).toContain('the end of an embargo cannot be recorded');
  const released = async () =>
    (await world.log()).filter(({ type }) => type === 'MeetingReleased').map((e) => e.stream);
  expect(await released()).toEqual(['meeting-one']);
  world.at('2021-11-22T10:00:00Z');
  await mixed.applied();
  expect(await released()).toEqual(['meeting-one', 'meeting-two']);
  waits = [];
  await mixed.applied();
  expect(waits).toEqual([]);
  await mixed.close();
});

test('where the store is away nobody waits, and nothing is thrown', async () => {
  await world.announce('talks', { embargoUntil: END });
  world.at(END);
  const away = {
    readStream: () => Promise.reject(new Error('away')),
    head: () => Promise.reject(),
  };
  const other = follow({ ...away } as unknown as EventStore);
  await other.applied();
  await other.close();
  expect(waits).toEqual([]);
});
