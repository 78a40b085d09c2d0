import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import { UnknownCursor } from '../../projections/types.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { RedactedLog } from '../../src/redacted-log.ts';
import { planRedactions } from '../../src/redaction-plan.ts';
import { View } from './support/view.ts';
import { World } from './support/world.ts';

/** What the log's copy without some words makes of the entries that subscribers keep. */

let world: World;
beforeEach(async () => {
  world = await World.open();
  await world.announce('m', { participants: [{ name: 'Somebody Named' }] });
  await world.announce('other');
});
afterEach(() => world.close());

const LEVELS: readonly Level[] = [0, 1, 2];
const LATER = '2021-12-01T00:00:00Z';

/** The log as it is without the fields of the events that are of this type and stream. */
async function without(stream: string, type: string, ...fields: string[]) {
  const log = await world.log();
  const event = log.find((e) => e.stream === stream && e.type === type) as RecordedEvent;
  const source = world.store;
  const target = { readAll: async () => [], readStream: async () => [] };
  const order = { line: 1, event: event.id, fields, reason: 'asked for' };
  const now = () => Date.parse(LATER);
  const plan = await planRedactions([order], { source, target, now });
  expect(plan.faults).toEqual([]);
  return await new RedactedLog(source, plan).ended().readAll({ limit: 1_000 });
}

function viewOf(log: readonly RecordedEvent[]): View {
  const view = View.build(1_000_000);
  view.apply(log);
  return view.finish();
}

const entry = (view: View, id: string, level: Level = 0) =>
  view.entries.one(world.reader(level), id);
const counts = (view: View, id: string) => LEVELS.map((level) => entry(view, id, level)?.sequence);

describe('a redaction', () => {
  it('raises SEQUENCE and the stamp of the entry, and of no other', async () => {
    const view = viewOf(await without('meeting-m', 'MeetingAnnounced', 'participants.0.name'));
    expect(counts(world.view, 'm')).toEqual([0, 0, 0]);
    expect(counts(view, 'm')).toEqual([1, 1, 1]);
    expect(entry(view, 'm')).toMatchObject({
      ...{ stamp: '2021-12-01T00:00:00.000Z', created: entry(world.view, 'm')?.created },
      participants: [{ name: '[redacted]' }],
    });
    expect(entry(view, 'other')).toEqual(entry(world.view, 'other'));
    view.close();
  });

  it('of an announcement raises those of the entries that cite it, for who may see it', async () => {
    await world.publish('a', { classification: 'internal' });
    await world.confirm('m', { basedOn: ['a'] });
    const view = viewOf(await without('announcement-a', 'AnnouncementPublished', 'outlet'));
    expect(counts(world.view, 'm')).toEqual([1, 1, 1]);
    expect(counts(view, 'm')).toEqual([1, 2, 2]);
    expect(entry(view, 'm', 1)?.sources).toMatchObject([{ outlet: '[redacted]' }]);
    view.close();
  });

  it('of who wrote an event raises nothing: no entry shows that', async () => {
    const view = viewOf(await without('meeting-m', 'MeetingAnnounced', 'meta.actor'));
    expect(entry(view, 'm')).toEqual(entry(world.view, 'm'));
    view.close();
  });

  it('gives a build the rows that a live view has, whatever its cache holds', async () => {
    const log = await without('meeting-m', 'MeetingAnnounced', 'title');
    const live = View.live();
    for (const event of log) live.apply([event]);
    for (const bytes of [0, 1_000_000]) {
      const view = View.build(bytes);
      for (const event of log) view.apply([event]);
      expect(view.finish().contents()).toEqual(live.contents());
      view.close();
    }
    live.close();
  });

  it('is found as applied, and is a place for nobody to go on from', async () => {
    const log = await without('meeting-m', 'MeetingAnnounced', 'title');
    const view = viewOf(log);
    const id = log.at(-1)?.id as string;
    expect(view.has(id)).toBe(true);
    const changes = (from: { after?: string }) =>
      view.queries.listChanges({ reader: world.reader(2), filters: {}, limit: 10, ...from });
    expect(changes({}).items.map(({ type }) => type)).toEqual(['announced', 'announced']);
    expect(() => changes({ after: id })).toThrow(UnknownCursor);
    view.close();
  });
});
