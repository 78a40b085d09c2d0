import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Projection } from '../../projections/projection.ts';
import type { EventStore } from '../store/event-store.ts';
import type { BuildProgress } from './build.ts';
import { type Comparison, compareViews } from './compare.ts';
import { openReader } from './database.ts';
import { damaged, unlessDamaged } from './errors.ts';
import { type Checkpoint, Ledger, readDefinition } from './ledger.ts';
import { LiveView } from './live-view.ts';
import { buildWhole } from './whole-build.ts';

export interface Verification extends Comparison {
  readonly ok: boolean;
  /** Events folded: those up to the stored checkpoint. */
  readonly events: number;
}

/** One result of several views. */
export const together = (results: readonly Verification[]): Verification => ({
  ok: results.every(({ ok }) => ok),
  events: Math.max(0, ...results.map(({ events }) => events)),
  tables: results.flatMap(({ tables }) => tables),
  difference: results.map(({ difference }) => difference).find((one) => one !== undefined),
});

export interface VerifyOptions {
  readonly store: Pick<EventStore, 'head' | 'readAll'>;
  readonly projection: Projection;
  readonly definition: string;
  /** The stored view; it may be in use. */
  readonly file: string;
  /** Path of a file to build beside it and delete at the end. */
  readonly scratch: string;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** The fast build failed, and a slower one begins. */
  readonly onSlow?: ((error: unknown) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The stored view is of another definition: there is nothing to compare it with. */
export class NotComparable extends Error {
  override readonly name = 'NotComparable';
  readonly code = 'not-comparable';
}

/**
 * Folds the log up to the stored checkpoint into a fresh file and compares the two, row by row. The stored
 * view is read as it was at one moment, so it may go on taking events in.
 * @throws {NotComparable}
 * @throws {ViewsUnusable} the stored view is damaged
 * @throws what the store or the disk throws
 */
export const verifyView = (options: VerifyOptions): Promise<Verification> =>
  unlessDamaged(options.file, () => foldAndCompare(options));

async function foldAndCompare(options: VerifyOptions): Promise<Verification> {
  const { file, scratch, definition } = options;
  const stored = openReader(file);
  try {
    const built = readDefinition(stored);
    if (built === undefined) throw damaged(file);
    if (built !== definition) {
      throw new NotComparable(
        `${file} was built by another version of this program: start this version once, or run rebuild`,
      );
    }
    await buildWhole({
      ...buildOptions(options),
      until: new Ledger(stored).checkpoint()?.id ?? '',
    });
    return await compareAtOnePoint(options, stored);
  } finally {
    stored.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      rmSync(`${scratch}${suffix}`, { force: true });
    }
  }
}

/**
 * What `work` makes of the current view, again when that was replaced under it: its file is then gone.
 * @returns undefined: there is no view
 */
export async function whileCurrent<T>(
  current: () => string | undefined,
  work: (file: string) => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    const file = current();
    if (file === undefined) return undefined;
    try {
      return await work(file);
    } catch (error) {
      if (current() === file) throw error;
    }
  }
}

const buildOptions = ({ scratch: file, ...options }: VerifyOptions) => {
  const { store, projection, definition, onProgress, onSlow, signal } = options;
  return { store, projection, definition, file, onProgress, onSlow, signal };
};

async function compareAtOnePoint(
  options: VerifyOptions,
  stored: DatabaseSync,
): Promise<Verification> {
  const { projection, scratch, definition } = options;
  const fresh = LiveView.open(scratch, definition, { projection, cacheBytes: 8 * 1024 * 1024 });
  if (fresh === undefined) throw new Error(`the view just built in ${scratch} cannot be opened`);
  const rebuilt = openReader(scratch);
  try {
    // From here on the stored view is seen as it is now, whatever is written to it.
    stored.exec('BEGIN');
    // Rows are compared by their tables: an index that no longer finds them is seen here alone.
    requireWhole(stored, options.file);
    const checkpoint = new Ledger(stored).checkpoint();
    await follow(fresh, options.store, checkpoint);
    const comparison = compareViews(stored, rebuilt);
    stored.exec('ROLLBACK');
    const ok = comparison.difference === undefined;
    return { ok, events: checkpoint?.seq ?? 0, ...comparison };
  } finally {
    rebuilt.close();
    fresh.close();
  }
}

/** @throws {ViewsUnusable} SQLite finds something wrong with the file */
function requireWhole(stored: DatabaseSync, file: string): void {
  const [found] = stored.prepare('PRAGMA integrity_check(1)').all();
  if (found?.integrity_check !== 'ok') throw damaged(file);
}

/** Brings the fresh view to the same event: the stored one went on while the log was folded. */
async function follow(
  fresh: LiveView,
  store: VerifyOptions['store'],
  goal: Checkpoint | undefined,
): Promise<void> {
  while (goal !== undefined && fresh.checkpoint?.id !== goal.id) {
    const page = await store.readAll({ after: fresh.checkpoint?.position, limit: 1_000 });
    const end = page.findIndex((event) => event.id === goal.id);
    if (page.length === 0) return;
    fresh.apply(end < 0 ? page : page.slice(0, end + 1));
  }
}
