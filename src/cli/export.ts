import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config.ts';
import type { EventStore } from '../store/event-store.ts';
import { EXIT } from './failure.ts';
import { openExistingStore } from './store.ts';

/** Events read at once; at most two pages are in memory, however slow the reader is. */
const PAGE = 500;

/**
 * Writes every event as one line of JSON, oldest first. Positions are left out: they belong to one store,
 * and the export of a copy is the same.
 */
export async function exportEvents(config: Config): Promise<number> {
  const store = await openExistingStore(config);
  try {
    await pipeline(Readable.from(pages(store)), process.stdout, { end: false });
  } catch (error) {
    // The reader has seen enough (`export | head`): not a failure.
    if (!isBrokenPipe(error)) throw error;
  } finally {
    await store.close();
  }
  return EXIT.fine;
}

async function* pages(store: EventStore): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const events = await store.readAll({ after, limit: PAGE });
    const last = events.at(-1);
    if (last === undefined) return;
    after = last.position;
    yield events.map(({ position: _, ...event }) => `${JSON.stringify(event)}\n`).join('');
  }
}

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';
