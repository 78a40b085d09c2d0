/**
 * Wakes those who wait for new events: at once for appends of this process, within the poll interval for
 * those of others. Asks the file only while somebody waits.
 */
export class Watch {
  readonly #dataVersion: () => number | undefined;
  readonly #pollMs: number;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #seen: number | undefined;
  #version = 0;
  #closed = false;

  /** @param dataVersion a number that changes with the writes of others; undefined: ask again later */
  constructor(dataVersion: () => number | undefined, pollMs: number) {
    this.#dataVersion = dataVersion;
    this.#pollMs = pollMs;
    this.#seen = dataVersion();
  }

  /** Take it before reading, and hand it to `changed` when there was nothing to read: so no write is missed. */
  get version(): number {
    return this.#version;
  }

  /** Nobody wants to hear more: the waiting one aborted, or the store is closed. */
  ended(signal: AbortSignal): boolean {
    return signal.aborted || this.#closed;
  }

  /** Settles when something was written since that version, on abort, and on close. */
  changed(since: number, signal: AbortSignal): Promise<void> {
    if (this.#version !== since || this.ended(signal)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        this.#stopPollingIfUnused();
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#waiting.add(wake);
      this.#timer ??= setInterval(() => this.#poll(), this.#pollMs);
    });
  }

  notify(): void {
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  close(): void {
    this.#closed = true;
    this.notify();
  }

  #poll(): void {
    try {
      const version = this.#dataVersion();
      if (version === undefined || version === this.#seen) return;
      this.#seen = version;
    } catch {
      // Nobody hears what a timer throws: those who wait read, and meet what is wrong with the file themselves.
    }
    this.notify();
  }

  #stopPollingIfUnused(): void {
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
