import { type Composition, compose, type FeedRequest } from './body.ts';
import type { Feed, FeedTools } from './composed-feed.ts';
import type { Addresses } from './entry.ts';
import { entryKey, type FeedOptions } from './options.ts';
import { BUCKETS, type Bucket, type EntrySource, Shelf } from './shelf.ts';

/** Bytes of entries and bodies kept in memory over all feeds; the least recently used go first. */
export const MAX_KEPT_BYTES = 256 * 1024 * 1024;
/** What a body takes beside its bytes: what is known of each bucket, and of each entry in it. */
const OVERHEAD_BYTES = 150 * BUCKETS;
const ENTRY_BYTES = 16;

export interface ComposerOptions {
  readonly maxBytes?: number | undefined;
  /** A feed was replaced by another, or is no longer kept, or its bytes are not. */
  readonly onDrop?: ((feed: Feed) => void) | undefined;
}

interface Composed {
  /** The entries it was made from. */
  readonly buckets: readonly Bucket[];
  readonly todayUtc: string;
  readonly composition: Promise<Composition>;
  /** Undefined while it is being composed. */
  feed: Feed | undefined;
}

/** Feeds as bytes: entries are rendered once a change, bodies joined where they changed, and both kept. */
export class FeedComposer {
  private readonly tools: FeedTools;
  private readonly addresses: Addresses;
  private readonly maxBytes: number;
  private readonly onDrop: (feed: Feed) => void;
  // Insertion order is order of use: the first is the least recently used.
  private readonly shelves = new Map<string, Shelf>();
  private readonly bodies = new Map<string, Composed>();

  constructor(tools: FeedTools, addresses: Addresses = {}, options: ComposerOptions = {}) {
    this.tools = tools;
    this.addresses = addresses;
    this.maxBytes = options.maxBytes ?? MAX_KEPT_BYTES;
    this.onDrop = options.onDrop ?? (() => {});
  }

  /**
   * The feed with all changes that the source has at this moment. While nothing changes it is the same
   * object; callers at the same time share one composition.
   */
  async read(source: EntrySource, request: FeedRequest): Promise<Feed> {
    const shelf = this.shelf(source, request.options);
    await shelf.refresh();
    const key = keyOf(source, request);
    const buckets = shelf.buckets();
    const known = this.bodies.get(key);
    const fresh = known?.buckets === buckets && known.todayUtc === request.todayUtc;
    const composed = fresh ? known : this.compose(key, buckets, request, known);
    touch(this.bodies, key, composed);
    const { feed } = await composed.composition;
    this.evict(shelf, composed);
    return feed;
  }

  /**
   * The feed as it was last composed, for whoever knows that nothing has changed since; undefined when there
   * is none, or it is no longer kept.
   */
  kept(source: EntrySource, request: FeedRequest): Feed | undefined {
    const key = keyOf(source, request);
    const known = this.bodies.get(key);
    if (known === undefined || known.todayUtc !== request.todayUtc) return undefined;
    touch(this.bodies, key, known);
    return known.feed;
  }

  /** Bytes kept now, over entries and bodies. */
  keptBytes(): number {
    let sum = 0;
    for (const shelf of this.shelves.values()) sum += shelf.bytes;
    for (const body of this.bodies.values()) sum += weight(body);
    return sum;
  }

  private shelf(source: EntrySource, options: FeedOptions): Shelf {
    const key = `${source.key} ${entryKey(options)}`;
    const shelf = this.shelves.get(key) ?? new Shelf(source, options, this.addresses, this.tools);
    touch(this.shelves, key, shelf);
    return shelf;
  }

  private compose(
    key: string,
    buckets: readonly Bucket[],
    request: FeedRequest,
    before: Composed | undefined,
  ): Composed {
    const { tools, addresses } = this;
    const make = (base: Composition | undefined) =>
      compose({ tools, addresses, request, base }, buckets);
    // After the one before, also when that is still under way: most of it can be used again.
    const composition =
      before === undefined ? make(undefined) : before.composition.then(make, () => make(undefined));
    const composed: Composed = {
      ...{ buckets, todayUtc: request.todayUtc, composition, feed: undefined },
    };
    composition.then(
      ({ feed }) => {
        composed.feed = feed;
        if (before?.feed !== undefined && before.feed !== feed) this.onDrop(before.feed);
      },
      () => {
        if (before?.feed !== undefined) this.onDrop(before.feed);
        // Not remembered: the next caller tries again.
        if (this.bodies.get(key) === composed) this.bodies.delete(key);
      },
    );
    return composed;
  }

  /**
   * Drops what is over the bound, the least recently used first: bytes that were put together, then bodies,
   * then entries. What is in use now stays, even when it alone is over the bound: it has to be answered.
   */
  private evict(shelf: Shelf, composed: Composed): void {
    if (this.keptBytes() <= this.maxBytes) return;
    const bodies = [...this.bodies].filter(([, body]) => body !== composed);
    const shelves = [...this.shelves].filter(([, other]) => other !== shelf);
    let over = this.keptBytes() - this.maxBytes;
    over = free(over, bodies, ([, { feed }]) => {
      const freed = feed?.release() ?? 0;
      if (feed !== undefined && freed > 0) this.onDrop(feed);
      return freed;
    });
    over = free(over, bodies, ([key, body]) => {
      this.bodies.delete(key);
      if (body.feed !== undefined) this.onDrop(body.feed);
      return weight(body);
    });
    free(over, shelves, ([key, { bytes }]) => {
      this.shelves.delete(key);
      return bytes;
    });
  }
}

/** Drops one after the other until nothing is over; `drop` says how much it was. @returns what still is */
function free<T>(over: number, items: readonly T[], drop: (item: T) => number): number {
  let left = over;
  for (const item of items) {
    if (left <= 0) break;
    left -= drop(item);
  }
  return left;
}

const weight = ({ feed }: Composed): number =>
  OVERHEAD_BYTES + (feed === undefined ? 0 : ENTRY_BYTES * feed.count + feed.keptBytes());

function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
}

/** Names a body: the same for requests that say the same. */
const keyOf = (source: EntrySource, request: FeedRequest): string =>
  JSON.stringify([
    source.key,
    entryKey(request.options),
    request.options.past,
    request.name,
    request.description ?? null,
    request.sourceUrl ?? null,
    request.filter?.key ?? null,
    request.notice ?? null,
    request.edition ?? null,
  ]);
