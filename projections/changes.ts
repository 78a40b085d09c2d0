import type { ChangeRow } from './levels.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * One row for each event and each group of levels that it means the same to. `n` = seq × 4 + k orders them;
 * `entity` is the row number of the entry it changed. Levels lo..hi see it; known_lo..hi once did, so that a
 * cursor goes on working after a restriction. `since`, of entries that left these levels' sight only: the seq
 * from which they saw it.
 */
export const CHANGE_TABLES = `
CREATE TABLE changes (
  n INTEGER PRIMARY KEY, event TEXT NOT NULL, kind INTEGER NOT NULL, entity INTEGER NOT NULL,
  lo INTEGER NOT NULL, hi INTEGER NOT NULL, known_lo INTEGER NOT NULL, since INTEGER,
  recorded INTEGER NOT NULL
) STRICT;
`;

export const CHANGE_INDEXES = `
CREATE INDEX IF NOT EXISTS changes_event ON changes (event);
`;

/** Rows per event that `n` leaves room for. */
export const CHANGES_PER_EVENT = 4;

export type EntityKind = 'meeting' | 'announcement';
/** By the number that stands for it in rows. */
export const ENTITY_KINDS: readonly EntityKind[] = ['meeting', 'announcement'];

/** One event as change rows show it. */
export interface Changed {
  readonly event: string;
  readonly seq: number;
  readonly kind: EntityKind;
  readonly entity: number;
  /** Epoch ms. */
  readonly recordedMs: number;
}

/** Writes change rows of one database. */
export class ChangeRows {
  readonly #db;
  readonly #insert;
  readonly #hide;
  readonly #entry;

  constructor(db: ViewDatabase) {
    this.#db = db;
    this.#insert = db.prepare('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#hide = db.prepare(
      'UPDATE changes SET lo = ?1 WHERE n >= ?2 AND n < ?3 AND lo < ?1 AND since IS NULL',
    );
    this.#entry = db.prepare('SELECT kind, entity FROM changes WHERE event = ? LIMIT 1');
  }

  /** The entry that an event changed, as its row number; undefined when the view has no such event. */
  entryOf(event: string): Pick<Changed, 'kind' | 'entity'> | undefined {
    // A build has no indexes yet, and a log may have thousands of redactions.
    this.#db.exec(CHANGE_INDEXES);
    const row = this.#entry.get(event);
    const kind = ENTITY_KINDS[row?.kind as number];
    return kind && { kind, entity: row?.entity as number };
  }

  write({ event, seq, kind, entity, recordedMs }: Changed, rows: readonly ChangeRow[]): void {
    const kindNumber = ENTITY_KINDS.indexOf(kind);
    let n = seq * CHANGES_PER_EVENT;
    for (const { lo, hi, known, since } of rows) {
      this.#insert.run(n, event, kindNumber, entity, lo, hi, known, since, recordedMs);
      n += 1;
    }
  }

  /** Levels below `above` lost sight of an entry: its earlier events stop existing for them. */
  hide(seqs: readonly number[], above: number): void {
    for (const seq of seqs) {
      const n = seq * CHANGES_PER_EVENT;
      this.#hide.run(above, n, n + CHANGES_PER_EVENT);
    }
  }
}
