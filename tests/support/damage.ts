import { closeSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const PAGE_BYTES = 4_096;

/** Overwrites the leaf pages of a table or an index in an SQLite file that nobody has open, but for the first `spared`. */
export function damageTable(file: string, table: string, spared = 0): void {
  const db = new DatabaseSync(file);
  const pages = db
    .prepare(`SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'`)
    .all(table);
  db.close();
  const handle = openSync(file, 'r+');
  for (const { pageno } of pages.slice(spared)) {
    const bytes = Buffer.alloc(PAGE_BYTES, 0xa5);
    writeSync(handle, bytes, 0, PAGE_BYTES, (Number(pageno) - 1) * PAGE_BYTES);
  }
  closeSync(handle);
}
