import { renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * What one node knows for itself and no event tells: when tokens were last used, and who read what is
 * confidential. It is no view and cannot be made again, and nothing else depends on it: what cannot be written
 * is told to the log and forgotten.
 */
export interface Local {
  /** A token, by its id, came in. */
  used(token: string, atMs: number): void;
  /** When a token was last used here; undefined: never, as far as is known. */
  lastUse(token: string): number | undefined;
  /** A saved feed, by its id, was fetched by a client that calls itself so. */
  fetched(feed: string, client: string, atMs: number): void;
  /** The last fetch of a feed here, and how many there were; undefined: none, as far as is known. */
  feedUse(feed: string): FeedUse | undefined;
  /** Somebody was shown confidential entries. */
  read(reading: Reading): void;
  /** Writes what is still in memory. */
  flush(): void;
  /** Writes the rest and closes the file. */
  close(): void;
}

export interface FeedUse {
  readonly atMs: number;
  readonly client: string;
  readonly count: number;
}

export interface Reading {
  readonly atMs: number;
  /** Id of the token, or `env` or `cli`. */
  readonly actor: string;
  /** The route, such as `/meetings/:id`. */
  readonly route: string;
  /** `meeting-<id>` and `announcement-<id>`; `events`: the raw log. */
  readonly entries: readonly string[];
}

export interface LocalOptions {
  readonly file: string;
  /** Readings kept, one for each entry; the oldest go first. */
  readonly maxReads: number;
  /** The part of a logger that is used. */
  readonly log: { warn(fields: object, message: string): void };
  /** Milliseconds between two writes; default 2,000. */
  readonly flushMs?: number;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS token_use (token TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS feed_use (
    feed TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, client TEXT NOT NULL, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reads (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, route TEXT NOT NULL,
    entry TEXT NOT NULL) STRICT;
`;

const FLUSH_MS = 2_000;
/** Entries in memory before they are written at once; beyond ten times as many, the oldest are given up. */
const BUFFERED = 1_000;
const MOST_BUFFERED = 10 * BUFFERED;

/** Opens the file, or makes it; one that is damaged is put aside. */
export function openLocal(options: LocalOptions): Local {
  return new LocalFile(options, openFile(options));
}

const SIDECARS = ['-wal', '-shm', '-journal'];

function openFile({ file, log }: LocalOptions): DatabaseSync {
  try {
    return openTables(file);
  } catch (err) {
    if (!isDamage(err)) throw err;
    const aside = `${file}.damaged`;
    log.warn({ err, aside }, 'local.db is damaged: put aside and begun anew');
    renameSync(file, aside);
    for (const suffix of SIDECARS) rmSync(`${file}${suffix}`, { force: true });
    return openTables(file);
  }
}

class Damaged extends Error {
  override readonly name = 'Damaged';
}

// SQLite's CORRUPT and NOTADB (https://sqlite.org/rescode.html).
const DAMAGE: ReadonlySet<number> = new Set([11, 26]);

/** Whether the file is no database, or a damaged one. */
export function isDamage(error: unknown): boolean {
  if (error instanceof Damaged) return true;
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && DAMAGE.has(errcode & 0xff);
}

function openTables(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 1_000 });
  try {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${TABLES}`);
    const [check] = db.prepare('PRAGMA quick_check(1)').all();
    if (check?.quick_check !== 'ok') throw new Damaged(String(check?.quick_check));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

interface Row {
  readonly atMs: number;
  readonly actor: string;
  readonly route: string;
  readonly entry: string;
}

/** Characters of what a client calls itself. */
const CLIENT_LENGTH = 200;

/** Fetches of saved feeds that a file knows of, by the feed's id. */
export const feedUsesIn = (db: DatabaseSync): [string, FeedUse][] =>
  db
    .prepare('SELECT feed, at_ms, client, count FROM feed_use')
    .all()
    .map(({ feed, at_ms, client, count }) => [
      feed as string,
      { atMs: at_ms as number, client: client as string, count: count as number },
    ]);

class LocalFile implements Local {
  readonly #options: LocalOptions;
  readonly #db: DatabaseSync;
  readonly #timer: NodeJS.Timeout;
  readonly #lastUse: Map<string, number>;
  readonly #used = new Set<string>();
  readonly #feeds: Map<string, FeedUse>;
  readonly #fetched = new Set<string>();
  #rows: Row[] = [];
  #failing = false;

  constructor(options: LocalOptions, db: DatabaseSync) {
    this.#options = options;
    this.#db = db;
    const known = db.prepare('SELECT token, at_ms FROM token_use').all();
    this.#lastUse = new Map(known.map((row) => [row.token as string, row.at_ms as number]));
    this.#feeds = new Map(feedUsesIn(db));
    this.#timer = setInterval(() => this.flush(), options.flushMs ?? FLUSH_MS).unref();
  }

  used(token: string, atMs: number): void {
    this.#lastUse.set(token, atMs);
    this.#used.add(token);
  }

  lastUse(token: string): number | undefined {
    return this.#lastUse.get(token);
  }

  fetched(feed: string, client: string, atMs: number): void {
    const count = (this.#feeds.get(feed)?.count ?? 0) + 1;
    this.#feeds.set(feed, { atMs, client: client.slice(0, CLIENT_LENGTH), count });
    this.#fetched.add(feed);
  }

  feedUse(feed: string): FeedUse | undefined {
    return this.#feeds.get(feed);
  }

  read({ entries, ...reading }: Reading): void {
    for (const entry of entries) this.#rows.push({ ...reading, entry });
    if (this.#rows.length >= BUFFERED && !this.#failing) this.flush();
    if (this.#rows.length > MOST_BUFFERED) this.#rows = this.#rows.slice(-MOST_BUFFERED);
  }

  flush(): void {
    if (this.#rows.length + this.#used.size + this.#fetched.size === 0) return;
    try {
      this.#write();
      this.#used.clear();
      this.#fetched.clear();
      this.#rows = [];
      this.#failing = false;
    } catch (err) {
      // Once, and not every two seconds.
      if (!this.#failing) this.#options.log.warn({ err }, 'local.db cannot be written');
      this.#failing = true;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
    if (this.#db.isOpen) this.#db.close();
  }

  #writeFetch(feed: string): void {
    const { atMs = 0, client = '', count = 0 } = this.#feeds.get(feed) ?? {};
    this.#db
      .prepare('INSERT OR REPLACE INTO feed_use VALUES (?, ?, ?, ?)')
      .run(feed, atMs, client, count);
  }

  #write(): void {
    const use = this.#db.prepare('INSERT OR REPLACE INTO token_use VALUES (?, ?)');
    const add = this.#db.prepare(
      'INSERT INTO reads (at_ms, actor, route, entry) VALUES (?, ?, ?, ?)',
    );
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const token of this.#used) use.run(token, this.#lastUse.get(token) ?? 0);
      for (const feed of this.#fetched) this.#writeFetch(feed);
      for (const { atMs, actor, route, entry } of this.#rows) add.run(atMs, actor, route, entry);
      this.#db
        .prepare('DELETE FROM reads WHERE n <= (SELECT max(n) FROM reads) - ?')
        .run(this.#options.maxReads);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
