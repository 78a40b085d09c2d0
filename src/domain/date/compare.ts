import type { DateOrInstant } from '../../../events/values.ts';
import { daysBetween, instantMs, isLocalDate } from './civil.ts';
import { InvalidDate, invalid } from './error.ts';
import type { ResolvedWhen } from './types.ts';
import { endOfLocalDayMs, startOfLocalDayMs } from './zone.ts';

/** Whether it falls somewhere within a span longer than a day, so that no day of it is known. */
export function isCoarse(w: ResolvedWhen): boolean {
  return w.precision !== 'time' && w.extent === 'within';
}

/** Whether both say the same: EDTF with qualifier and extent, or start and end, and the resolved zone. */
export function sameWhen(a: ResolvedWhen, b: ResolvedWhen): boolean {
  if (a.timezone !== b.timezone) return false;
  if (a.precision === 'time') {
    return b.precision === 'time' && sameWall(a.start, b.start) && sameWall(a.end, b.end);
  }
  return b.precision !== 'time' && a.edtf === b.edtf && a.extent === b.extent;
}

// 10:00 and 10:00:00 are one time on the wall.
const sameWall = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.padEnd(19, ':00') === b.padEnd(19, ':00'));

/** Its first moment (epoch ms): the start, or that of the earliest local day; null at an open end. */
export function earliestMs(w: ResolvedWhen): number | null {
  if (w.precision === 'time') return instantMs(w.startsAt);
  return w.earliest === null ? null : startOfLocalDayMs(w.earliest, w.timezone);
}

/** Its last moment (epoch ms): endsAt, else the last ms of the latest local day; null at an open end. */
export function latestMs(w: ResolvedWhen): number | null {
  if (w.precision === 'time' && w.endsAt !== null) return instantMs(w.endsAt);
  return w.latest === null ? null : endOfLocalDayMs(w.latest, w.timezone);
}

/** The moments it can take, up to but not including `end`; open ends are infinite. Never empty. */
interface Moments {
  readonly start: number;
  readonly end: number;
}

function momentsOf(w: ResolvedWhen): Moments {
  const start = earliestMs(w) ?? -Infinity;
  const last = latestMs(w) ?? Infinity;
  const end = w.precision === 'time' && w.endsAt !== null ? last : last + 1;
  return { start, end: Math.max(end, start + 1) };
}

/** Whether they share a moment. Two meetings of which one ends when the other starts do not. */
export function overlaps(a: ResolvedWhen, b: ResolvedWhen): boolean {
  const x = momentsOf(a);
  const y = momentsOf(b);
  return x.start < y.end && y.start < x.end;
}

/** Whether every moment of `inner` is one of `outer`. */
export function contains(outer: ResolvedWhen, inner: ResolvedWhen): boolean {
  const x = momentsOf(outer);
  const y = momentsOf(inner);
  return x.start <= y.start && y.end <= x.end;
}

/** What a new date is to the old one. */
export interface Move {
  /** A refinement lies inside the old span: 0 days, and no slip. */
  readonly kind: 'refinement' | 'slip';
  /** Days between the latest local dates, negative when earlier now; null when one is open-ended. */
  readonly days: number | null;
  /** Least and greatest distance when one of the two is coarse; else null, as with an open end. */
  readonly range: [number, number] | null;
}

/** How far a date moved. */
export function moved(from: ResolvedWhen, to: ResolvedWhen): Move {
  if (isInside(from, to)) return { kind: 'refinement', days: 0, range: null };
  if (from.latest === null || to.latest === null) return { kind: 'slip', days: null, range: null };
  const range = isCoarse(from) || isCoarse(to) ? rangeOf(from, to) : null;
  return { kind: 'slip', days: daysBetween(from.latest, to.latest), range };
}

// By local dates, not moments: "August" refined to a day of August in another zone has not slipped.
function isInside(from: ResolvedWhen, to: ResolvedWhen): boolean {
  if (from.precision === 'time') return isInsideTime(from, to);
  const startsInside =
    from.earliest === null || (to.earliest !== null && to.earliest >= from.earliest);
  const endsInside = from.latest === null || (to.latest !== null && to.latest <= from.latest);
  return startsInside && endsInside;
}

// Of a time without an end the rest of the day is not a span to move about in: 10:00 to 14:00 is a slip.
function isInsideTime(from: ResolvedWhen, to: ResolvedWhen): boolean {
  if (from.precision !== 'time' || to.precision !== 'time') return false;
  return from.endsAt === null ? from.startsAt === to.startsAt : contains(from, to);
}

function rangeOf(from: ResolvedWhen, to: ResolvedWhen): [number, number] | null {
  const fromFirst = firstPossibleEnd(from);
  const toFirst = firstPossibleEnd(to);
  if (fromFirst === null || toFirst === null || from.latest === null || to.latest === null) {
    return null;
  }
  return [daysBetween(from.latest, toFirst), daysBetween(fromFirst, to.latest)];
}

/** The first local date on which it can be over. */
const firstPossibleEnd = (w: ResolvedWhen): string | null => (isCoarse(w) ? w.earliest : w.latest);

/** An end of a range, as a filter gives it. */
export type Bound =
  | { readonly kind: 'date'; readonly date: string }
  | { readonly kind: 'instant'; readonly ms: number };

/** Reads `from` or `to`: a date (2021-11-21) or a UTC instant (2021-11-21T08:00:00Z). Throws InvalidDate. */
export function parseBound(value: DateOrInstant): Bound {
  if (isLocalDate(value)) return { kind: 'date', date: value };
  if (value.includes('T')) return { kind: 'instant', ms: instantMs(value) };
  throw new InvalidDate(
    invalid(
      [],
      `${JSON.stringify(value)} is not a date (2021-11-21) or a UTC instant (2021-11-21T08:00:00Z).`,
    ),
  );
}

/**
 * Whether the date matches a range: dates compare with local dates, `to` inclusive; instants with instants,
 * `to` exclusive. By overlap; with `certain`, a date within a span must lie inside the range as a whole.
 * Bounds as text or parsed once by parseBound. Throws InvalidDate.
 */
export function matchesRange(
  w: ResolvedWhen,
  from: DateOrInstant | Bound | undefined,
  to: DateOrInstant | Bound | undefined,
  certain: boolean,
): boolean {
  const whole = certain && isCoarse(w);
  const lower = typeof from === 'string' ? parseBound(from) : from;
  const upper = typeof to === 'string' ? parseBound(to) : to;
  return (
    (lower === undefined || isFrom(w, lower, whole)) &&
    (upper === undefined || isTo(w, upper, whole))
  );
}

function isFrom(w: ResolvedWhen, bound: Bound, whole: boolean): boolean {
  if (bound.kind === 'date') {
    return whole
      ? w.earliest !== null && w.earliest >= bound.date
      : w.latest === null || w.latest >= bound.date;
  }
  const { start, end } = momentsOf(w);
  return whole ? start >= bound.ms : end > bound.ms;
}

function isTo(w: ResolvedWhen, bound: Bound, whole: boolean): boolean {
  if (bound.kind === 'date') {
    return whole
      ? w.latest !== null && w.latest <= bound.date
      : w.earliest === null || w.earliest <= bound.date;
  }
  const { start, end } = momentsOf(w);
  return whole ? end <= bound.ms : start < bound.ms;
}
