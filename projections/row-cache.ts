export interface RowCacheOptions<R> {
  readonly load: (id: string) => R | undefined;
  readonly write: (record: R) => void;
  /** The order of rows in their table. */
  readonly placeOf: (record: R) => number;
  /** Bytes that may stay between flushes; 0 writes and forgets everything at each flush. */
  readonly limit: number;
}

/** How much of the bound stays when it is passed. */
const KEPT_SHARE = 0.75;

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
  readonly #placeOf: (record: R) => number;
  readonly #limit: number;
  #bytes = 0;

  constructor({ load, write, placeOf, limit }: RowCacheOptions<R>) {
    this.#load = load;
    this.#write = write;
    this.#placeOf = placeOf;
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

  /**
   * Writes what must not stay: everything on a live view; in a build the oldest, once the bound is passed, and
   * then many at once.
   */
  flush(): void {
    if (this.#bytes <= this.#limit) return;
    const target = this.#limit * KEPT_SHARE;
    const oldest: string[] = [];
    let left = this.#bytes;
    for (const id of this.#records.keys()) {
      if (left <= target) break;
      oldest.push(id);
      left -= this.#sizes.get(id) ?? 0;
    }
    this.#evictAll(oldest);
  }

  /** Writes and forgets everything. */
  drain(): void {
    this.#evictAll([...this.#records.keys()]);
  }

  // In the order of their rows: a table filled from its beginning to its end is filled much faster.
  #evictAll(ids: readonly string[]): void {
    const place = (id: string): number => this.#placeOf(this.#records.get(id) as R);
    for (const id of ids.toSorted((a, b) => place(a) - place(b))) this.#evict(id);
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
