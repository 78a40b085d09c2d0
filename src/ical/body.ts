import { addDays } from '../domain/date/index.ts';
import { type CalendarHead, CLOSE_CALENDAR, openCalendar } from './calendar.ts';
import type { Addresses } from './entry.ts';
import type { FeedFilter } from './filter.ts';
import { type Deflated, gzipMember } from './gzip.ts';
import { type Notice, noticeEntry } from './notice.ts';
import type { FeedOptions } from './options.ts';
import { BUCKETS, type Bucket, type Kept, type Machine } from './shelf.ts';

/** What a feed needs from the machine: given in, so that this folder stays free of I/O. */
export interface FeedTools extends Machine {
  /** Bytes for a part of a feed, which shares them with nothing else. */
  readonly allocate: (length: number) => Buffer;
  /** Whole DEFLATE blocks, none marked as the last, that end at an octet; off the event loop. */
  readonly deflate: (bytes: Buffer) => Promise<Buffer>;
  readonly crc32: (bytes: Buffer) => number;
}

export interface FeedRequest extends Omit<CalendarHead, keyof Addresses> {
  readonly options: FeedOptions;
  /** The UTC date by which windows are judged: they move at midnight only. */
  readonly todayUtc: string;
  /** Which entries belong in it: a function of the entry alone. Absent: all of the source. */
  readonly filter?: FeedFilter;
  /** That its address was replaced: an entry before all others, which `count` leaves out. */
  readonly notice?: Notice;
}

/** A composed feed. The same rows and request give the same bytes, on any node. */
export interface Feed {
  /** Bytes in all. */
  readonly length: number;
  /**
   * Strong, quoted (RFC 9110 §8.8.3): a SHA-256 over those of the head and of each entry, run by run. The
   * bytes alone say where these end, so it is the same exactly when they are.
   */
  readonly etag: string;
  readonly count: number;
  /** The bytes in order. Put together at the first call, and kept while there is room; never to be written to. */
  plain(): Promise<readonly Buffer[]>;
  /** The same compressed. */
  gzip(): Promise<readonly Buffer[]>;
  /** Either, if it is at hand. */
  kept(encoding: Encoding): readonly Buffer[] | undefined;
  /** Bytes kept in both. */
  keptBytes(): number;
  /** Keeps them no longer; they are made again when asked for. @returns how many they were */
  release(): number;
}

export type Encoding = 'plain' | 'gzip';

/** A feed with what the next composition of it can use again. */
export interface Composition {
  readonly feed: Feed;
  readonly slots: readonly Slot[];
  readonly parts: readonly Part[];
  readonly head: Part;
}

/** Which entries of a bucket are shown, and for how long that stays so. */
interface Slot {
  readonly bucket: Bucket;
  readonly shown: Bucket;
  /** The UTC date on which it was judged. */
  readonly from: string;
  /** Of the entries shown: the first that leaves decides. */
  readonly leastDay: string;
  readonly leastGone: string;
}

/** Entries of neighbouring buckets as one run of bytes. */
interface Part {
  readonly slots: readonly Bucket[];
  readonly length: number;
  readonly digest: string;
  readonly zones: readonly string[];
  /** Made when they are asked for. */
  bytes?: Buffer;
  deflated?: Promise<Deflated>;
}

/** Entries that a part has at least, while there is more than one: enough to compress well. */
const PART_ENTRIES = 32;
/** After every date that an entry can have. */
const NEVER = '~';

interface Work {
  readonly tools: FeedTools;
  readonly addresses: Addresses;
  readonly request: FeedRequest;
  /** The earlier one of the same request, of any day. */
  readonly base: Composition | undefined;
}

/** The feed of these entries: what has not changed since `base` is taken over. */
export async function compose(work: Work, buckets: readonly Bucket[]): Promise<Composition> {
  const slots = await slotsOf(work, buckets);
  const parts = await partsOf(work, slots);
  const count = slots.reduce((sum, { shown }) => sum + shown.length, 0);
  const head = headOf(work, parts, count === 0);
  const base = work.base;
  const same = base !== undefined && base.head === head && isSameList(base.parts, parts);
  return { slots, parts, head, feed: same ? base.feed : feedOf(work.tools, head, parts, count) };
}

async function slotsOf(
  { tools, request, base }: Work,
  buckets: readonly Bucket[],
): Promise<readonly Slot[]> {
  const { past } = request.options;
  const { todayUtc: today, filter } = request;
  const since = past === 'all' ? '' : addDays(today, -past);
  const isShown = (entry: Kept): boolean =>
    entry.lastDay >= since &&
    (entry.goneAfter === null || entry.goneAfter >= today) &&
    (filter === undefined || filter.has(entry));
  const slots: Slot[] = [];
  for (const [at, bucket] of buckets.entries()) {
    const before = base?.slots[at];
    if (before?.bucket === bucket && stillHolds(before, today, since)) {
      slots.push(before);
      continue;
    }
    if (bucket.length > 0 && tools.due()) await tools.pause();
    slots.push(judged(bucket, bucket.filter(isShown), today, before));
  }
  return slots;
}

/** Dates are compared as dates: an entry leaves at midnight UTC, never in between. */
const stillHolds = ({ from, leastDay, leastGone }: Slot, today: string, since: string): boolean =>
  today >= from && leastDay >= since && leastGone >= today;

function judged(bucket: Bucket, shown: Bucket, from: string, before: Slot | undefined): Slot {
  let leastDay = NEVER;
  let leastGone = NEVER;
  for (const { lastDay, goneAfter } of shown) {
    if (lastDay < leastDay) leastDay = lastDay;
    if (goneAfter !== null && goneAfter < leastGone) leastGone = goneAfter;
  }
  const same = before !== undefined && isSameList(before.shown, shown);
  return { bucket, shown: same ? before.shown : shown, from, leastDay, leastGone };
}

const isSameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

async function partsOf({ tools, base }: Work, slots: readonly Slot[]) {
  const parts: Part[] = [];
  const size = bucketsInPart(slots);
  for (let at = 0; at < slots.length; at += size) {
    const lists = slots.slice(at, at + size).map(({ shown }) => shown);
    const before = base?.parts[at / size];
    if (before !== undefined && isSameList(before.slots, lists)) {
      parts.push(before);
      continue;
    }
    if (tools.due()) await tools.pause();
    parts.push(partOf(tools, lists));
  }
  return parts;
}

/** From the number of entries alone, so that it is the same whatever there was before. */
function bucketsInPart(slots: readonly Slot[]): number {
  const count = slots.reduce((sum, { shown }) => sum + shown.length, 0);
  let size = BUCKETS;
  while (size > 1 && count >= (2 * PART_ENTRIES * BUCKETS) / size) size /= 2;
  return size;
}

function partOf(tools: FeedTools, slots: readonly Bucket[]): Part {
  const entries = slots.flat();
  const zones = [...new Set(entries.flatMap((entry) => entry.zones))];
  const length = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const digest = digestOf(tools, entries);
  return { slots, length, digest, zones };
}

/** Of what they are made of, in this order. */
const digestOf = (tools: FeedTools, parts: readonly { readonly digest: string }[]): string =>
  tools.sha256(Buffer.from(parts.map(({ digest }) => digest).join(''), 'latin1'));

function bytesOf({ allocate }: FeedTools, { slots, length }: Part): Buffer {
  const bytes = allocate(length);
  let at = 0;
  for (const entry of slots.flat()) {
    bytes.set(entry.bytes, at);
    at += entry.bytes.length;
  }
  return bytes;
}

function headOf({ tools, addresses, request, base }: Work, parts: readonly Part[], empty: boolean) {
  const zones = [...new Set(parts.flatMap((part) => part.zones))];
  const notice = request.notice === undefined ? '' : noticeEntry(request.notice);
  const bytes = Buffer.from(openCalendar({ ...request, ...addresses }, zones, empty) + notice);
  if (base?.head.bytes?.equals(bytes)) return base.head;
  return { slots: [], bytes, length: bytes.length, digest: tools.sha256(bytes), zones };
}

const FOOT = Buffer.from(CLOSE_CALENDAR);

function feedOf(tools: FeedTools, head: Part, parts: readonly Part[], count: number): Feed {
  const foot = { slots: [], bytes: FOOT, length: FOOT.length, digest: '', zones: [] };
  const all = [head, ...parts.filter(({ length }) => length > 0), foot];
  const digest = Buffer.from(digestOf(tools, all), 'latin1');
  return new ComposedFeed(tools, all, count, `"${digest.toString('base64url')}"`);
}

type Made = Partial<Record<Encoding, readonly Buffer[]>>;

class ComposedFeed implements Feed {
  readonly length: number;
  readonly etag: string;
  readonly count: number;
  readonly #tools: FeedTools;
  readonly #parts: readonly Part[];
  readonly #making = new Map<Encoding, Promise<readonly Buffer[]>>();
  #made: Made = {};
  #keptBytes = 0;

  constructor(tools: FeedTools, parts: readonly Part[], count: number, etag: string) {
    this.#tools = tools;
    this.#parts = parts;
    this.count = count;
    this.etag = etag;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  plain(): Promise<readonly Buffer[]> {
    return this.#make('plain', () => joined(this.#tools, this.#parts));
  }

  gzip(): Promise<readonly Buffer[]> {
    return this.#make('gzip', () => zipped(this.#tools, this.#parts));
  }

  kept(encoding: Encoding): readonly Buffer[] | undefined {
    return this.#made[encoding];
  }

  keptBytes(): number {
    return this.#keptBytes;
  }

  release(): number {
    const bytes = this.#keptBytes;
    this.#keptBytes = 0;
    this.#made = {};
    this.#making.clear();
    for (const part of this.#parts) {
      delete part.deflated;
      // Head and foot were never made of entries.
      if (part.slots.length > 0) delete part.bytes;
    }
    return bytes;
  }

  #make(encoding: Encoding, work: () => Promise<readonly Buffer[]>): Promise<readonly Buffer[]> {
    const known = this.#making.get(encoding);
    if (known !== undefined) return known;
    const making = work();
    this.#making.set(encoding, making);
    making.then(
      (buffers) => {
        if (this.#making.get(encoding) !== making) return;
        this.#made = { ...this.#made, [encoding]: buffers };
        this.#keptBytes += buffers.reduce((sum, { length }) => sum + length, 0);
      },
      () => this.#making.delete(encoding), // not remembered: the next caller tries again
    );
    return making;
  }
}

async function joined(tools: FeedTools, parts: readonly Part[]): Promise<readonly Buffer[]> {
  const buffers: Buffer[] = [];
  for (const part of parts) {
    if (part.bytes === undefined && tools.due()) await tools.pause();
    part.bytes ??= bytesOf(tools, part);
    buffers.push(part.bytes);
  }
  return buffers;
}

/** One part after the other: a large feed does not take all threads. */
async function zipped(tools: FeedTools, parts: readonly Part[]): Promise<readonly Buffer[]> {
  const deflated: Deflated[] = [];
  for (const part of parts) deflated.push(await deflatedOf(tools, part));
  return gzipMember(deflated);
}

function deflatedOf(tools: FeedTools, part: Part): Promise<Deflated> {
  if (part.deflated !== undefined) return part.deflated;
  // Not kept for this alone.
  const bytes = part.bytes ?? bytesOf(tools, part);
  part.deflated = tools.deflate(bytes).then(
    (blocks) => ({ blocks, crc: tools.crc32(bytes), plainLength: bytes.length }),
    (error: unknown) => {
      delete part.deflated;
      throw error;
    },
  );
  return part.deflated;
}
