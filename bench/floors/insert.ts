import { openDatabase } from '../../src/store/sqlite/database.ts';
import { transaction } from '../../src/views/database.ts';
import type { LogEvent } from '../generator/log.ts';
import { columnsOf, INSERT } from '../log-file.ts';

const PER_TRANSACTION = 1_000;

/**
 * F4: the events as ready texts into the store's own tables with the store's own pragmas, 1,000 a
 * transaction, each of which waits for the disk.
 * @returns milliseconds
 */
export function insertBatches(file: string, events: readonly LogEvent[]): number {
  const rows = events.map(columnsOf);
  const db = openDatabase(file);
  const insert = db.prepare(INSERT);
  const begun = performance.now();
  for (let start = 0; start < rows.length; start += PER_TRANSACTION) {
    transaction(db, () => {
      for (const row of rows.slice(start, start + PER_TRANSACTION)) insert.run(...row);
    });
  }
  const elapsed = performance.now() - begun;
  db.close();
  return elapsed;
}
