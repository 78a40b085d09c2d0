import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewEvent } from '../../events/envelope.ts';
import { access } from '../../projections/access.ts';
import { tokenQueries } from '../../projections/tokens.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { Projector } from '../../src/views/projector.ts';
import { temporaryFolder } from '../support/program.ts';

/** The rows of a fixed log, built at once and followed live. */

let folder: ReturnType<typeof temporaryFolder>;
let store: EventStore;
let view: Projector;

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const event = (n: number, type: string, data: object): NewEvent => ({
  id: uuid(n),
  type,
  data,
  meta: {
    ...{ recordedAt: `2021-11-22T08:00:0${n}Z`, statedAt: `2021-11-22T08:00:0${n}Z` },
    ...{ actor: 'cli', commandId: uuid(n), requestHash: 'f'.repeat(64) },
    ...{ correlationId: uuid(n), causationId: uuid(n), schema: 1 },
  },
});
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

async function append(entries: typeof LOG): Promise<void> {
  for (const [stream, one] of entries) {
    const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
    await store.append(stream, [one], last?.revision ?? 'none');
  }
}

beforeEach(async () => {
  folder = temporaryFolder('access-view-');
  store = await openSqliteStore({ file: join(folder.path, 'events.db') });
  view = new Projector({
    ...{ folder: folder.path, store, projection: access, definition: 'test', log: silent },
    now: () => 0,
  });
});
afterEach(async () => {
  await view.close();
  await store.close();
  folder.remove();
});

/** Another number in projections/access.ts goes with other rows: views of the old one are then built anew. */
const ROWS = {
  definition: 3,
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
  const queries = tokenQueries(view.reader());
  return {
    definition: access.definition,
    tokens: queries.list(10),
    valid: queries.valid(),
  };
}

test('a build gives the rows of the log', async () => {
  await append(LOG);
  view.start();
  await view.ready;
  expect(rows()).toEqual(ROWS);
});

test('following gives the same rows', async () => {
  view.start();
  await view.ready;
  await append(LOG);
  expect(await view.waitFor(uuid(4), 10_000)).toBe(true);
  expect(rows()).toEqual(ROWS);
});

test('pages go on before a seq', async () => {
  await append(LOG);
  view.start();
  await view.ready;
  const queries = tokenQueries(view.reader());
  expect(queries.list(1).map(({ id }) => id)).toEqual(['b']);
  expect(queries.list(5, 3).map(({ id }) => id)).toEqual(['a']);
  expect(queries.one('none')).toBeUndefined();
});
