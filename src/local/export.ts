import { DatabaseSync } from 'node:sqlite';
import { type FeedUse, feedUsesIn } from './local.ts';

/** One line of the log of who read what is confidential. */
export interface ReadLine {
  readonly at: string;
  readonly actor: string;
  readonly route: string;
  readonly entry: string;
}

const PAGE = 1_000;

/** The readings that are kept, the oldest first; a server may go on writing. */
export function* exportReads(file: string): Generator<ReadLine> {
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

/** When tokens were last used on this node: id → epoch ms. */
export function lastUses(file: string): ReadonlyMap<string, number> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    const rows = db.prepare('SELECT token, at_ms FROM token_use').all();
    return new Map(rows.map((row) => [row.token as string, row.at_ms as number]));
  } finally {
    db.close();
  }
}

/** The last fetch of each saved feed on this node. */
export function feedUses(file: string): ReadonlyMap<string, FeedUse> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    return new Map(feedUsesIn(db));
  } finally {
    db.close();
  }
}
