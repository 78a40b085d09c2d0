import { createHash, type Hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Compares the rows of two view files, table by table. */

export interface TableDigest {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 over the stored rows in key order, lower-case hex. */
  readonly digest: string;
  /** The same over the rows built anew; equal when nothing differs. */
  readonly rebuilt: string;
}

export interface RowDifference {
  readonly table: string;
  /** Column → value of the row's key. */
  readonly key: Readonly<Record<string, unknown>>;
  /** The columns that differ, cut to a line; null: there is no such row. */
  readonly stored: Readonly<Record<string, string>> | null;
  readonly rebuilt: Readonly<Record<string, string>> | null;
}

export interface Comparison {
  readonly tables: readonly TableDigest[];
  /** The first one, in order of tables and keys. */
  readonly difference: RowDifference | undefined;
}

/** Not rows of a view: what file it is and how far it has come. */
const NOT_COMPARED = new Set(['view_definition', 'view_checkpoint']);

type Row = Readonly<Record<string, unknown>>;

interface Table {
  readonly name: string;
  readonly key: readonly string[];
  readonly sql: string;
}

/** Every table of the rebuilt file, and the words of its full-text indexes, in both files. */
export function compareViews(stored: DatabaseSync, rebuilt: DatabaseSync): Comparison {
  const digests: TableDigest[] = [];
  let difference: RowDifference | undefined;
  for (const table of tablesOf(rebuilt, [stored, rebuilt])) {
    const result = compareTable(table, stored, rebuilt);
    digests.push(result.digest);
    difference ??= result.difference;
  }
  return { tables: digests, difference };
}

function tablesOf(db: DatabaseSync, both: readonly DatabaseSync[]): Table[] {
  const named = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all() as { name: string; sql: string | null }[];
  const texts = named.filter(({ sql }) => /USING fts5/i.test(sql ?? '')).map(({ name }) => name);
  const isText = (name: string) => texts.some((t) => name === t || name.startsWith(`${t}_`));
  const plain = named
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('sqlite_') && !NOT_COMPARED.has(name) && !isText(name));
  return [...plain.map((name) => plainTable(db, name)), ...texts.map((t) => textTable(t, both))];
}

function plainTable(db: DatabaseSync, name: string): Table {
  const columns = db.prepare('SELECT name, pk FROM pragma_table_info(?) ORDER BY pk').all(name);
  const key = columns.filter(({ pk }) => (pk as number) > 0).map((column) => column.name as string);
  return { name, key, sql: `SELECT * FROM "${name}" ORDER BY ${key.join(', ')}` };
}

/** The words of a full-text index with their documents (https://sqlite.org/fts5.html#the_fts5vocab_virtual_table_module). */
function textTable(name: string, both: readonly DatabaseSync[]): Table {
  for (const db of both) {
    db.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS temp."words_of_${name}" USING fts5vocab('main', '${name}', 'instance')`,
    );
  }
  return {
    name,
    key: ['term', 'doc'],
    sql: `SELECT term, doc FROM temp."words_of_${name}" ORDER BY term, doc`,
  };
}

function compareTable(
  table: Table,
  stored: DatabaseSync,
  rebuilt: DatabaseSync,
): { digest: TableDigest; difference: RowDifference | undefined } {
  const [a, b] = [stored, rebuilt].map((db) => new Rows(db, table)) as [Rows, Rows];
  const hash = new Digest();
  let [left, right] = [a.next(), b.next()];
  for (; left !== undefined && left === right; [left, right] = [a.next(), b.next()]) hash.add(left);
  const difference = left === right ? undefined : differenceOf(table, a.row, b.row);
  // As long as nothing differs, one digest is both.
  const other = hash.copy();
  for (; left !== undefined; left = a.next()) hash.add(left);
  for (; right !== undefined; right = b.next()) other.add(right);
  const digest = { table: table.name, rows: a.count, digest: hash.hex(), rebuilt: other.hex() };
  return { digest, difference };
}

/** The rows of a table one by one, each as text. */
class Rows {
  count = 0;
  readonly #rows: Iterator<unknown>;
  readonly #columns: readonly string[];
  #values: readonly unknown[] | undefined;

  constructor(db: DatabaseSync, { sql }: Table) {
    const statement = db.prepare(sql);
    this.#columns = statement.columns().map(({ name }) => name);
    statement.setReturnArrays(true);
    this.#rows = statement.iterate() as Iterator<unknown>;
  }

  next(): string | undefined {
    const { value, done } = this.#rows.next();
    this.#values = done === true ? undefined : (value as readonly unknown[]);
    if (this.#values === undefined) return undefined;
    this.count += 1;
    return JSON.stringify(this.#values);
  }

  /** The one that `next` gave last. */
  get row(): Row | undefined {
    const values = this.#values;
    return values && Object.fromEntries(this.#columns.map((column, at) => [column, values[at]]));
  }
}

/** Rows hashed at a time: a call costs more than what it hashes. */
const BATCH = 500;

/** SHA-256 over lines. */
class Digest {
  readonly #hash: Hash;
  readonly #lines: string[];

  constructor(hash: Hash = createHash('sha256'), lines: readonly string[] = []) {
    this.#hash = hash;
    this.#lines = [...lines];
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length >= BATCH) this.#flush();
  }

  copy(): Digest {
    return new Digest(this.#hash.copy(), this.#lines);
  }

  hex(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#lines.map((line) => `${line}\n`).join(''));
    this.#lines.length = 0;
  }
}

function differenceOf(
  { name, key }: Table,
  stored: Row | undefined,
  rebuilt: Row | undefined,
): RowDifference {
  const order = compareKeys(key, stored, rebuilt);
  const [left, right] = [order <= 0 ? stored : undefined, order >= 0 ? rebuilt : undefined];
  const row = left ?? right ?? {};
  return {
    table: name,
    key: Object.fromEntries(key.map((column) => [column, row[column]])),
    stored: differing(left, right),
    rebuilt: differing(right, left),
  };
}

/** Which row comes first; the other one then lacks it. 0: one row with two contents. */
function compareKeys(key: readonly string[], a: Row | undefined, b: Row | undefined): number {
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  for (const column of key) {
    const [x, y] = [a[column], b[column]];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    // SQLite's own order of text: by its UTF-8 bytes.
    return Buffer.compare(Buffer.from(String(x)), Buffer.from(String(y)));
  }
  return 0;
}

const SHOWN = 200;

function differing(row: Row | undefined, other: Row | undefined): Record<string, string> | null {
  if (row === undefined) return null;
  const columns = Object.entries(row).filter(([column, value]) => value !== other?.[column]);
  return Object.fromEntries(
    columns.map(([column, value]) => [
      column,
      excerpt(String(value), String(other?.[column] ?? '')),
    ]),
  );
}

/** A line of a long value from just before it begins to differ. */
function excerpt(value: string, other: string): string {
  if (value.length <= SHOWN) return value;
  let at = 0;
  while (at < value.length && value[at] === other[at]) at += 1;
  const start = Math.max(0, at - SHOWN / 4);
  return `${start > 0 ? '…' : ''}${value.slice(start, start + SHOWN)}…`;
}
