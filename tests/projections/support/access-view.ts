import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { NewEvent } from '../../../events/envelope.ts';
import { access } from '../../../projections/access.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { Projector } from '../../../src/views/projector.ts';
import { temporaryFolder } from '../../support/program.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** The n-th event of a log, 1 to 9, recorded in the n-th second. */
export const sealed = (event: { type: string; data: object }, n: number): NewEvent => ({
  ...event,
  id: uuid(n),
  meta: {
    ...{ recordedAt: `2021-11-22T08:00:0${n}Z`, statedAt: `2021-11-22T08:00:0${n}Z` },
    ...{ actor: 'cli', commandId: uuid(n), requestHash: 'f'.repeat(64) },
    ...{ correlationId: uuid(n), causationId: uuid(n), schema: 1 },
  },
});

export interface AccessView {
  /** Of the test that runs; not started. */
  readonly view: Projector;
  append(entries: readonly (readonly [stream: string, event: NewEvent])[]): Promise<void>;
}

/** A real store and the access view of it, anew for each test of the file that calls this. */
export function accessView(): AccessView {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EventStore;
  let view: Projector;
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
  return {
    get view() {
      return view;
    },
    append: async (entries) => {
      for (const [stream, event] of entries) {
        const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
        await store.append(stream, [event], last?.revision ?? 'none');
      }
    },
  };
}
