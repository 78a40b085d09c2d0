import { DatabaseSync } from 'node:sqlite';
import { type FeedUse, feedUsesIn, isDamage } from './local.ts';

/** One line of the log of who read what is confidential. */
export interface ReadLine {
  readonly at: string;
  readonly actor: string;
  readonly route: string;
  readonly entry: string;
}

const PAGE = 1_000;

/** The log of readings cannot be read. The message says what to do. */
export class LocalDamaged extends Error {
  override readonly name = 'LocalDamaged';

  constructor(file: string, options?: ErrorOptions) {
    super(
      `${file} is damaged, and readings are missing: start the server again, which puts it aside and begins a new one`,
      options,
    );
  }
}

/**
 * The readings that are kept, the oldest first; a server may go on writing.
 * @throws {LocalDamaged}
 */
export function* exportReads(file: string): Generator<ReadLine> {
  try {
    yield* readLines(file);
  } catch (error) {
    throw isUnreadable(error) ? new LocalDamaged(file, { cause: error }) : error;
  }
}

function* readLines(file: string): Generator<ReadLine> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    const page = db.prepare('SELECT * FROM reads WHERE n > ? ORDER BY n LIMIT ?');
    for (let after = 0; ; ) {
      const rows = page.all(after, PAGE);
      for (const { n, at_ms, actor, route, entry } of rows) {
        after = n as number;
        yield {
          at: new Date(at_ms as number).toISOString(),
          actor: actor as string,
          route: route as string,
          entry: entry as string,
        };
      }
      if (rows.length < PAGE) return;
    }
  } finally {
    db.close();
  }
}

/** When tokens were last used on this node: id → epoch ms; none, as far as a damaged file is known. */
export const lastUses = (file: string): ReadonlyMap<string, number> =>
  read(file, (db) => {
    const rows = db.prepare('SELECT token, at_ms FROM token_use').all();
    return rows.map((row): [string, number] => [row.token as string, row.at_ms as number]);
  });

/** The last fetch of each saved feed on this node; none, as far as a damaged file is known. */
export const feedUses = (file: string): ReadonlyMap<string, FeedUse> => read(file, feedUsesIn);

/** What is beside the point of whoever asks, so that a file which cannot tell is no reason to fail. */
function read<T>(file: string, rows: (db: DatabaseSync) => [string, T][]): ReadonlyMap<string, T> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    return new Map(rows(db));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return new Map();
  } finally {
    db.close();
  }
}

/** Also a file without our tables, which a server only adds them to. */
const isUnreadable = (error: unknown): boolean =>
  isDamage(error) || (error as Error).message.startsWith('no such table');
