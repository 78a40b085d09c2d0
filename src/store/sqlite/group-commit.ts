import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppendResult } from '../event-store.ts';
import { backoff, isBusy, translate } from './errors.ts';
import { type Append, type Outcome, Writer } from './writer.ts';

/** Events that share one transaction at most; bounds the time for which it blocks the event loop. */
export const EVENTS_PER_TRANSACTION = 1_000;

interface Job {
  readonly append: Append;
  /** On performance.now()'s clock: no longer retried after this. */
  readonly deadline: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends that arrive in one turn of the event loop share one transaction, and so one wait for the disk.
 * Nobody is answered before the commit: a conflict too may rest on an event of the same transaction.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #onWritten: () => void;
  readonly #writer: Writer;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #queue: Job[] = [];
  #scheduled = false;
  #whenIdle: (() => void)[] = [];

  /** @param onWritten called after each commit, also one of which the outcome is unknown */
  constructor(db: DatabaseSync, file: string, onWritten: () => void) {
    this.#db = db;
    this.#file = file;
    this.#onWritten = onWritten;
    this.#writer = new Writer(db);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
  }

  /** @param busyMs milliseconds for which a busy file is retried */
  append(append: Append, busyMs: number): Promise<AppendResult> {
    const deadline = performance.now() + busyMs;
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, deadline, resolve, reject });
      this.#schedule();
    });
  }

  /** Settles when every append so far is answered. */
  idle(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    try {
      this.#begin.run();
    } catch (error) {
      this.#notBegun(error);
      return;
    }
    this.#transaction(takeBatch(this.#queue));
    this.#next(() => setImmediate(() => this.#flush()));
  }

  #next(again: () => void): void {
    if (this.#queue.length > 0) {
      again();
      return;
    }
    this.#scheduled = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Busy: what has time left is tried again; anything else fails all that wait. Nothing was written. */
  #notBegun(error: unknown): void {
    const now = performance.now();
    const failed = isBusy(error) ? this.#queue.filter((job) => job.deadline <= now) : this.#queue;
    this.#queue = isBusy(error) ? this.#queue.filter((job) => job.deadline > now) : [];
    const reason = translate(error, this.#file, 'not-written');
    for (const job of failed) job.reject(reason);
    this.#next(() => setTimeout(() => this.#flush(), backoff()));
  }

  #transaction(batch: readonly Job[]): void {
    let committing = false;
    try {
      const outcomes = batch.map((job) => this.#writer.write(job.append));
      committing = true;
      this.#commit.run();
      for (const [index, job] of batch.entries()) settle(job, outcomes[index]);
      this.#onWritten();
    } catch (error) {
      // A commit that failed may still be found whole in the log by whoever recovers the file.
      const reason = translate(error, this.#file, committing ? 'unknown' : 'not-written');
      for (const job of batch) job.reject(reason);
      this.#rollBack();
      if (committing) this.#onWritten();
    }
  }

  #rollBack(): void {
    // Some errors (a full disk) have ended the transaction already.
    if (!this.#db.isTransaction) return;
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // The connection is beyond repair: the next BEGIN fails, and its callers are told.
    }
  }
}

/** The appends of the next transaction, in order; always at least one. */
function takeBatch(queue: Job[]): Job[] {
  let events = 0;
  const end = queue.findIndex((job) => {
    events += job.append.rows.length;
    return events > EVENTS_PER_TRANSACTION;
  });
  if (end < 0) return queue.splice(0);
  return queue.splice(0, Math.max(1, end));
}

function settle(job: Job, outcome: Outcome | undefined): void {
  if (outcome?.kind === 'done') job.resolve(outcome.result);
  else job.reject(outcome?.error);
}
