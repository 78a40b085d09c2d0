/**
 * What a projection and its queries see of a view's database. The interface is that of `DatabaseSync` in
 * node:sqlite, whose objects fit it as they are: only src/views opens one.
 */

/** Integers come back as numbers; one beyond 2^53 throws unless it is read as text. */
export type ViewValue = string | number | bigint | null | Uint8Array;

/** One row: column name → value. Has no prototype. */
export type ViewRow = Record<string, ViewValue>;

export interface ViewStatement {
  /** Runs a statement that writes. */
  run(...params: ViewValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  /** The first row, or undefined. */
  get(...params: ViewValue[]): ViewRow | undefined;
  all(...params: ViewValue[]): ViewRow[];
  /** Rows one by one. Never keep it open across an await: page by key instead, or the WAL grows. */
  iterate(...params: ViewValue[]): Iterable<ViewRow>;
}

/**
 * A database handle. Statements belong to their handle, and a view changes its handle when it is rebuilt:
 * keep prepared ones per handle (a WeakMap), never per module.
 */
export interface ViewDatabase {
  /** Whether one is open: some faults make SQLite roll back by itself. */
  readonly isTransaction: boolean;
  prepare(sql: string): ViewStatement;
  exec(sql: string): void;
}
