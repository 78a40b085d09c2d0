import type { ViewDatabase, ViewStatement } from './view-database.ts';

/** Prepares each statement of one database handle once. */
export class Statements {
  readonly #db: ViewDatabase;
  readonly #prepared = new Map<string, ViewStatement>();

  constructor(db: ViewDatabase) {
    this.#db = db;
  }

  of(sql: string): ViewStatement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      // Filters combine to many texts: the bound keeps hostile variety from filling memory.
      if (this.#prepared.size >= MAX_STATEMENTS) this.#prepared.clear();
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

const MAX_STATEMENTS = 500;
