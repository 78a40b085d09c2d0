import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config.ts';
import { exportReads } from '../local/export.ts';
import type { EventStore } from '../store/event-store.ts';
import { exists } from './exists.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { isOutputError, noteOutputError } from './outputs.ts';
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
    await print(pages(store));
  } finally {
    await store.close();
  }
  return EXIT.fine;
}

/** Writes this node's log of who read confidential entries, one line of JSON each, oldest first. */
export async function exportReadings(config: Config): Promise<number> {
  const file = join(config.dataDir, 'local.db');
  if (!exists(config.dataDir)) {
    throw new CommandFailed(`there is no folder ${config.dataDir}: check DATA_DIR`);
  }
  if (exists(file)) await print(readings(file));
  return EXIT.fine;
}

function* readings(file: string): Generator<string> {
  for (const line of exportReads(file)) yield `${JSON.stringify(line)}\n`;
}

async function print(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), process.stdout, { end: false });
  } catch (error) {
    if (!isOutputError(error)) throw error;
    noteOutputError(error);
  }
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
