import type { DatabaseSync } from 'node:sqlite';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { ViewDatabase } from '../../projections/view-database.ts';

/** The engine's own tables in a view file: how far it is, and what it could not apply. */

/** The last event that the rows contain. */
export interface Checkpoint {
  readonly position: string;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** How many events the view has seen. */
  readonly seq: number;
}

/** An event that was not applied. */
export interface DeadLetter {
  readonly seq: number;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** Why it failed; null: it was set aside because an earlier event of its stream had failed. */
  readonly reason: string | null;
}

/** Of the tables below, and part of every view's definition: raised with them. */
export const LEDGER_VERSION = 2;

const TABLES = `
  CREATE TABLE view_definition (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), definition TEXT NOT NULL) STRICT;
  CREATE TABLE view_checkpoint (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), position TEXT NOT NULL, id TEXT NOT NULL,
    stream TEXT NOT NULL, revision INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;
  CREATE TABLE view_dead_letters (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL,
    type TEXT NOT NULL, reason TEXT) STRICT;
  CREATE INDEX view_dead_letters_by_id ON view_dead_letters (id);
  CREATE TABLE view_unknown (type TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE view_skipped (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Makes the engine's tables in an empty file. */
export function createLedger(db: DatabaseSync, definition: string): void {
  db.exec(TABLES);
  db.prepare('INSERT INTO view_definition VALUES (1, ?)').run(definition);
}

/** The definition a file was built with; undefined when it is not a view. */
export function readDefinition(db: DatabaseSync): string | undefined {
  const known = db
    .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'view_definition'`)
    .get();
  if (known === undefined) return undefined;
  return db.prepare('SELECT definition FROM view_definition').get()?.definition as
    | string
    | undefined;
}

type Handle = Pick<ViewDatabase, 'prepare'>;

/** Reads and writes the ledger over one handle. Writing belongs inside the batch's transaction. */
export class Ledger {
  readonly #db: Handle;
  readonly #statements: ReturnType<typeof prepareAll>;

  constructor(db: Handle) {
    this.#db = db;
    this.#statements = prepareAll(db);
  }

  checkpoint(): Checkpoint | undefined {
    const row = this.#db
      .prepare('SELECT position, id, stream, revision, seq FROM view_checkpoint')
      .get();
    return row === undefined ? undefined : ({ ...row } as unknown as Checkpoint);
  }

  moveTo(checkpoint: Checkpoint): void {
    const { position, id, stream, revision, seq } = checkpoint;
    this.#statements.moveTo.run(position, id, stream, revision, seq);
  }

  addDeadLetter(event: RecordedEvent, seq: number, reason: string | null): void {
    const { id, stream, revision, type } = event;
    this.#statements.addDeadLetter.run(seq, id, stream, revision, type, reason);
  }

  /** The newest first; only those before a seq, if one is given. */
  deadLetters(limit: number, before = Number.MAX_SAFE_INTEGER): DeadLetter[] {
    return this.#db
      .prepare('SELECT * FROM view_dead_letters WHERE seq < ? ORDER BY seq DESC LIMIT ?')
      .all(before, limit)
      .map((row) => ({ ...row }) as unknown as DeadLetter);
  }

  deadLetterCount(): number {
    return this.#db.prepare('SELECT count(*) AS n FROM view_dead_letters').get()?.n as number;
  }

  quarantined(): string[] {
    return this.#db
      .prepare('SELECT DISTINCT stream FROM view_dead_letters WHERE reason IS NOT NULL')
      .all()
      .map((row) => row.stream as string);
  }

  addUnknown(type: string, count: number): void {
    this.#statements.addUnknown.run(type, count);
  }

  /** Types this program does not know → how many events were passed over. */
  unknown(): Record<string, number> {
    const rows = this.#db.prepare('SELECT type, count FROM view_unknown ORDER BY type').all();
    return Object.fromEntries(rows.map((row) => [row.type as string, row.count as number]));
  }

  addSkipped(id: string, seq: number): void {
    this.#statements.addSkipped.run(id, seq);
  }

  /** The place of an event that was passed over; undefined when none was, or it was not remembered. */
  skippedSeq(id: string): number | undefined {
    return this.#statements.skippedSeq.get(id)?.seq as number | undefined;
  }

  /** Whether the event was passed over or set aside. */
  isSetAside(id: string): boolean {
    return this.#statements.isSetAside.get(id, id) !== undefined;
  }
}

const prepareAll = (db: Handle) => ({
  moveTo: db.prepare('INSERT OR REPLACE INTO view_checkpoint VALUES (1, ?, ?, ?, ?, ?)'),
  addDeadLetter: db.prepare('INSERT INTO view_dead_letters VALUES (?, ?, ?, ?, ?, ?)'),
  addUnknown: db.prepare(
    'INSERT INTO view_unknown VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  ),
  addSkipped: db.prepare('INSERT OR IGNORE INTO view_skipped VALUES (?, ?)'),
  skippedSeq: db.prepare('SELECT seq FROM view_skipped WHERE id = ?'),
  isSetAside: db.prepare(
    'SELECT 1 FROM view_dead_letters WHERE id = ? UNION ALL SELECT 1 FROM view_skipped WHERE id = ?',
  ),
});
