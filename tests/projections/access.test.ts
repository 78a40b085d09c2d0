import { expect, test } from 'vitest';
import type { NewEvent } from '../../events/envelope.ts';
import { access } from '../../projections/access.ts';
import { tokenQueries } from '../../projections/tokens.ts';
import { accessView, sealed, uuid } from './support/access-view.ts';

/** The rows of a fixed log, built at once and followed live. */

const world = accessView();

const event = (n: number, type: string, data: object) => sealed({ type, data }, n);
const issued = (name: string, hash: string, more = {}) => ({
  ...{ name, role: 'editor', ceiling: 'internal', hash: hash.repeat(64) },
  ...more,
});

const LOG: readonly (readonly [stream: string, event: NewEvent])[] = [
  ['token-a', event(1, 'TokenIssued', issued('A', 'a'))],
  ['meeting-m', event(2, 'MeetingCancelled', {})],
  ['token-b', event(3, 'TokenIssued', issued('B', 'b', { expiresAt: '2022-01-01T00:00:00Z' }))],
  ['token-a', event(4, 'TokenRevoked', {})],
];

/** Another number in projections/access.ts goes with other rows: views of the old one are then built anew. */
const ROWS = {
  definition: 5,
  tokens: [
    {
      ...{ id: 'b', seq: 3, name: 'B', role: 'editor', ceiling: 'internal', stale: false },
      ...{ createdAt: '2021-11-22T08:00:03Z', createdBy: 'cli' },
      ...{ expiresAt: '2022-01-01T00:00:00Z', revokedAt: null },
    },
    {
      ...{ id: 'a', seq: 1, name: 'A', role: 'editor', ceiling: 'internal', stale: false },
      ...{ createdAt: '2021-11-22T08:00:01Z', createdBy: 'cli' },
      ...{ expiresAt: null, revokedAt: '2021-11-22T08:00:04Z' },
    },
  ],
  valid: [
    {
      ...{ id: 'b', hash: 'b'.repeat(64), role: 'editor', ceiling: 'internal' },
      expiresAt: '2022-01-01T00:00:00Z',
    },
  ],
};

function rows() {
  const queries = tokenQueries(world.view.reader());
  return {
    definition: access.definition,
    tokens: queries.list(10),
    valid: queries.valid(),
  };
}

test('a build gives the rows of the log', async () => {
  await world.append(LOG);
  world.view.start();
  await world.view.ready;
  expect(rows()).toEqual(ROWS);
});

test('following gives the same rows', async () => {
  world.view.start();
  await world.view.ready;
  await world.append(LOG);
  expect(await world.view.waitFor(uuid(4), 10_000)).toBe(true);
  expect(rows()).toEqual(ROWS);
});

test('pages go on before a seq', async () => {
  await world.append(LOG);
  world.view.start();
  await world.view.ready;
  const queries = tokenQueries(world.view.reader());
  expect(queries.list(1).map(({ id }) => id)).toEqual(['b']);
  expect(queries.list(5, 3).map(({ id }) => id)).toEqual(['a']);
  expect(queries.one('none')).toBeUndefined();
});
