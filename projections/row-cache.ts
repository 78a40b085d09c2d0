/**
 * A write-back cache of records by id: rows that a batch touches several times are written once, and in a
 * build a record is written when it leaves the cache.
 */
export class RowCache<R extends { readonly id: string }> {
  readonly #records = new Map<string, R>();
  readonly #dirty = new Set<string>();
  readonly #sizes = new Map<string, number>();
  readonly #load: (id: string) => R | undefined;
  readonly #write: (record: R) => void;
  readonly #limit: number;
  #bytes = 0;

  /** `limit`: bytes that may stay between flushes; 0 writes and forgets everything at each flush. */
  constructor(load: (id: string) => R | undefined, write: (record: R) => void, limit: number) {
    this.#load = load;
    this.#write = write;
    this.#limit = limit;
  }

  get(id: string): R | undefined {
    const cached = this.#records.get(id);
    return cached ?? this.#load(id);
  }

  /** `size`: a cheap estimate of what the record weighs in memory, in bytes. */
  set(record: R, size: number): void {
    // Map order is age: set again, it is the youngest.
    this.#records.delete(record.id);
    this.#records.set(record.id, record);
    this.#bytes += size - (this.#sizes.get(record.id) ?? 0);
    this.#sizes.set(record.id, size);
    this.#dirty.add(record.id);
  }

  /** Writes what must not stay: everything on a live view, the oldest beyond the bound in a build. */
  flush(): void {
    if (this.#limit === 0) this.drain();
    while (this.#bytes > this.#limit) {
      const oldest = this.#records.keys().next();
      if (oldest.done === true) return;
      this.#evict(oldest.value);
    }
  }

  /** Writes and forgets everything. */
  drain(): void {
    for (const id of [...this.#records.keys()]) this.#evict(id);
  }

  #evict(id: string): void {
    const record = this.#records.get(id);
    if (record !== undefined && this.#dirty.has(id)) this.#write(record);
    this.#records.delete(id);
    this.#dirty.delete(id);
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }
}
