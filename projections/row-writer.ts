import type { ViewDatabase, ViewValue } from './view-database.ts';

export interface RowWriter {
  /** `values`: of all columns, the key first. `stored`: whether the row is there already. */
  write(values: readonly ViewValue[], stored: boolean): void;
}

/** The names of a table's columns, in order. */
export const columnsOf = (db: ViewDatabase, table: string): string[] =>
  db
    .prepare(`SELECT name FROM pragma_table_info('${table}') ORDER BY cid`)
    .all()
    .map(({ name }) => `${name}`);

/**
 * Writes whole rows of a table whose key is its first column. Not by INSERT OR REPLACE: with an index that takes
 * a savepoint, at which FTS5 writes out all the words it has gathered, for every row.
 */
export function rowWriter(db: ViewDatabase, table: string): RowWriter {
  const columns = columnsOf(db, table);
  const [key, ...others] = columns;
  const insert = db.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`);
  const update = db.prepare(
    `UPDATE ${table} SET ${others.map((name) => `${name} = ?`).join(', ')} WHERE ${key} = ?`,
  );
  return {
    write: (values, stored) => {
      const [n = null, ...rest] = values;
      if (stored) update.run(...rest, n);
      else insert.run(n, ...rest);
    },
  };
}
