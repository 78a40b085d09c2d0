import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { streamOf } from '../events/envelope.ts';
import { NotFound, Rejected } from '../src/handle.ts';
import { sha256 } from '../src/ids.ts';
import { type EventStore, StoreUnavailable } from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { createTokenHandler, type TokenHandler } from '../src/tokens.ts';
import { temporaryFolder } from './support/program.ts';
import { withAppends } from './support/scripted-store.ts';

let folder: ReturnType<typeof temporaryFolder>;
let store: EventStore;
let clock: number;
let tokens: TokenHandler;
const BOOTSTRAP = streamOf('token', 'bootstrap');
const ADMIN = { actor: 'bootstrap' };

const handlerOn = (on: EventStore): TokenHandler =>
  createTokenHandler({
    store: on,
    now: () => clock,
    randomUuid: randomUUID,
    pause: () => Promise.resolve(),
  });

beforeEach(async () => {
  folder = temporaryFolder('tokens-');
  store = await openSqliteStore({ file: join(folder.path, 'events.db') });
  clock = Date.UTC(2021, 10, 22, 8);
  tokens = handlerOn(store);
});
afterEach(async () => {
  await store.close();
  rmSync(folder.path, { recursive: true });
});

const log = () => store.readAll({ limit: 1_000 });

describe('the first admin token', () => {
  test('is made once, as the first event of its own stream', async () => {
    const made = await tokens.issueFirst();
    expect(made?.secret).toMatch(/^chancery_[\w-]{43}$/);
    expect(made?.token).toMatchObject({ role: 'admin', ceiling: 'confidential' });
    expect(await tokens.issueFirst()).toBeUndefined();
    expect(await store.readStream(BOOTSTRAP)).toHaveLength(1);
  });

  test('has one maker of several who start at once', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => tokens.issueFirst()));
    expect(made.filter((token) => token !== undefined)).toHaveLength(1);
    expect(await store.readStream(BOOTSTRAP)).toHaveLength(1);
  });

  test('is not lost when nobody knows whether it was written', async () => {
    const lost = withAppends(store, [
      (append) =>
        async (...args) => {
          await append(...args);
          throw new StoreUnavailable('the reply is lost', 'unknown');
        },
    ]);
    const secret = (await handlerOn(lost).issueFirst())?.secret ?? '';
    const [event] = await store.readStream(BOOTSTRAP);
    expect(event?.data).toMatchObject({ hash: sha256(secret) });
    expect(await store.readStream(BOOTSTRAP)).toHaveLength(1);
  });
});

describe('making a token', () => {
  test('records its maker and its hash, and the token nowhere', async () => {
    const { token, secret = '', eventId } = await tokens.issue({ name: 'Desk' }, ADMIN);
    const [event] = await log();
    expect(event).toMatchObject({
      id: eventId,
      stream: `token-${token.id}`,
      meta: { actor: 'bootstrap', recordedAt: '2021-11-22T08:00:00Z' },
      data: { name: 'Desk', role: 'reader', ceiling: 'internal', hash: sha256(secret) },
    });
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  test.each([
    [{ role: 'reader' }, 'internal'],
    [{ role: 'reader', ceiling: 'public' }, 'public'],
    [{ role: 'editor' }, 'internal'],
    [{ role: 'editor', ceiling: 'confidential' }, 'confidential'],
    [{ role: 'admin' }, 'confidential'],
  ])('%j has ceiling %s', async (given, ceiling) => {
    expect((await tokens.issue({ name: 'Desk', ...given }, ADMIN)).token.ceiling).toBe(ceiling);
  });

  test.each([
    [{}, '/name'],
    [{ name: 'a\u202eb' }, '/name'],
    [{ name: 'Desk', role: 'owner' }, '/role'],
    [{ name: 'Desk', ceiling: 'secret' }, '/ceiling'],
    [{ name: 'Desk', expiresAt: 'soon' }, '/expiresAt'],
    [{ name: 'Desk', admin: true }, '/admin'],
    [{ name: 'Desk', role: 'editor', ceiling: 'public' }, '/ceiling'],
  ])('%j is refused, naming %s', async (body, path) => {
    const refused = await tokens.issue(body, ADMIN).catch((error) => error);
    expect(refused.errors).toEqual([expect.objectContaining({ path })]);
    expect(await log()).toEqual([]);
  });

  test('again with its key gives the same token, without the secret', async () => {
    const request = { ...ADMIN, key: 'desk' };
    const first = await tokens.issue({ name: 'Desk' }, request);
    const again = await tokens.issue({ name: 'Desk' }, request);
    expect(first.secret).toBeDefined();
    expect(again).toEqual({ ...first, secret: undefined });
    expect(await log()).toHaveLength(1);
  });

  test('twice at once with one key makes one token, and one of them shows it', async () => {
    const request = { ...ADMIN, key: 'desk' };
    const made = await Promise.all(
      Array.from({ length: 4 }, () => tokens.issue({ name: 'Desk' }, request)),
    );
    const [event, ...others] = await log();
    expect(others).toEqual([]);
    const shown = made.flatMap(({ secret }) => (secret === undefined ? [] : [sha256(secret)]));
    const { hash } = (event?.data ?? {}) as { hash?: string };
    expect(shown).toEqual([hash]);
  });

  test('a key belongs to one request, and to one actor', async () => {
    await tokens.issue({ name: 'Desk' }, { ...ADMIN, key: 'desk' });
    await expect(tokens.issue({ name: 'Other' }, { ...ADMIN, key: 'desk' })).rejects.toMatchObject({
      rule: 'key-reused',
    });
    await tokens.issue({ name: 'Other' }, { actor: 'env', key: 'desk' });
    expect(await log()).toHaveLength(2);
  });
});

describe('revoking a token', () => {
  test('is recorded once', async () => {
    const { token } = await tokens.issue({ name: 'Desk' }, ADMIN);
    clock += 1_000;
    expect((await tokens.revoke(token.id, ADMIN)).token).toMatchObject({
      createdAt: '2021-11-22T08:00:00Z',
      revokedAt: '2021-11-22T08:00:01Z',
    });
    await expect(tokens.revoke(token.id, ADMIN)).rejects.toBeInstanceOf(Rejected);
    expect(await log()).toHaveLength(2);
  });

  test('again with its key is the same answer', async () => {
    const { token } = await tokens.issue({ name: 'Desk' }, ADMIN);
    const first = await tokens.revoke(token.id, { ...ADMIN, key: 'gone' });
    expect(await tokens.revoke(token.id, { ...ADMIN, key: 'gone' })).toEqual(first);
  });

  test.each(['none', 'NOT AN ID', ''])('that is not there (%j) is not found', async (id) => {
    await expect(tokens.revoke(id, ADMIN)).rejects.toBeInstanceOf(NotFound);
  });

  test('a clock that was set back does not make time fall in the stream', async () => {
    const { token } = await tokens.issue({ name: 'Desk' }, ADMIN);
    clock -= 3_600_000;
    await tokens.revoke(token.id, ADMIN);
    const [issued, revoked] = await log();
    expect(revoked?.meta.recordedAt).toBe(issued?.meta.recordedAt);
  });
});
