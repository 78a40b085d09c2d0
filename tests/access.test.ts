import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewEvent } from '../events/envelope.ts';
import { access as projection } from '../projections/access.ts';
import { tokenQueries } from '../projections/tokens.ts';
import { type Access, admin, openAccess } from '../src/access.ts';
import { sha256 } from '../src/ids.ts';
import type { EventStore } from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { createTokenHandler, type TokenHandler } from '../src/tokens.ts';
import { Projector } from '../src/views/projector.ts';
import { temporaryFolder } from './support/program.ts';

/** Access on a real view of a real store. */

let folder: ReturnType<typeof temporaryFolder>;
let store: EventStore;
let clock: number;
let stale: boolean;
let tokens: TokenHandler;
let view: Projector;
let access: Access;
let uses: string[];
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const now = () => clock;

const newView = (): Projector => {
  const definition = 'access test';
  return new Projector({ folder: folder.path, store, projection, definition, log: silent, now });
};

function openView(): Projector {
  const opened = newView();
  opened.start();
  return opened;
}

beforeEach(async () => {
  folder = temporaryFolder('access-');
  store = await openSqliteStore({ file: join(folder.path, 'events.db') });
  clock = Date.UTC(2021, 10, 22, 8);
  stale = false;
  uses = [];
  tokens = createTokenHandler({ store, now, randomUuid: randomUUID });
  view = openView();
  access = openAccess(
    {
      tokens: () => tokenQueries(view.reader()),
      onChange: (listener) => void view.onBatch(listener),
      isStale: () => stale,
    },
    new Map([['from-the-environment', admin('env')]]),
    now,
    (token) => uses.push(token),
  );
});
afterEach(async () => {
  await view.close();
  await store.close();
  folder.remove();
});

/** Makes a token and waits until the view knows it. */
async function issued(body: object = {}): Promise<{ id: string; hash: string }> {
  const made = await tokens.issue({ name: 'Desk', ...body }, { actor: 'cli' });
  expect(await view.waitFor(made.eventId, 10_000)).toBe(true);
  return { id: made.token.id, hash: sha256(made.secret ?? '') };
}

describe('a token', () => {
  test('stands for its role and ceiling, and its use is told', async () => {
    await view.ready;
    const { id, hash } = await issued({ role: 'editor', ceiling: 'confidential' });
    expect(access.lookup(hash)).toMatchObject({ actor: id, role: 'editor', level: 2 });
    expect(uses).toEqual([id]);
  });

  test('that nobody issued stands for nobody', async () => {
    await view.ready;
    expect(access.lookup(sha256('another'))).toBeUndefined();
    expect(uses).toEqual([]);
  });

  test('is void as soon as the view has the event that revokes it', async () => {
    await view.ready;
    const { id, hash } = await issued();
    expect(access.lookup(hash)).toBeDefined();
    const { eventId } = await tokens.revoke(id, { actor: 'cli' });
    expect(await view.waitFor(eventId, 10_000)).toBe(true);
    expect(access.lookup(hash)).toBeUndefined();
  });

  test('expires by the clock', async () => {
    await view.ready;
    const { hash } = await issued({ expiresAt: '2021-11-22T09:00:00Z' });
    clock = Date.UTC(2021, 10, 22, 9) - 1;
    expect(access.lookup(hash)).toBeDefined();
    clock += 1;
    expect(access.lookup(hash)).toBeUndefined();
  });

  test('of the view is not decided on before the view is there', async () => {
    await view.close();
    view = newView();
    expect(() => access.lookup(sha256('another'))).toThrow(/being built/);
  });

  test('of the view is not taken when revocations may have been missed', async () => {
    await view.ready;
    const { hash } = await issued();
    stale = true;
    expect(() => access.lookup(hash)).toThrow(/may have been revoked/);
    stale = false;
    expect(access.lookup(hash)).toBeDefined();
  });

  test('that is given at the start holds whatever the view and the store do', () => {
    stale = true;
    const given = access.lookup(sha256('from-the-environment'));
    expect(given).toEqual({ actor: 'env', role: 'admin', level: 2 });
    expect(uses).toEqual([]);
  });

  test('is known again after a restart, and a revoked one is not', async () => {
    await view.ready;
    const kept = await issued();
    const lost = await issued();
    const { eventId } = await tokens.revoke(lost.id, { actor: 'cli' });
    await view.waitFor(eventId, 10_000);
    await view.close();
    view = openView();
    await view.ready;
    expect(await view.waitFor(eventId, 1)).toBe(true);
    const again = openAccess(
      {
        tokens: () => tokenQueries(view.reader()),
        onChange: () => {},
        isStale: () => false,
      },
      new Map(),
      now,
    );
    expect(again.lookup(kept.hash)).toBeDefined();
    expect(again.lookup(lost.hash)).toBeUndefined();
  });

  test('whose stream has an event that cannot be applied lets nobody in', async () => {
    await view.ready;
    const { id, hash } = await issued();
    expect(access.lookup(hash)).toBeDefined();
    const [first] = await store.readStream(`token-${id}`);
    const event = {
      id: randomUUID(),
      type: 'TokenRevoked',
      data: {},
      meta: { ...first?.meta, schema: 99 },
    };
    await store.append(`token-${id}`, [event as NewEvent], 0);
    expect(await view.waitFor(event.id, 10_000)).toBe(true);
    expect(access.lookup(hash)).toBeUndefined();
    expect(tokenQueries(view.reader()).one(id)).toMatchObject({ stale: true, revokedAt: null });
    expect(view.status().deadLetters).toBe(1);
  });
});
