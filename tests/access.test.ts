import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { streamOf } from '../events/envelope.ts';
import { admin, issueFirstToken, openAccess } from '../src/access.ts';
import { sha256 } from '../src/ids.ts';
import { type EventStore, StoreUnavailable } from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { temporaryFolder } from './support/program.ts';
import { withAppends } from './support/scripted-store.ts';

let folder: ReturnType<typeof temporaryFolder>;
let store: EventStore;
let clock: number;
const now = () => clock;
const BOOTSTRAP = streamOf('token', 'bootstrap');

beforeEach(async () => {
  folder = temporaryFolder('access-');
  store = await openSqliteStore({ file: join(folder.path, 'events.db') });
  clock = Date.UTC(2021, 10, 22, 8);
});
afterEach(async () => {
  await store.close();
  rmSync(folder.path, { recursive: true });
});

const access = (given = new Map()) => openAccess(store, given, now);
const issued = async (): Promise<string> => (await issueFirstToken(store, clock)) ?? '';

describe('the first admin token', () => {
  test('is made once, and stands for an admin who may see everything', async () => {
    const token = await issued();
    expect(token).toMatch(/^chancery_[\w-]{43}$/);
    expect(await issueFirstToken(store, clock)).toBeUndefined();
    expect((await access()).lookup(sha256(token))).toMatchObject({
      actor: 'bootstrap',
      role: 'admin',
      level: 2,
    });
  });

  test('is in the log as its hash only', async () => {
    const token = await issued();
    expect(JSON.stringify(await store.readStream(BOOTSTRAP))).not.toContain(token);
  });

  test('has one maker of several who start at once', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => issueFirstToken(store, clock)));
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
    const token = (await issueFirstToken(lost, clock)) ?? '';
    expect((await access()).lookup(sha256(token))).toMatchObject({ role: 'admin' });
    expect(await store.readStream(BOOTSTRAP)).toHaveLength(1);
  });
});

describe('a token', () => {
  test('that nobody issued stands for nobody', async () => {
    await issued();
    expect((await access()).lookup(sha256('another'))).toBeUndefined();
  });

  test('is revoked as soon as the event is seen', async () => {
    const token = await issued();
    const current = await access();
    const [first] = await store.readStream(BOOTSTRAP);
    const revoked = {
      ...first,
      id: '5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c11',
      type: 'TokenRevoked',
      data: {},
    };
    const { stream: _s, revision: _r, position: _p, ...event } = revoked;
    await store.append(BOOTSTRAP, [event as never], 0);
    await current.seen([{ stream: 'meeting-x' }]);
    expect(current.lookup(sha256(token))).toBeDefined();
    await current.seen([{ stream: BOOTSTRAP }]);
    expect(current.lookup(sha256(token))).toBeUndefined();
  });

  test('expires by the clock', async () => {
    const token = await issued();
    const [first] = await store.readStream(BOOTSTRAP);
    const { stream: _s, revision: _r, position: _p, ...event } = { ...first };
    const expiring = {
      ...event,
      id: '5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c12',
      data: {
        ...(first?.data as object),
        hash: sha256('short-lived'),
        expiresAt: '2021-11-22T09:00:00Z',
      },
    };
    await store.append(BOOTSTRAP, [expiring as never], 0);
    const current = await access();
    expect(current.lookup(sha256('short-lived'))).toBeDefined();
    clock = Date.UTC(2021, 10, 22, 9);
    expect(current.lookup(sha256('short-lived'))).toBeUndefined();
    expect(current.lookup(sha256(token))).toBeDefined();
  });

  test('that is given at the start never becomes an event', async () => {
    const current = await access(new Map([['from-the-environment', admin('env')]]));
    expect(current.lookup(sha256('from-the-environment'))).toMatchObject({
      actor: 'env',
      level: 2,
    });
    expect(await store.readStream(BOOTSTRAP)).toEqual([]);
  });
});
