import { setImmediate } from 'node:timers/promises';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Registry } from '../../events/registry.ts';
import type { Projection } from '../../projections/projection.ts';
import type { EventStore } from '../store/event-store.ts';
import { openBuild } from './database.ts';
import { DeadLetterFound, isDatabaseFault, messageOf } from './errors.ts';
import { Intake } from './intake.ts';
import { type Checkpoint, createLedger } from './ledger.ts';

export interface BuildProgress {
  /** Events read so far. */
  readonly done: number;
  /** How many there were last time, when that is known: at least about so many. */
  readonly total?: number;
  /** Events a second since the start. */
  readonly rate: number;
}

export interface BuildOptions {
  readonly store: Pick<EventStore, 'head' | 'readAll'>;
  readonly projection: Projection;
  /** Path of the file to make; it must not exist. */
  readonly file: string;
  /** See definitionOf. */
  readonly definition: string;
  readonly expected?: number | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bound of the projection's cache; default 64 MiB. */
  readonly cacheBytes?: number | undefined;
  readonly pageSize?: number | undefined;
  readonly types?: Registry | undefined;
  readonly onDeadLetter?: ((event: RecordedEvent, reason: string) => void) | undefined;
  /** Fail at the first event that cannot be applied, instead of setting it aside. */
  readonly strict?: boolean | undefined;
  /** Id of the last event to take in, instead of the log's head; '' takes none. */
  readonly until?: string | undefined;
}

/**
 * Builds a view file from the log's first event to what is its head at the start. The file is complete and
 * closed when the promise settles, but neither synced nor named as current. Yields to the event loop
 * between pages. After a failure or an abort the file is litter.
 * @throws what the store, the disk, or the projection's flush throws; the signal's reason when aborted
 * @throws {DeadLetterFound} when strict
 */
export async function buildView(options: BuildOptions): Promise<Checkpoint | undefined> {
  const { projection } = options;
  const db = openBuild(options.file);
  try {
    createLedger(db, options.definition);
    db.exec(projection.tables);
    // One transaction: pages that many batches touch are written once, when the cache lets go of them.
    db.exec('BEGIN');
    const cacheBytes = options.cacheBytes ?? 64 * 1024 * 1024;
    const intake = new Intake(db, projection, { build: true, cacheBytes }, options.types);
    await readInto(intake, options);
    intake.applier.finish?.();
    intake.flush();
    db.exec(projection.indexes);
    db.exec('COMMIT');
    return intake.checkpoint;
  } finally {
    db.close();
  }
}

/** Makes a view file without events, its indexes in place. */
export function createEmptyView(file: string, projection: Projection, definition: string): void {
  const db = openBuild(file);
  try {
    createLedger(db, definition);
    db.exec(projection.tables);
    db.exec(projection.indexes);
  } finally {
    db.close();
  }
}

/** Events read at a time. Few, since all of a page are in memory at once, and the garbage collector copies them. */
const PAGE = 200;

async function readInto(intake: Intake, options: BuildOptions): Promise<void> {
  const { store, signal, pageSize: limit = PAGE } = options;
  const started = performance.now();
  const last = options.until ?? (await store.head())?.id;
  for (let reached = last === undefined || last === ''; !reached; ) {
    const page = await store.readAll({ after: intake.checkpoint?.position, limit });
    const end = page.findIndex((event) => event.id === last);
    takePage(intake, end < 0 ? page : page.slice(0, end + 1), options);
    reached = page.length < limit || end >= 0;
    report(options, intake.checkpoint?.seq ?? 0, performance.now() - started);
    await setImmediate();
    signal?.throwIfAborted();
  }
}

function takePage(intake: Intake, page: readonly RecordedEvent[], options: BuildOptions): void {
  for (const event of page) {
    try {
      intake.take(event);
    } catch (error) {
      // Apply computes before it mutates, so there is nothing to roll back, which this file could not do.
      if (isDatabaseFault(error)) throw error;
      const reason = messageOf(error);
      if (options.strict === true) throw new DeadLetterFound(event, reason);
      intake.setAside(event, reason);
      options.onDeadLetter?.(event, reason);
    }
  }
  intake.flush();
}

/** Tells how far a build is. */
export function report(options: BuildOptions, done: number, elapsedMs: number): void {
  const rate = Math.round((done * 1_000) / Math.max(elapsedMs, 1));
  const total = options.expected === undefined ? {} : { total: Math.max(options.expected, done) };
  options.onProgress?.({ done, ...total, rate });
}
