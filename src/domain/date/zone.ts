import { IANAZone } from 'luxon';
import { DAY_MS, dateOfMs, epochDayOf } from './civil.ts';
import { InvalidDate, invalid } from './error.ts';

/**
 * Wall times and instants. luxon knows the offset of a zone at an instant; which instant a wall time means
 * is decided here, because luxon's answer for ambiguous and missing times depends on today's date.
 */

/** Offset in milliseconds all that UTC day, or the instant in it at which the offset changes. */
type DayOffset = number | { readonly at: number; readonly before: number; readonly after: number };

interface Zone {
  readonly iana: IANAZone;
  readonly days: Map<number, DayOffset>;
  /** UTC day number at which a run of days begins → the offset then. */
  readonly edges: Map<number, number>;
  /** UTC day number of a local date → the epoch ms at which it starts. */
  readonly starts: Map<number, number>;
}

/** Starts of days remembered a zone. */
const MAX_STARTS = 2_000;

// Only names as IANA writes them get in, so both are bounded by its list (about 600). Asking Intl takes 100 µs.
const names = new Set<string>();
const zones = new Map<string, Zone>();

/** Days remembered over all zones: some megabytes. Beyond it the memory starts afresh. */
const MAX_DAYS = 50_000;
let daysKept = 0;

/**
 * Whether it is a name of the IANA time zone database, written as there: `Europe/Zurich`, also an alias
 * such as `Asia/Calcutta`. Not `europe/zurich`, not an offset: sameness compares names.
 */
export function isZone(name: string): boolean {
  if (names.has(name)) return true;
  if (ianaName(name) !== name) return false;
  names.add(name);
  return true;
}

/** The name as IANA writes it when only the case differs; undefined when there is no such zone. */
export function ianaName(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    // Not Intl's resolvedOptions: it folds aliases together (Kolkata becomes Calcutta).
    const { timeZoneId } = new Temporal.ZonedDateTime(0n, name);
    return IANAZone.isValidZone(timeZoneId) ? timeZoneId : undefined;
  } catch {
    return undefined;
  }
}

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!isZone(name)) throw new InvalidDate(invalid(['timezone'], zoneMessage(name)));
  const zone: Zone = {
    iana: IANAZone.create(name),
    days: new Map(),
    edges: new Map(),
    starts: new Map(),
  };
  zones.set(name, zone);
  return zone;
}

/** What to tell someone whose zone name is not one. */
export function zoneMessage(name: string): string {
  const meant = ianaName(name);
  return meant === undefined
    ? `${JSON.stringify(name)} is not an IANA time zone: write a name such as Europe/Zurich or UTC.`
    : `${JSON.stringify(name)} is not written as in the IANA list: write ${meant}.`;
}

// luxon gives minutes, with a fraction for local mean times before the railways.
const luxonOffset = (zone: Zone, ms: number): number => Math.round(zone.iana.offset(ms) * 60_000);

function offsetMs(zone: Zone, ms: number): number {
  const day = Math.floor(ms / DAY_MS);
  const offset = zone.days.get(day) ?? readDays(zone, day);
  if (typeof offset === 'number') return offset;
  return ms < offset.at ? offset.before : offset.after;
}

/** Days that are read together: asking Intl for an offset takes longer than all else about a date. */
const RUN = 4;

/** Reads the run of days that a day is in. */
function readDays(zone: Zone, day: number): DayOffset {
  forgetSome();
  const first = Math.floor(day / RUN) * RUN;
  const start = first * DAY_MS;
  const end = start + RUN * DAY_MS;
  const before = edgeOffset(zone, first);
  const after = edgeOffset(zone, first + RUN);
  // No zone has ever changed twice within six days, so two equal ends mean even days.
  const at = before === after ? end : firstMs(start, end, (ms) => luxonOffset(zone, ms) === after);
  const offsetOf = (other: number): DayOffset => {
    const from = other * DAY_MS;
    if (at >= from + DAY_MS) return before;
    return at <= from ? after : { at, before, after };
  };
  for (let i = 0; i < RUN; i += 1) zone.days.set(first + i, offsetOf(first + i));
  daysKept += RUN;
  return offsetOf(day);
}

/** One run ends where the next begins. */
function edgeOffset(zone: Zone, day: number): number {
  const offset = zone.edges.get(day) ?? luxonOffset(zone, day * DAY_MS);
  zone.edges.set(day, offset);
  return offset;
}

function forgetSome(): void {
  if (daysKept < MAX_DAYS) return;
  for (const { days, edges } of zones.values()) {
    days.clear();
    edges.clear();
  }
  daysKept = 0;
}

/** The first ms in (low, high] for which `holds`, given that it holds at high, not at low, and flips once. */
function firstMs(low: number, high: number, holds: (ms: number) => boolean): number {
  let below = low;
  let at = high;
  while (at - below > 1) {
    const middle = Math.floor((below + at) / 2);
    if (holds(middle)) at = middle;
    else below = middle;
  }
  return at;
}

/** The date on the wall at an instant (epoch ms). Throws InvalidDate for no zone. */
export function localDateOf(ms: number, zoneName: string): string {
  return dateOfMs(ms + offsetMs(zoneOf(zoneName), ms));
}

/**
 * Epoch ms of a wall time, given as the epoch ms it would have in UTC. An ambiguous time is its first
 * occurrence; one in a gap takes the offset before the gap (RFC 5545 §3.3.5). Throws InvalidDate for no zone.
 */
export function wallTimeMs(wallMs: number, zoneName: string): number {
  const zone = zoneOf(zoneName);
  // Offsets are within 16 hours, so a day either way lies on either side of a change near this time.
  const before = offsetMs(zone, wallMs - DAY_MS);
  const after = offsetMs(zone, wallMs + DAY_MS);
  const first = wallMs - before;
  if (before === after || offsetMs(zone, first) === before) return first;
  const second = wallMs - after;
  return offsetMs(zone, second) === after ? second : first;
}

/** Whether the clocks show a wall time twice. `wallMs`: as of wallTimeMs. Throws InvalidDate for no zone. */
export function isRepeated(wallMs: number, zoneName: string): boolean {
  const zone = zoneOf(zoneName);
  const before = offsetMs(zone, wallMs - DAY_MS);
  const after = offsetMs(zone, wallMs + DAY_MS);
  if (before === after) return false;
  return offsetMs(zone, wallMs - before) === before && offsetMs(zone, wallMs - after) === after;
}

/**
 * The first moment of a local day (epoch ms): midnight, or, where midnight is skipped, the moment the clock
 * jumps past it. Throws InvalidDate.
 */
export const startOfLocalDayMs = (localDate: string, zoneName: string): number =>
  startOfDay(epochDayOf(localDate), zoneName);

function startOfDay(day: number, zoneName: string): number {
  const zone = zoneOf(zoneName);
  let start = zone.starts.get(day);
  if (start === undefined) {
    start = readStart(zone, zoneName, day * DAY_MS);
    if (zone.starts.size >= MAX_STARTS) zone.starts.clear();
    zone.starts.set(day, start);
  }
  return start;
}

function readStart(zone: Zone, zoneName: string, midnight: number): number {
  const at = wallTimeMs(midnight, zoneName);
  if (at + offsetMs(zone, at) === midnight) return at;
  const before = offsetMs(zone, midnight - DAY_MS);
  const low = midnight - offsetMs(zone, midnight + DAY_MS);
  return firstMs(low, at, (ms) => offsetMs(zone, ms) !== before);
}

/**
 * The last millisecond of a local day (epoch ms): the one before the next day's first. Of a day that the zone
 * skipped (Samoa's 30 December 2011), its first. Throws InvalidDate.
 */
export function endOfLocalDayMs(localDate: string, zoneName: string): number {
  const day = epochDayOf(localDate);
  return Math.max(startOfDay(day + 1, zoneName) - 1, startOfDay(day, zoneName));
}
