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

interface Kept<R> {
  record: R;
  size: number;
  /** Of the last time it was set. */
  turn: number;
}

/**
 * A write-back cache of records by id: rows that a batch touches several times are written once, and in a
 * build a record is written when it leaves the cache.
 */
export class RowCache<R extends { readonly id: string }> {
  readonly #kept = new Map<string, Kept<R>>();
  readonly #load: (id: string) => R | undefined;
  readonly #write: (record: R) => void;
  readonly #placeOf: (record: R) => number;
  readonly #limit: number;
  #bytes = 0;
  #turn = 0;

  constructor({ load, write, placeOf, limit }: RowCacheOptions<R>) {
    this.#load = load;
    this.#write = write;
    this.#placeOf = placeOf;
    this.#limit = limit;
  }

  get(id: string): R | undefined {
    return this.kept(id) ?? this.#load(id);
  }

  /** Only what is in the cache. */
  kept(id: string): R | undefined {
    return this.#kept.get(id)?.record;
  }

  /** The id of the record in this place; undefined when it is not in the cache. Looks through all of it. */
  idAt(place: number): string | undefined {
    for (const { record } of this.#kept.values()) {
      if (this.#placeOf(record) === place) return record.id;
    }
    return undefined;
  }

  /** `size`: a cheap estimate of what the record weighs in memory, in bytes. */
  set(record: R, size: number): void {
    this.#turn += 1;
    this.#bytes += size;
    const kept = this.#kept.get(record.id);
    if (kept === undefined) {
      this.#kept.set(record.id, { record, size, turn: this.#turn });
      return;
    }
    this.#bytes -= kept.size;
    kept.record = record;
    kept.size = size;
    kept.turn = this.#turn;
  }

  /**
   * Writes what must not stay: everything on a live view; in a build the oldest, once the bound is passed, and
   * then many at once.
   */
  flush(): void {
    if (this.#bytes <= this.#limit) return;
    const target = this.#limit * KEPT_SHARE;
    const oldest: R[] = [];
    let left = this.#bytes;
    for (const { record, size } of [...this.#kept.values()].sort((a, b) => a.turn - b.turn)) {
      if (left <= target) break;
      oldest.push(record);
      left -= size;
    }
    this.#evict(oldest);
  }

  /** Writes and forgets everything. */
  drain(): void {
    this.#evict([...this.#kept.values()].map(({ record }) => record));
  }

  // In the order of their rows: a table filled from its beginning to its end is filled much faster.
  #evict(records: R[]): void {
    records.sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
    for (const record of records) {
      this.#write(record);
      this.#bytes -= this.#kept.get(record.id)?.size ?? 0;
      this.#kept.delete(record.id);
    }
  }
}
