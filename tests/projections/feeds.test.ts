import { beforeEach, describe, expect, test } from 'vitest';
import type { FeedEvent } from '../../events/feed.ts';
import { access } from '../../projections/access.ts';
import { feedQueries } from '../../projections/feeds.ts';
import { accessView, sealed, uuid } from './support/access-view.ts';

/** Feeds in the access view, built at once and followed live. */

const world = accessView();

const options = { cancelled: 'status', postponed: 'cancelled', approx: 'span', past: 365 } as const;
const OPEN = {
  name: 'Open',
  filters: {},
  options,
  visibility: 'public',
  ceiling: 'public',
} as const;
const SHUT = { ...OPEN, name: 'Desk', visibility: 'private', ceiling: 'confidential' } as const;
/** As it is in the end. */
const LABELLED = { ...SHUT, options: { ...SHUT.options, cancelled: 'label' } } as const;
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)] as const;

const LOG: readonly (readonly [feed: string, event: FeedEvent])[] = [
  ['open', { type: 'FeedSaved', data: OPEN }],
  ['desk', { type: 'FeedSaved', data: SHUT }],
  ['desk', { type: 'FeedTokenIssued', data: { hash: A } }],
  ['gone', { type: 'FeedSaved', data: OPEN }],
  ['open', { type: 'FeedChanged', data: { name: 'Everything' } }],
  ['desk', { type: 'FeedTokenRevoked', data: { hash: A, graceUntil: '2021-11-30T00:00:00Z' } }],
  ['desk', { type: 'FeedTokenIssued', data: { hash: B } }],
  ['gone', { type: 'FeedDeleted', data: {} }],
  ['desk', { type: 'FeedChanged', data: { options: LABELLED.options } }],
];

const append = (entries: readonly (readonly [string, { type: string; data: object }])[]) =>
  world.append(
    entries.map(([feed, event], index) => [`feed-${feed}`, sealed(event, index + 1)] as const),
  );

const ANYONE = { level: 0, editor: false } as const;
const INSIDER = { level: 2, editor: true } as const;
const queries = () => feedQueries(world.view.reader());

/** Another number in projections/access.ts goes with other rows. */
const ROWS = {
  definition: 5,
  rows: [
    {
      ...{ id: 'desk', seq: 2, facts: LABELLED, stale: false, createdBy: 'cli' },
      ...{ createdAt: '2021-11-22T08:00:02Z', changedAt: '2021-11-22T08:00:09Z' },
      edition: { count: 1, at: '2021-11-22T08:00:09Z' },
      tokens: [
        {
          ...{ hash: A, issuedAt: '2021-11-22T08:00:03Z', expiresAt: null },
          ...{ endedAt: '2021-11-22T08:00:06Z', graceUntil: '2021-11-30T00:00:00Z' },
        },
        {
          ...{ hash: B, issuedAt: '2021-11-22T08:00:07Z', expiresAt: null },
          ...{ endedAt: null, graceUntil: null },
        },
      ],
    },
    {
      ...{ id: 'open', seq: 1, facts: { ...OPEN, name: 'Everything' }, tokens: [], stale: false },
      ...{ createdBy: 'cli', createdAt: '2021-11-22T08:00:01Z', changedAt: '2021-11-22T08:00:05Z' },
      edition: undefined,
    },
  ],
};
const rows = () => ({ definition: access.definition, rows: queries().list(INSIDER, 10) });

test('a build gives the rows of the log', async () => {
  await append(LOG);
  world.view.start();
  await world.view.ready;
  expect(rows()).toEqual(ROWS);
});

test('following gives the same rows', async () => {
  world.view.start();
  await world.view.ready;
  await append(LOG);
  expect(await world.view.waitFor(uuid(LOG.length), 10_000)).toBe(true);
  expect(rows()).toEqual(ROWS);
});

describe('queries', () => {
  beforeEach(async () => {
    await append(LOG);
    world.view.start();
    await world.view.ready;
  });

  test('tell of private feeds only editors whose level reaches theirs', () => {
    expect(
      queries()
        .list(ANYONE, 10)
        .map(({ id }) => id),
    ).toEqual(['open']);
    for (const reader of [
      ANYONE,
      { level: 2, editor: false },
      { level: 1, editor: true },
    ] as const) {
      expect(queries().one(reader, 'desk')).toBeUndefined();
      expect(queries().list(reader, 10)).toHaveLength(1);
    }
    expect(queries().one(INSIDER, 'desk')?.facts).toEqual(LABELLED);
  });

  test('find a feed by either of its tokens', () => {
    expect([A, B, 'c'.repeat(64)].map((hash) => queries().byToken(hash)?.id)).toEqual([
      'desk',
      'desk',
      undefined,
    ]);
  });

  test('page, and leave out what is deleted', () => {
    expect(
      queries()
        .list(INSIDER, 1)
        .map(({ id }) => id),
    ).toEqual(['desk']);
    expect(
      queries()
        .list(INSIDER, 5, 2)
        .map(({ id }) => id),
    ).toEqual(['open']);
    expect(queries().one(INSIDER, 'gone')).toBeUndefined();
  });
});

test('a feed with an event that cannot be applied says so', async () => {
  world.view.start();
  await world.view.ready;
  await append(LOG);
  const broken = { type: 'FeedTokenRevoked', data: { hash: 1 }, meta: {} };
  const newer = sealed(broken, 10);
  // Of a schema that this program does not know yet.
  const event = { ...newer, meta: { ...newer.meta, schema: 99 } };
  await world.append([['feed-desk', event]]);
  expect(await world.view.waitFor(uuid(10), 10_000)).toBe(true);
  expect(queries().byToken(B)).toMatchObject({ stale: true });
});
