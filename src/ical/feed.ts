import { addDays } from '../domain/date/index.ts';
import { type CalendarHead, CLOSE_CALENDAR, openCalendar } from './calendar.ts';
import type { Addresses } from './entry.ts';
import { entryKey, type FeedOptions } from './options.ts';
import { type EntrySource, type Kept, Shelf } from './shelf.ts';

/** What a feed needs from the machine: given in, so that this folder stays free of I/O. */
export interface FeedTools {
  /** A running SHA-256. */
  readonly sha256: () => { update(bytes: Buffer): unknown; digest(encoding: 'base64url'): string };
  readonly gzip: (bytes: Buffer) => Promise<Buffer>;
  /** Lets other work have its turn. */
  readonly pause: () => Promise<void>;
}

export interface FeedRequest extends Omit<CalendarHead, keyof Addresses> {
  readonly options: FeedOptions;
  /** The UTC date by which windows are judged: they move at midnight only. */
  readonly todayUtc: string;
  /** Which meetings belong in it, by id; `filterKey` names the test. Absent: all of the source. */
  readonly filter?: { readonly key: string; readonly has: (id: string) => boolean };
}

/** A composed feed. The same rows and request give the same bytes, on any node. */
export interface Feed {
  readonly body: Buffer;
  /** Strong, quoted: SHA-256 of the body (RFC 9110 §8.8.3). The gzip variant's is the transport's to derive. */
  readonly etag: string;
  readonly count: number;
  /** Made once, at the first call, and kept. */
  gzip(): Promise<Buffer>;
}

/** Bytes of entries and bodies kept in memory over all feeds; the least recently used go first. */
export const MAX_KEPT_BYTES = 256 * 1024 * 1024;
/** Bytes copied and hashed before other work gets its turn: a few milliseconds. */
const SLICE_BYTES = 2 * 1024 * 1024;
/** A gzip variant's share of the body, for the bound. */
const GZIP_SHARE = 0.25;

interface Composed {
  readonly edition: symbol;
  readonly feed: Promise<Feed>;
  bytes: number;
}

/** Feeds as bytes: entries are rendered once a change, bodies joined once a change, and both kept. */
export class FeedComposer {
  private readonly tools: FeedTools;
  private readonly addresses: Addresses;
  private readonly maxBytes: number;
  // Insertion order is order of use: the first is the least recently used.
  private readonly shelves = new Map<string, Shelf>();
  private readonly bodies = new Map<string, Composed>();

  constructor(tools: FeedTools, addresses: Addresses = {}, maxBytes: number = MAX_KEPT_BYTES) {
    this.tools = tools;
    this.addresses = addresses;
    this.maxBytes = maxBytes;
  }

  /**
   * The feed with all changes that the source has at this moment. While nothing changes it is the same
   * object; callers at the same time share one composition.
   */
  async read(source: EntrySource, request: FeedRequest): Promise<Feed> {
    const shelf = this.shelf(source, request.options);
    await shelf.refresh();
    const key = JSON.stringify([source.key, entryKey(request.options), bodyKey(request)]);
    const known = this.bodies.get(key);
    const composed =
      known !== undefined && known.edition === shelf.edition
        ? known
        : this.compose(key, shelf, request);
    touch(this.bodies, key, composed);
    this.evict(shelf, composed);
    return composed.feed;
  }

  /** Bytes kept now, over entries and bodies. */
  keptBytes(): number {
    let sum = 0;
    for (const shelf of this.shelves.values()) sum += shelf.bytes;
    for (const body of this.bodies.values()) sum += body.bytes;
    return sum;
  }

  private shelf(source: EntrySource, options: FeedOptions): Shelf {
    const key = `${source.key} ${entryKey(options)}`;
    const shelf =
      this.shelves.get(key) ?? new Shelf(source, options, this.addresses, this.tools.pause);
    touch(this.shelves, key, shelf);
    return shelf;
  }

  private compose(key: string, shelf: Shelf, request: FeedRequest): Composed {
    const parts = partsOf(shelf.entries(), request, this.addresses);
    const size = parts.buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const feed = this.join(parts.buffers, size, parts.count);
    feed.catch(() => this.bodies.delete(key)); // not remembered: the next caller tries again
    return { edition: shelf.edition, feed, bytes: Math.ceil(size * (1 + GZIP_SHARE)) };
  }

  private async join(buffers: readonly Buffer[], size: number, count: number): Promise<Feed> {
    const body = Buffer.allocUnsafeSlow(size);
    const hash = this.tools.sha256();
    let end = 0;
    let hashed = 0;
    for (const buffer of buffers) {
      end += buffer.copy(body, end);
      if (end - hashed < SLICE_BYTES) continue;
      hash.update(body.subarray(hashed, end));
      hashed = end;
      await this.tools.pause();
    }
    hash.update(body.subarray(hashed));
    let zipped: Promise<Buffer> | undefined;
    const gzip = (): Promise<Buffer> => {
      zipped ??= this.tools.gzip(body).catch((error: unknown) => {
        zipped = undefined; // not remembered: the next caller tries again
        throw error;
      });
      return zipped;
    };
    return { body, etag: `"${hash.digest('base64url')}"`, count, gzip };
  }

  // What is in use now stays, even when it alone is over the bound: it has to be answered.
  private evict(shelf: Shelf, composed: Composed): void {
    let kept = this.keptBytes();
    for (const [key, body] of this.bodies) {
      if (kept <= this.maxBytes) return;
      if (body === composed) continue;
      this.bodies.delete(key);
      kept -= body.bytes;
    }
    for (const [key, other] of this.shelves) {
      if (kept <= this.maxBytes) return;
      if (other === shelf) continue;
      this.shelves.delete(key);
      kept -= other.bytes;
    }
  }
}

function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
}

const bodyKey = (request: FeedRequest): readonly unknown[] => [
  request.options.past,
  request.todayUtc,
  request.name,
  request.description ?? null,
  request.sourceUrl ?? null,
  request.filter?.key ?? null,
];

function partsOf(
  entries: readonly Kept[],
  request: FeedRequest,
  addresses: Addresses,
): { readonly buffers: readonly Buffer[]; readonly count: number } {
  const shown = inWindow(entries, request);
  const zones = new Set(shown.flatMap((entry) => entry.zones));
  const head = openCalendar({ ...request, ...addresses }, zones, shown.length === 0);
  const buffers = [
    Buffer.from(head),
    ...shown.map((entry) => entry.bytes),
    Buffer.from(CLOSE_CALENDAR),
  ];
  return { buffers, count: shown.length };
}

/** Dates are compared as dates: an entry enters or leaves at midnight UTC, never in between. */
function inWindow(entries: readonly Kept[], request: FeedRequest): readonly Kept[] {
  const { options, todayUtc, filter } = request;
  const since = options.past === 'all' ? '' : addDays(todayUtc, -options.past);
  return entries.filter(
    (entry) =>
      entry.lastDay >= since &&
      (entry.goneAfter === null || entry.goneAfter >= todayUtc) &&
      (filter === undefined || filter.has(entry.id)),
  );
}
