/** One kept answer. */
interface Kept<T> {
  readonly value: T;
  readonly bytes: number;
  readonly version: number;
  readonly untilMs: number;
}

/** For the entry itself, its key and its headers. */
const OVERHEAD_BYTES = 600;

/**
 * Answers by address and level. An answer holds while the view it was made of has the same version and the
 * clock has not reached the instant at which it may differ. Bounded in bytes; the one used longest ago goes
 * first.
 */
export class ResponseCache<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #limitBytes: number;
  readonly #limitEntryBytes: number;
  #bytes = 0;

  constructor(limitBytes: number, limitEntryBytes: number) {
    this.#limitBytes = limitBytes;
    this.#limitEntryBytes = limitEntryBytes;
  }

  get(key: string, version: number, nowMs: number): T | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    if (kept.version !== version || nowMs >= kept.untilMs) {
      this.#bytes -= kept.bytes;
      return undefined;
    }
    this.#kept.set(key, kept);
    return kept.value;
  }

  /** `size`: bytes of the answer. One that is too large is not kept. */
  set(key: string, value: T, size: number, version: number, untilMs: number): void {
    const bytes = size + 2 * key.length + OVERHEAD_BYTES;
    this.#drop(key);
    if (bytes > this.#limitEntryBytes) return;
    this.#kept.set(key, { value, bytes, version, untilMs });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#drop(oldest);
    }
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}
