import type { ViewDatabase } from './view-database.ts';

/** Writes the lines of a full text: one for each entry, at the entry's row number. */
export class TextRows {
  readonly #words;
  readonly #insert;
  readonly #remove;

  constructor(db: ViewDatabase, table: string) {
    this.#words = db.prepare(`SELECT words FROM ${table} WHERE rowid = ?`);
    this.#insert = db.prepare(`INSERT INTO ${table} (rowid, words) VALUES (?, ?)`);
    this.#remove = db.prepare(`DELETE FROM ${table} WHERE rowid = ?`);
  }

  /** `stored`: whether the entry has a line already. */
  write(n: number, words: string, stored: boolean): void {
    const before = stored ? this.#words.get(n) : undefined;
    // Most events leave the words alone, and taking them out of the index is the dear part.
    if (before?.words === words) return;
    if (before !== undefined) this.#remove.run(n);
    this.#insert.run(n, words);
  }
}
