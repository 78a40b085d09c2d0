import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Facet, MeetingFilters } from '../../projections/types.ts';
import { LEVELS, type Level } from '../../src/domain/visibility.ts';
import { World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
  await world.announce('one', {
    place: { name: 'Geneva', country: 'CH' },
    topics: ['syria', 'constitution'],
    track: 'syrian-constitutional-committee',
    participants: [{ name: 'Russia' }, { name: 'Iran' }],
  });
  await world.at(1_000).announce('two', {
    place: { name: 'GENÈVA', country: 'CH' },
    topics: ['syria'],
    track: 'astana-format',
    participants: [{ name: 'Russian Federation', party: 'russia' }],
  });
  await world.at(1_000).announce('internal', {
    classification: 'internal',
    place: { name: 'Tehran', country: 'IR' },
    topics: ['syria', 'drafting'],
    track: 'iran-russia-bilateral',
    participants: [{ name: 'The Russian side', party: 'russia' }],
  });
  await world.announce('embargoed', {
    embargoUntil: '2021-11-23T08:00:00Z',
    topics: ['reconstruction'],
    track: 'astana-format',
  });
  await world.announce('gone', {
    place: { name: 'Nairobi' },
    topics: ['syria'],
    track: 'nobody',
    participants: [{ name: 'Turkey' }],
  });
  await world.announce('twin', { topics: ['syria'], track: 'astana-format' });
  await world.cancel('two');
  await world.withdraw('gone');
  await world.merge('twin', 'two');
});
afterEach(() => world.close());

const rows = (facets: readonly Facet[]) => facets.map((f) => `${f.value}: ${f.name} ${f.count}`);

describe('the values that filters take', () => {
  it('are parties, named as in the newest meeting', () => {
    expect(rows(world.queries.parties(world.reader(0)))).toEqual([
      'iran: Iran 1',
      'russia: Russian Federation 2',
    ]);
    expect(rows(world.queries.parties(world.reader(1)))).toEqual([
      'iran: Iran 1',
      'russia: The Russian side 3',
    ]);
  });

  it('are tracks', () => {
    expect(rows(world.queries.tracks(world.reader(0)))).toEqual([
      'astana-format: astana-format 1',
      'syrian-constitutional-committee: syrian-constitutional-committee 1',
    ]);
  });

  it('are topics', () => {
    expect(rows(world.queries.topics(world.reader(0)))).toEqual([
      'constitution: constitution 1',
      'syria: syria 2',
    ]);
  });

  it('count a meeting once that has a topic twice, as one of an older writer may', async () => {
    const topics = ['syria', 'syria'];
    await world.append('meeting', 'one', 'MeetingRevised', { topics });
    expect(rows(world.queries.topics(world.reader(0)))).toEqual(['syria: syria 2']);
  });

  it('are places, of which spellings that fold alike are one', () => {
    expect(rows(world.queries.places(world.reader(0)))).toEqual(['geneva: GENÈVA 2']);
    expect(rows(world.queries.places(world.reader(1)))).toEqual([
      'geneva: GENÈVA 2',
      'tehran: Tehran 1',
    ]);
  });

  it('come with the embargo that ends', () => {
    world.at('2021-11-23T08:00:00Z');
    expect(rows(world.queries.topics(world.reader(0)))).toContain(
      'reconstruction: reconstruction 1',
    );
  });

  it('are named as in the meeting that came to be seen last, whoever knew it before', async () => {
    const facts = (name: string) => ({
      ...{ place: { name }, participants: [{ name, party: 'kenya' }] },
    });
    await world.announce('old', { ...facts('KENYA'), classification: 'internal' });
    await world.at(1_000).announce('new', facts('Kenya'));
    const names = (level: Level) =>
      (['parties', 'places'] as const).map(
        (facet) => world.queries[facet](world.reader(level)).find((f) => f.value === 'kenya')?.name,
      );
    expect([names(0), names(2)]).toEqual([
      ['Kenya', 'Kenya'],
      ['Kenya', 'Kenya'],
    ]);
    await world.at(1_000).reclassify('old', 'public');
    expect([names(0), names(2)]).toEqual([
      ['KENYA', 'KENYA'],
      ['Kenya', 'Kenya'],
    ]);
  });

  it('leave with the meeting that is restricted', async () => {
    await world.reclassify('one', 'confidential');
    expect(rows(world.queries.topics(world.reader(1)))).not.toContain(
      'constitution: constitution 1',
    );
    expect(rows(world.queries.parties(world.reader(0)))).toEqual(['russia: Russian Federation 1']);
  });

  it('follow a meeting that changes', async () => {
    await world.relocate('one', { name: 'Vienna' });
    await world.revise('one', { topics: ['ceasefire'], track: null });
    await world.leave('one', 'iran');
    const reader = world.reader(0);
    expect(rows(world.queries.places(reader))).toEqual(['geneva: GENÈVA 1', 'vienna: Vienna 1']);
    expect(rows(world.queries.topics(reader))).toEqual([
      'ceasefire: ceasefire 1',
      'syria: syria 1',
    ]);
    expect(rows(world.queries.tracks(reader))).toEqual(['astana-format: astana-format 1']);
    expect(rows(world.queries.parties(reader))).toEqual(['russia: Russian Federation 2']);
  });
});

describe('the counts', () => {
  const filterOf: Record<string, (value: string) => MeetingFilters> = {
    parties: (value) => ({ participant: [value] }),
    tracks: (value) => ({ track: [value] }),
    topics: (value) => ({ topic: [value] }),
    places: (value) => ({ place: [value] }),
  };

  it.each(LEVELS.map((level): [Level] => [level]))(
    'are those of what the filter then gives, at level %i',
    (level) => {
      for (const [name, filter] of Object.entries(filterOf)) {
        const facets = world.queries[name as 'parties'](world.reader(level));
        expect(facets.length).toBeGreaterThan(0);
        const given = facets.map(({ value }) => world.filtered(filter(value), level).length);
        expect(given).toEqual(facets.map(({ count }) => count));
      }
    },
  );
});
