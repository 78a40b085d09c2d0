import { streamOf } from '../events/envelope.ts';
import type { PendingRelease, ReleaseQueries } from '../projections/releases.ts';
import { recordRelease } from './handle/release.ts';
import { type EventStore, RevisionConflict } from './store/event-store.ts';

/**
 * Records the ends of embargoes as they come, so that those who follow changes hear of them. No other answer needs such
 * an event: by the clock they are right without it.
 */
export interface Releases {
  /** Looks now: after the start, and whenever the view has changed. */
  wake(): void;
  /**
   * Settles once every end that has come is recorded, by whomever, or could not be just now.
   * @returns the streams that were due by the view; not those that could not be recorded the last time
   */
  recorded(): Promise<readonly string[]>;
  /** Ends; settles when nothing is being written any more. */
  close(): Promise<void>;
}

export interface ReleasesOptions {
  readonly store: EventStore;
  /** Undefined while the view cannot be read. */
  readonly queries: () => ReleaseQueries | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Calls back after so many milliseconds; returns how to prevent that. */
  readonly after?: (ms: number, work: () => void) => () => void;
}

/** At least so often the clock is looked at: it may be set, and a timer cannot wait for more than 24 days. */
export const LONGEST_MS = 60_000;
/** Before the next try of what could not be written. */
export const RETRY_MS = 5_000;
const PAGE = 100;

export function startReleases(options: ReleasesOptions): Releases {
  return new Writer(options);
}

const systemTimer = (ms: number, work: () => void): (() => void) => {
  const timer = setTimeout(work, ms).unref();
  return () => clearTimeout(timer);
};

class Writer implements Releases {
  readonly #options: ReleasesOptions;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  /**
   * Stream → end of its embargo, of what is due by the view and has nothing left to record: the view is behind, or
   * cannot apply it.
   */
  #settled = new Map<string, number>();
  /** Streams whose end could not be recorded: told once each. */
  readonly #failed = new Set<string>();

  constructor(options: ReleasesOptions) {
    this.#options = options;
  }

  wake(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
  }

  async recorded(): Promise<readonly string[]> {
    const due = this.#closed ? [] : this.#due();
    if (due.length === 0) return [];
    this.wake();
    await this.#running;
    return due;
  }

  #due(): string[] {
    try {
      const queries = this.#options.queries();
      const due = queries === undefined ? [] : this.#dueIn(queries);
      return due
        .map(({ kind, id }) => streamOf(kind, id))
        .filter((stream) => !this.#failed.has(stream));
    } catch {
      // The round that comes next says what is wrong with the view.
      return [];
    }
  }

  /** What cannot be recorded stays due, and must not hide what comes after it. */
  #dueIn(queries: ReleaseQueries): PendingRelease[] {
    const stuck = this.#settled.size + this.#failed.size;
    return queries.due(this.#options.now(), PAGE + stuck);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#running;
  }

  async #work(): Promise<void> {
    let waitMs = LONGEST_MS;
    while (this.#again && !this.#closed) {
      this.#again = false;
      waitMs = await this.#round();
    }
    this.#cancel?.();
    if (this.#closed) return;
    const { after = systemTimer } = this.#options;
    this.#cancel = after(waitMs, () => this.wake());
  }

  /** Releases what is due, in order; for how long there is nothing to do then. */
  async #round(): Promise<number> {
    try {
      const queries = this.#options.queries();
      if (queries === undefined) return RETRY_MS;
      const due = this.#dueIn(queries);
      return (await this.#releaseAll(due)) ? this.#untilNext() : RETRY_MS;
    } catch (err) {
      this.#options.log.warn({ err }, 'ends of embargoes cannot be looked for');
      return RETRY_MS;
    }
  }

  /** Whether all went well; where one fails, the others are released all the same. */
  async #releaseAll(due: readonly PendingRelease[]): Promise<boolean> {
    const settled = new Map<string, number>();
    let well = true;
    for (const entry of due) {
      if (this.#closed) return true;
      const stream = streamOf(entry.kind, entry.id);
      const isSettled =
        this.#settled.get(stream) === entry.atMs || (await this.#release(stream, entry));
      if (isSettled) settled.set(stream, entry.atMs);
      well = isSettled && well;
    }
    this.#settled = settled;
    return well;
  }

  async #release(stream: string, { kind, id }: PendingRelease): Promise<boolean> {
    const { store, now, log } = this.#options;
    try {
      const event = await recordRelease(store, kind, id, now());
      if (event !== undefined) log.info({ stream, event }, 'embargo ended');
      this.#failed.delete(stream);
      return true;
    } catch (err) {
      // Who wrote to the stream just now has changed the view, too, which wakes us.
      if (err instanceof RevisionConflict) return false;
      if (!this.#failed.has(stream)) {
        log.warn({ err, stream }, 'the end of an embargo cannot be recorded');
      }
      this.#failed.add(stream);
      return false;
    }
  }

  /** A view that has not got what was just written says so in a batch, which wakes us. */
  #untilNext(): number {
    const { queries, now } = this.#options;
    const nowMs = now();
    const next = queries()?.nextAfter(nowMs);
    return next === undefined ? LONGEST_MS : Math.min(next - nowMs, LONGEST_MS);
  }
}
