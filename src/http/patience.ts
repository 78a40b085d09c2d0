import { setTimeout as delay } from 'node:timers/promises';

export interface PatienceOptions {
  /** How long anybody waits, in milliseconds. */
  readonly waitMs: number;
  /** How many may wait at once; one more is told at once. */
  readonly most: number;
  /** Aborted: nobody waits any longer. */
  readonly closing: AbortSignal;
}

/** Between two looks at what is being built, in milliseconds. */
const LOOK_MS = 100;

/**
 * Has calendars wait for views that are being built. Thunderbird switches a calendar off, until somebody starts it anew,
 * at any 5xx (onAfterGet of its CalICSCalendar.sys.mjs): also at a 503 that says when to come again.
 */
export class Patience {
  readonly #options: PatienceOptions;
  #waiting = 0;
  #look: Promise<void> | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** What `probe` gives, once the views are there. Throws what it throws: that they are not, when time is up. */
  async until<T>(probe: () => T): Promise<T> {
    const { waitMs, most } = this.#options;
    const last = performance.now() + (this.#waiting < most ? waitMs : 0);
    this.#waiting += 1;
    try {
      for (;;) {
        try {
          return probe();
        } catch (error) {
          if (!isBehind(error) || this.#isOver(last)) throw error;
        }
        await this.#nextLook();
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  #isOver(last: number): boolean {
    return this.#options.closing.aborted || performance.now() >= last;
  }

  /** One timer for all. */
  #nextLook(): Promise<void> {
    this.#look ??= delay(LOOK_MS, undefined, { signal: this.#options.closing })
      .catch(() => {})
      .finally(() => {
        this.#look = undefined;
      });
    return this.#look;
  }
}

const isBehind = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'view-behind';
