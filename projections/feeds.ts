import type { FeedEvent, FeedFacts } from '../events/feed.ts';
import {
  type Edition,
  evolve,
  type FeedState,
  type FeedToken,
  initialState,
  type SavedFeed,
} from '../src/domain/feed/index.ts';
import { type Level, levelOf } from '../src/domain/visibility.ts';
import type { AccessPart } from './access.ts';
import type { ProjectedEvent } from './projection.ts';
import type { ViewDatabase, ViewRow } from './view-database.ts';

/** Saved feeds in the access view: one row each, for ever, and the feed that each token opens. */

const TABLES = `
  CREATE TABLE feeds (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, saved INTEGER NOT NULL,
    private INTEGER NOT NULL, level INTEGER NOT NULL,
    created_at TEXT NOT NULL, created_by TEXT NOT NULL, changed_at TEXT NOT NULL, stale INTEGER NOT NULL) STRICT;
  CREATE TABLE feed_tokens (hash TEXT PRIMARY KEY, feed TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;
const INDEXES = 'CREATE INDEX feeds_by_seq ON feeds (seq) WHERE saved = 1;';

type FeedProjected = Extract<ProjectedEvent, { type: FeedEvent['type'] }>;

export const feedPart: AccessPart = {
  kind: 'feed',
  tables: TABLES,
  indexes: INDEXES,
  open: (db) => {
    const rows = new FeedRows(db);
    return {
      apply: (event, seq) => rows.apply(event as FeedProjected, seq),
      quarantine: (id) => rows.quarantine(id),
    };
  },
};

class FeedRows {
  readonly #load;
  readonly #insert;
  readonly #update;
  readonly #token;
  readonly #void;

  constructor(db: ViewDatabase) {
    this.#load = db.prepare('SELECT state FROM feeds WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO feeds VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, 0)');
    this.#update = db.prepare(
      'UPDATE feeds SET state = ?, saved = ?, level = ?, changed_at = ? WHERE id = ?',
    );
    this.#token = db.prepare('INSERT OR IGNORE INTO feed_tokens VALUES (?, ?)');
    this.#void = db.prepare('UPDATE feeds SET stale = 1 WHERE id = ?');
  }

  apply(event: FeedProjected, seq: number): void {
    const id = event.stream.slice('feed-'.length);
    const row = this.#load.get(id);
    const before: FeedState =
      row === undefined ? initialState : (JSON.parse(row.state as string) as FeedState);
    const after = evolve(before, event);
    if (after === before || after.status === 'none') return;
    const { recordedAt, actor } = event.meta;
    const { visibility, ceiling } = after.facts;
    const state = JSON.stringify(after);
    if (row === undefined) {
      const hidden = Number(visibility === 'private');
      this.#insert.run(id, seq, state, hidden, levelOf(ceiling), recordedAt, actor, recordedAt);
    } else {
      const saved = Number(after.status === 'saved');
      this.#update.run(state, saved, levelOf(ceiling), recordedAt, id);
    }
    if (event.type === 'FeedTokenIssued') this.#token.run(event.data.hash, id);
  }

  // What could not be applied may have been the feed's end.
  quarantine(id: string): void {
    this.#void.run(id);
  }
}

export type { Edition };

/** A feed as it is, without anything secret. */
export interface FeedRow {
  readonly id: string;
  /** The view's order, and the place in the list. */
  readonly seq: number;
  readonly facts: FeedFacts;
  readonly edition: Edition | undefined;
  /** Oldest first; of a public feed none. */
  readonly tokens: readonly FeedToken[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly changedAt: string;
  /** A later event of it could not be applied: nobody gets it here. */
  readonly stale: boolean;
}

/** Who asks for feeds: private ones are for editors whose level reaches theirs. */
export interface FeedReader {
  readonly level: Level;
  readonly editor: boolean;
}

export interface FeedQueries {
  /** The newest first; only those before a seq, if one is given. */
  list(reader: FeedReader, limit: number, before?: number): FeedRow[];
  /** Its place in the list, also when it is deleted; undefined: missing, or hidden from this reader. */
  seqOf(reader: FeedReader, id: string): number | undefined;
  /** Undefined: missing, deleted, or hidden from this reader. */
  one(reader: FeedReader, id: string): FeedRow | undefined;
  /** By the SHA-256 of a token, whether or not that still works. */
  byToken(hash: string): FeedRow | undefined;
  /**
   * Whether it is an event of a feed that was applied, and one that the reader may know: of a feed they see, also
   * when it is deleted now, or of the one that this token opens. Those of tokens are not told of.
   */
  knows(eventId: string, reader: FeedReader, hash?: string): boolean;
}

const COLUMNS = 'id, seq, state, created_at, created_by, changed_at, stale';
const SEEN = '(private = 0 OR level <= ?)';
const VISIBLE = `saved = 1 AND ${SEEN}`;

export function feedQueries(db: ViewDatabase): FeedQueries {
  const list = db.prepare(
    `SELECT ${COLUMNS} FROM feeds WHERE ${VISIBLE} AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const one = db.prepare(`SELECT ${COLUMNS} FROM feeds WHERE ${VISIBLE} AND id = ?`);
  const seq = db.prepare(`SELECT seq FROM feeds WHERE ${SEEN} AND id = ?`);
  const byToken = db.prepare(
    `SELECT ${COLUMNS} FROM feeds WHERE saved = 1 AND id = (SELECT feed FROM feed_tokens WHERE hash = ?)`,
  );
  const event = db.prepare(
    `SELECT 1 FROM access_events e JOIN feeds f ON f.id = substr(e.stream, length('feed-') + 1)
     WHERE e.id = ? AND e.stream LIKE 'feed-%' AND (${SEEN}
       OR f.id = (SELECT feed FROM feed_tokens WHERE hash = ?))`,
  );
  return {
    knows: (eventId, reader, hash = '') => event.get(eventId, reach(reader), hash) !== undefined,
    list: (reader, limit, before = Number.MAX_SAFE_INTEGER) =>
      list.all(reach(reader), before, limit).map(feedRow),
    seqOf: (reader, id) => seq.get(reach(reader), id)?.seq as number | undefined,
    one: (reader, id) => optional(one.get(reach(reader), id)),
    byToken: (hash) => optional(byToken.get(hash)),
  };
}

/** The highest level of private feeds that a reader is told of. */
const reach = ({ editor, level }: FeedReader): number => (editor ? level : -1);

const optional = (row: ViewRow | undefined): FeedRow | undefined =>
  row === undefined ? undefined : feedRow(row);

function feedRow(row: ViewRow): FeedRow {
  const { facts, edition, tokens } = JSON.parse(row.state as string) as SavedFeed;
  return {
    id: row.id as string,
    seq: row.seq as number,
    facts,
    edition,
    tokens,
    createdAt: row.created_at as string,
    createdBy: row.created_by as string,
    changedAt: row.changed_at as string,
    stale: row.stale === 1,
  };
}
