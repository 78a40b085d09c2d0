import type { EventStore } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { insertBatches } from '../floors/insert.ts';
import { generateLog, type LogEvent } from '../generator/log.ts';
import { answer } from './answer.ts';

const EVENTS = 50_000;
/** A round ends after this, or when all events are written. */
const ROUND_MS = 1_500;

const events = [...generateLog({ seed: 4, size: { events: EVENTS }, alive: 3_000, perDay: 120 })];

const perSecond = (count: number, begun: number): number =>
  (count * 1_000) / (performance.now() - begun);

/** So many callers, each of whom appends one event and waits for it before the next. */
async function callers({ file, count }: { file: string; count: number }): Promise<number> {
  const store = await openSqliteStore({ file });
  const queue = events.values();
  const begun = performance.now();
  let written = 0;
  const call = async () => {
    for (const event of queue) {
      await append(store, event);
      written += 1;
      if (performance.now() - begun > ROUND_MS) return;
    }
  };
  await Promise.all(Array.from({ length: count }, call));
  const rate = perSecond(written, begun);
  await store.close();
  return rate;
}

const append = (store: EventStore, { stream, revision, id, type, data, meta }: LogEvent) =>
  store.append(stream, [{ id, type, data, meta }], revision === 0 ? 'none' : revision - 1);

const methods = {
  callers,
  floor: ({ file }: { file: string }): number => (EVENTS * 1_000) / insertBatches(file, events),
};
export type AppendJob = typeof methods;
answer(methods);
