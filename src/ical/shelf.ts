import { type EntryRow, goneAfter } from '../../projections/entry.ts';
import { isoInstant, utcDay } from '../domain/date/index.ts';
import { type Addresses, type Identity, type RenderedEntry, renderEntry } from './entry.ts';
import { type Facts, factsOf } from './filter.ts';
import type { EntryOptions } from './options.ts';

/** A row that became different. */
export interface RowChange {
  readonly id: string;
  readonly version: number;
  /** As it is at the moment of this call, or null when it left the source. */
  row(): EntryRow | null;
}

/** The rows of one level, wherever they are kept. */
export interface EntrySource {
  /** Names the rows: the level, and the generation of the view, so that a rebuilt view is another source. */
  readonly key: string;
  /** All that `work` reads is of one state of the rows. */
  inOneState<T>(work: () => T): T;
  /**
   * Rows whose version is greater than `after`, by version, at most `limit`; 0 = from the start. A row that
   * changed several times comes once. Fewer than `limit` means that there are no more for now. Rows that
   * became different without an event may come too, at any time, under a version that was already read.
   */
  changesAfter(after: number, limit: number): readonly RowChange[];
}

/** An entry as bytes, and the days by which windows judge it. */
export interface Kept {
  readonly id: string;
  readonly identity: Identity;
  readonly bytes: Buffer;
  /** SHA-256 of them, a character for each octet: 50,000 buffers would be work for the collector. */
  readonly digest: string;
  readonly zones: readonly string[];
  readonly facts: Facts;
  /** The last date that it stands on, or the UTC date on which that ends: whichever is later. */
  readonly lastDay: string;
  /** Last UTC date on which a merged or withdrawn one is shown; null for all others. */
  readonly goneAfter: string | null;
}

/** Entries whose UIDs begin alike, by UID. Never altered: a change puts another in its place. */
export type Bucket = readonly Kept[];

/**
 * All buckets, by UID. An entry's bucket is in its UID, so how a feed is cut does not depend on what
 * happened before; and UIDs are hashes, so buckets grow alike.
 */
export const BUCKETS = 256;
const bucketOf = (uid: string): number => Number.parseInt(uid.slice(0, 2), 16);

/** What is needed of the machine. */
export interface Machine {
  /** A character for each octet. */
  readonly sha256: (bytes: Uint8Array) => string;
  /** Whether this turn has lasted long enough. */
  readonly due: () => boolean;
  /** Lets other work have its turn. */
  readonly pause: () => Promise<void>;
}

/** Rows whose names are read at a time; each is told and rendered by itself. */
const PAGE = 100;
/** What an entry takes beside its bytes. */
const OVERHEAD_BYTES = 1_000;

interface Page {
  readonly changes: readonly RowChange[];
  readonly more: boolean;
}

/** The entries of one source under one set of entry options, each rendered once for each change of its row. */
export class Shelf {
  /** Bytes kept. */
  bytes = 0;
  private readonly source: EntrySource;
  private readonly options: EntryOptions;
  private readonly addresses: Addresses;
  private readonly machine: Machine;
  private readonly kept = new Map<string, Kept>();
  private readonly current: Bucket[] = Array.from({ length: BUCKETS }, () => []);
  private shown: readonly Bucket[] | undefined;
  private version = 0;
  private pageSize = PAGE;
  private loading: Promise<void> | undefined;

  constructor(source: EntrySource, options: EntryOptions, addresses: Addresses, machine: Machine) {
    this.source = source;
    this.options = options;
    this.addresses = addresses;
    this.machine = machine;
  }

  /** Takes in what has changed by now. Callers while that takes several turns share the work. */
  async refresh(): Promise<void> {
    if (this.loading === undefined) {
      const left = this.takeTurn();
      if (left === undefined) return;
      this.loading = this.load(left);
    }
    await this.loading;
  }

  /** All entries as they are now: another array whenever an entry's bytes or days change. */
  buckets(): readonly Bucket[] {
    this.shown ??= [...this.current];
    return this.shown;
  }

  // The last page is read and taken in within one turn, so nobody who joins `loading` misses a change.
  private async load(first: Page): Promise<void> {
    try {
      for (let left: Page | undefined = first; left !== undefined; ) {
        await this.machine.pause();
        left = this.takeTurn(left);
      }
    } finally {
      this.loading = undefined;
    }
  }

  /** What there still is to do, or else the next page. @returns what there still is to do */
  private takeTurn(left?: Page): Page | undefined {
    return this.source.inOneState(() =>
      this.takeSome(left !== undefined && left.changes.length > 0 ? left : this.readPage()),
    );
  }

  /** At least one, and as many as the turn has time for. @returns what there still is to do */
  private takeSome({ changes, more }: Page): Page | undefined {
    for (const [at, change] of changes.entries()) {
      this.take(change);
      if (at + 1 < changes.length && this.machine.due()) {
        return { changes: changes.slice(at + 1), more: true };
      }
    }
    return more ? { changes: [], more } : undefined;
  }

  private readPage(): Page {
    const changes = this.source.changesAfter(this.version, this.pageSize);
    const more = changes.length >= this.pageSize;
    const whole = more ? this.wholeVersions(changes) : changes;
    this.pageSize = more && whole.length === 0 ? this.pageSize * 2 : PAGE;
    return { changes: whole, more };
  }

  // One event can touch many rows, which then share a version: the last of a page may go on in the next.
  private wholeVersions(changes: readonly RowChange[]): readonly RowChange[] {
    const last = changes.at(-1)?.version ?? 0;
    return changes.filter(({ version }) => version < last || version <= this.version);
  }

  private take(change: RowChange): void {
    const before = this.kept.get(change.id);
    const row = change.row();
    const after = row === null ? undefined : this.render(row);
    if (!isSame(before, after)) this.replace(change.id, before, after);
    // Last, so that a row that cannot be rendered is tried again and never passed over.
    this.version = Math.max(this.version, change.version);
  }

  private replace(id: string, before: Kept | undefined, after: Kept | undefined): void {
    this.bytes += weight(after) - weight(before);
    if (after === undefined) this.kept.delete(id);
    else this.kept.set(id, after);
    const uid = (after ?? before)?.identity.uid ?? '';
    const at = bucketOf(uid);
    const bucket = this.current[at] ?? [];
    this.current[at] = bucket.toSpliced(
      lowerBound(bucket, uid),
      before === undefined ? 0 : 1,
      ...(after === undefined ? [] : [after]),
    );
    this.shown = undefined;
  }

  private render(row: EntryRow): Kept | undefined {
    const entry = renderEntry(row, this.options, this.addresses);
    if (entry === null) return undefined;
    const bytes = exactBytes(entry.text);
    return {
      id: row.id,
      identity: entry.identity,
      bytes,
      digest: this.machine.sha256(bytes),
      zones: entry.zones,
      facts: factsOf(row, entry.standsOn.when, entry.cancelled),
      lastDay: lastDayOf(entry),
      goneAfter: goneAfter(row),
    };
  }
}

// West of UTC a local day goes on into the next UTC day, by which the window is judged.
function lastDayOf({ standsOn: { last, endMs } }: RenderedEntry): string {
  const utc = utcDay(isoInstant(endMs));
  return utc > last ? utc : last;
}

// Not Buffer.from: a short buffer there holds on to a shared 8 kB block, which `bytes` would not count.
function exactBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function isSame(a: Kept | undefined, b: Kept | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.goneAfter === b.goneAfter &&
    a.bytes.equals(b.bytes) &&
    JSON.stringify(a.facts) === JSON.stringify(b.facts)
  );
}

const weight = (entry: Kept | undefined): number =>
  entry === undefined ? 0 : entry.bytes.length + entry.facts.words.length + OVERHEAD_BYTES;

function lowerBound(entries: Bucket, uid: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.identity.uid ?? '') < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}
