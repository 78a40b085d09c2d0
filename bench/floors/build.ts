import { DatabaseSync } from 'node:sqlite';
import { openBuild } from '../../src/views/database.ts';

const PAGE = 1_000;

type Row = [position: number, id: string, data: string, meta: string];

/**
 * F1: reads all events of a store file, parses both JSON texts and inserts two rows an event, with the
 * pragmas of a view under construction. What no rebuild can be faster than.
 * @returns how many events there were
 */
export function copyEvents(log: string, file: string): number {
  const source = new DatabaseSync(log, { readOnly: true });
  const target = openBuild(file);
  target.exec('CREATE TABLE rows (n INTEGER PRIMARY KEY, id TEXT, body TEXT) STRICT; BEGIN');
  const page = source.prepare(
    'SELECT position, id, data, meta FROM events WHERE position > ? ORDER BY position LIMIT ?',
    { returnArrays: true },
  );
  const insert = target.prepare('INSERT INTO rows VALUES (?, ?, ?)');
  let count = 0;
  let rows: Row[];
  let after = 0;
  do {
    rows = page.all(after, PAGE) as unknown as Row[];
    for (const [position, id, data, meta] of rows) {
      JSON.parse(data);
      JSON.parse(meta);
      insert.run(2 * position, id, data);
      insert.run(2 * position + 1, id, meta);
    }
    count += rows.length;
    after = rows.at(-1)?.[0] ?? after;
  } while (rows.length === PAGE);
  target.exec('COMMIT');
  target.close();
  source.close();
  return count;
}
