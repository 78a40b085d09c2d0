import type { Role, TokenEvent } from '../events/token.ts';
import type { Classification } from '../events/values.ts';
import { evolve, initialState, type TokenState } from '../src/domain/token/index.ts';
import type { AccessPart } from './access.ts';
import type { ProjectedEvent } from './projection.ts';
import type { ViewDatabase, ViewRow } from './view-database.ts';

/** Tokens in the access view: one row each, for ever. */

const TABLES = `
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, valid INTEGER NOT NULL,
    created_at TEXT NOT NULL, created_by TEXT NOT NULL, revoked_at TEXT, stale INTEGER NOT NULL) STRICT;
`;
const INDEXES = `
  CREATE INDEX tokens_valid ON tokens (hash) WHERE valid = 1;
  CREATE INDEX tokens_by_seq ON tokens (seq);
`;

type TokenProjected = Extract<ProjectedEvent, { type: TokenEvent['type'] }>;

export const tokenPart: AccessPart = {
  kind: 'token',
  tables: TABLES,
  indexes: INDEXES,
  open: (db) => {
    const rows = new TokenRows(db);
    return {
      apply: (event, seq) => rows.apply(event as TokenProjected, seq),
      quarantine: (id) => rows.quarantine(id),
    };
  },
};

class TokenRows {
  readonly #load;
  readonly #insert;
  readonly #revoke;
  readonly #void;

  constructor(db: ViewDatabase) {
    this.#load = db.prepare('SELECT state FROM tokens WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?, 1, ?, ?, NULL, 0)');
    this.#revoke = db.prepare(
      'UPDATE tokens SET state = ?, valid = 0, revoked_at = ? WHERE id = ?',
    );
    this.#void = db.prepare('UPDATE tokens SET valid = 0, stale = 1 WHERE id = ?');
  }

  apply(event: TokenProjected, seq: number): void {
    const id = event.stream.slice('token-'.length);
    const row = this.#load.get(id);
    const before: TokenState =
      row === undefined ? initialState : (JSON.parse(row.state as string) as TokenState);
    const after = evolve(before, event);
    if (after.status === before.status || after.status === 'none') return;
    const state = JSON.stringify(after);
    const { recordedAt, actor } = event.meta;
    if (after.status === 'revoked') this.#revoke.run(state, recordedAt, id);
    else this.#insert.run(id, seq, after.facts.hash, state, recordedAt, actor);
  }

  // What could not be applied may have been the token's end.
  quarantine(id: string): void {
    this.#void.run(id);
  }
}

/** A token as the list shows it, without anything secret. */
export interface TokenRow {
  readonly id: string;
  /** The view's order, and the place in the list. */
  readonly seq: number;
  readonly name: string;
  readonly role: Role;
  readonly ceiling: Classification;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** A later event of it could not be applied: it is not valid here. */
  readonly stale: boolean;
}

/** A token that was not revoked; the clock says whether it has expired. */
export interface ValidToken {
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: string;
  readonly id: string;
  readonly role: Role;
  readonly ceiling: Classification;
  readonly expiresAt: string | null;
}

export interface TokenQueries {
  /** The newest first; only those before a seq, if one is given. */
  list(limit: number, before?: number): TokenRow[];
  one(id: string): TokenRow | undefined;
  /** Every token that was not revoked. */
  valid(): ValidToken[];
}

const COLUMNS = 'id, seq, state, created_at, created_by, revoked_at, stale';

export function tokenQueries(db: ViewDatabase): TokenQueries {
  const list = db.prepare(`SELECT ${COLUMNS} FROM tokens WHERE seq < ? ORDER BY seq DESC LIMIT ?`);
  const one = db.prepare(`SELECT ${COLUMNS} FROM tokens WHERE id = ?`);
  const valid = db.prepare('SELECT id, hash, state FROM tokens WHERE valid = 1');
  return {
    list: (limit, before = Number.MAX_SAFE_INTEGER) => list.all(before, limit).map(tokenRow),
    one: (id) => {
      const row = one.get(id);
      return row === undefined ? undefined : tokenRow(row);
    },
    valid: () =>
      valid.all().map((row) => {
        const { role, ceiling, expiresAt = null } = factsOf(row);
        return { hash: row.hash as string, id: row.id as string, role, ceiling, expiresAt };
      }),
  };
}

function factsOf(row: ViewRow) {
  const state = JSON.parse(row.state as string) as Exclude<TokenState, { status: 'none' }>;
  return state.facts;
}

function tokenRow(row: ViewRow): TokenRow {
  const { name, role, ceiling, expiresAt = null } = factsOf(row);
  return {
    id: row.id as string,
    seq: row.seq as number,
    name,
    role,
    ceiling,
    createdAt: row.created_at as string,
    createdBy: row.created_by as string,
    expiresAt,
    revokedAt: row.revoked_at as string | null,
    stale: row.stale === 1,
  };
}
