import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyAfter } from '../src/copy.ts';
import { type EventStore, StoreUnavailable } from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { anEvent } from './store/events.ts';
import { temporaryFolder } from './support/program.ts';
import { withEveryAppend } from './support/scripted-store.ts';

let folder: ReturnType<typeof temporaryFolder>;
let source: EventStore;
let target: EventStore;

beforeEach(async () => {
  folder = temporaryFolder('copy-');
  source = await openSqliteStore({ file: join(folder.path, 'source.db') });
  target = await openSqliteStore({ file: join(folder.path, 'target.db') });
});
afterEach(async () => {
  await source.close();
  await target.close();
  folder.remove();
});

/** As with a disk that is full for a while: all that comes at first fails, and the answers come in no order. */
function fullAtFirst(store: EventStore): EventStore {
  let isFull = true;
  let waiting = 0;
  return withEveryAppend(store, (...args) => {
    if (!isFull) return store.append(...args);
    waiting += 1;
    const failure = new StoreUnavailable('the disk is full', 'not-written');
    return new Promise((_, reject) => {
      setTimeout(
        () => {
          isFull = false;
          reject(failure);
        },
        Math.max(1, 40 - 5 * waiting),
      );
    });
  });
}

test('a target that is full for a while gets the events in their order', async () => {
  for (let i = 0; i < 8; i += 1) await source.append(`meeting-${i}`, [anEvent(i)], 'none');
  const options = { source, target: fullAtFirst(target), atOnce: 8, onProgress: () => {} };
  const { copied } = await copyAfter(undefined, {
    ...options,
    signal: new AbortController().signal,
  });
  expect(copied).toBe(8);
  const streams = (await target.readAll({ limit: 10 })).map(({ stream }) => stream);
  expect(streams).toEqual(Array.from({ length: 8 }, (_, i) => `meeting-${i}`));
});
