import type { Edition } from '../../projections/feeds.ts';
import { addDays } from '../domain/date/index.ts';
import { type CalendarHead, CLOSE_CALENDAR, openCalendar } from './calendar.ts';
import { ComposedFeed, type Feed, type FeedTools, inEdition, type Part } from './composed-feed.ts';
import type { Addresses } from './entry.ts';
import type { FeedFilter } from './filter.ts';
import { type Notice, noticeEntry } from './notice.ts';
import type { FeedOptions } from './options.ts';
import { BUCKETS, type Bucket, type Kept } from './shelf.ts';

export interface FeedRequest extends Omit<CalendarHead, keyof Addresses> {
  readonly options: FeedOptions;
  /** Undefined: the address has always shown entries so. */
  readonly edition?: Edition;
  /** The UTC date by which windows are judged: they move at midnight only. */
  readonly todayUtc: string;
  /** Which entries belong in it: a function of the entry alone. Absent: all of the source. */
  readonly filter?: FeedFilter;
  /** That its address was replaced: an entry before all others, which `count` leaves out. */
  readonly notice?: Notice;
}

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

async function partsOf({ tools, request, base }: Work, slots: readonly Slot[]) {
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
    parts.push(partOf(tools, lists, request.edition));
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

function partOf(tools: FeedTools, slots: readonly Bucket[], edition: Edition | undefined): Part {
  const entries = slots.flat();
  const zones = [...new Set(entries.flatMap((entry) => entry.zones))];
  const shown =
    edition === undefined ? entries : entries.map((entry) => shownAs(tools, entry, edition));
  const length = shown.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { slots, edition, length, digest: digestOf(tools, shown), zones };
}

function shownAs(tools: FeedTools, entry: Kept, edition: Edition) {
  const bytes = inEdition(entry, edition);
  return { bytes, digest: tools.sha256(bytes) };
}

/** Of what they are made of, in this order. */
const digestOf = (tools: FeedTools, parts: readonly { readonly digest: string }[]): string =>
  tools.sha256(Buffer.from(parts.map(({ digest }) => digest).join(''), 'latin1'));

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
