import type { EdtfWhen, TimedWhen, When } from '../../../events/values.ts';
import { isLocalDate, isoInstant, utcMidnightMs } from './civil.ts';
import { displayEdtf, displayTime } from './display.ts';
import { type Edtf, MAX_YEAR, MIN_YEAR, parseEdtf } from './edtf.ts';
import { InvalidDate, invalid, type WhenProblem } from './error.ts';
import type { Extent, Precision, ResolvedSpan, ResolvedTime, ResolvedWhen } from './types.ts';
import { isZone, localDateOf, wallTimeMs, zoneMessage } from './zone.ts';

/**
 * What is wrong with a date, or undefined: a form of EDTF that is not accepted, a day or zone that does not
 * exist, an extent that the date cannot have, an end not after the start. `placeZone` is the zone of the
 * place, which an EDTF date without its own takes. The structure is taken as checked by the schema.
 */
export function checkWhen(when: When, placeZone?: string): WhenProblem | undefined {
  return 'edtf' in when ? checkEdtf(when, placeZone) : checkTimed(when);
}

/**
 * A date as the API shows it: zone, extent, precision, bounds, instants and words. An end whose instant is
 * no longer after the start, because the zone's rules changed since it was recorded, counts as the start.
 * Throws InvalidDate with the problem of checkWhen.
 */
export function resolveWhen(when: When, placeZone?: string): ResolvedWhen {
  return 'edtf' in when ? resolveEdtf(when, placeZone) : resolveTimed(when);
}

function checkEdtf(when: EdtfWhen, placeZone: string | undefined): WhenProblem | undefined {
  const edtf = parseEdtf(when.edtf);
  if ('code' in edtf) return edtf;
  return checkZone(when.timezone ?? placeZone) ?? checkExtent(when, edtf);
}

const checkZone = (zone: string | undefined): WhenProblem | undefined =>
  zone === undefined || isZone(zone) ? undefined : invalid(['timezone'], zoneMessage(zone));

const isDay = (edtf: Edtf): boolean => edtf.kind === 'single' && edtf.part.unit === 'day';
const isDayInterval = (edtf: Edtf): boolean =>
  edtf.kind === 'interval' && edtf.from.unit === 'day' && edtf.to.unit === 'day';

/** What the date has when nothing is said. */
const usualExtent = (edtf: Edtf): Extent =>
  isDay(edtf) || isDayInterval(edtf) ? 'throughout' : 'within';

// Only a run of days can be meant either way. Taking a contradiction silently would show another date than sent.
function checkExtent(when: EdtfWhen, edtf: Edtf): WhenProblem | undefined {
  if (when.extent === undefined || when.extent === usualExtent(edtf) || isDayInterval(edtf)) {
    return undefined;
  }
  return invalid(
    ['extent'],
    isDay(edtf)
      ? 'A single day is throughout: leave extent out, or give an interval of days.'
      : 'Only an interval of two days can be throughout (2022-03-21/2022-03-25): leave extent out, or name the first and the last day.',
  );
}

/** Dates resolved last: many meetings stand on the same few. Beyond it the memory starts afresh. */
const MAX_SPANS = 5_000;
const spans = new Map<string, ResolvedSpan>();

function resolveEdtf(when: EdtfWhen, placeZone: string | undefined): ResolvedSpan {
  const { edtf, extent = '', timezone = placeZone ?? 'UTC' } = when;
  const key = `${edtf} ${timezone} ${extent}`;
  let span = spans.get(key);
  if (span === undefined) {
    span = readEdtf(when, placeZone);
    if (spans.size >= MAX_SPANS) spans.clear();
    spans.set(key, span);
  }
  const printed = when.phrase !== undefined || when.anchor !== undefined;
  return printed ? inOrder(span, asPrinted(when)) : span;
}

function readEdtf(when: EdtfWhen, placeZone: string | undefined): ResolvedSpan {
  const edtf = parseEdtf(when.edtf);
  if ('code' in edtf) throw new InvalidDate(edtf);
  const problem = checkZone(when.timezone ?? placeZone) ?? checkExtent(when, edtf);
  if (problem !== undefined) throw new InvalidDate(problem);
  const extent = when.extent ?? usualExtent(edtf);
  return {
    edtf: when.edtf,
    timezone: when.timezone ?? placeZone ?? 'UTC',
    extent,
    precision: precisionOf(edtf, extent),
    ...boundsOf(edtf),
    display: displayEdtf(edtf, extent),
  };
}

/** What was printed stands before what follows from it. */
const inOrder = (
  { edtf, timezone, extent, ...rest }: ResolvedSpan,
  printed: ReturnType<typeof asPrinted>,
): ResolvedSpan => ({ edtf, timezone, extent, ...printed, ...rest });

function precisionOf(edtf: Edtf, extent: Extent): Exclude<Precision, 'time'> {
  if (edtf.kind === 'single') return edtf.part.unit;
  return extent === 'throughout' ? 'days' : 'interval';
}

function boundsOf(edtf: Edtf): { earliest: string | null; latest: string | null } {
  switch (edtf.kind) {
    case 'single':
      return { earliest: edtf.part.first, latest: edtf.part.last };
    case 'interval':
      return { earliest: edtf.from.first, latest: edtf.to.last };
    case 'until':
      return { earliest: null, latest: edtf.to.last };
    case 'since':
      return { earliest: edtf.from.first, latest: null };
  }
}

function asPrinted(when: When): { phrase?: string; anchor?: string } {
  return {
    ...(when.phrase === undefined ? {} : { phrase: when.phrase }),
    ...(when.anchor === undefined ? {} : { anchor: when.anchor }),
  };
}

const WALL = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;

/** A wall time as the epoch ms it would have in UTC; undefined when no clock shows it. */
function wallMs(text: string): number | undefined {
  const match = WALL.exec(text);
  const date = match?.[1];
  if (match === null || date === undefined || !isLocalDate(date)) return undefined;
  const year = Number(date.slice(0, 4));
  if (year < MIN_YEAR || year > MAX_YEAR) return undefined;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return utcMidnightMs(date) + seconds * 1000;
}

interface Walls {
  readonly start: number;
  readonly end: number | undefined;
}

function parseWalls(when: TimedWhen): Walls | WhenProblem {
  const start = wallMs(when.start);
  if (start === undefined) return notAWallTime('start', when.start);
  const end = when.end === undefined ? undefined : wallMs(when.end);
  if (when.end !== undefined && end === undefined) return notAWallTime('end', when.end);
  if (end !== undefined && end <= start) return endsTooEarly();
  return checkZone(when.timezone) ?? { start, end };
}

const notAWallTime = (field: string, text: string): WhenProblem =>
  invalid(
    [field],
    `${JSON.stringify(text)} is not a time of a real day: write the time on the wall there, 2022-03-21T10:00, without an offset. When only the date is known, write {"edtf": "2022-03-21"}.`,
  );

const endsTooEarly = (): WhenProblem => ({
  code: 'end-before-start',
  path: ['end'],
  message: 'The end must come after the start: correct one of them, or leave the end out.',
});

function checkTimed(when: TimedWhen): WhenProblem | undefined {
  const walls = parseWalls(when);
  if ('code' in walls) return walls;
  if (walls.end === undefined) return undefined;
  // The clock may go back in between, or skip the start: then the later wall time is not the later instant.
  const { timezone } = when;
  return wallTimeMs(walls.end, timezone) > wallTimeMs(walls.start, timezone)
    ? undefined
    : endsTooEarly();
}

function resolveTimed(when: TimedWhen): ResolvedTime {
  const walls = parseWalls(when);
  if ('code' in walls) throw new InvalidDate(walls);
  const { start, end, timezone } = when;
  const startsAt = wallTimeMs(walls.start, timezone);
  const endsAt =
    walls.end === undefined ? undefined : Math.max(startsAt, wallTimeMs(walls.end, timezone));
  return {
    start,
    ...(end === undefined ? {} : { end }),
    timezone,
    ...asPrinted(when),
    precision: 'time',
    earliest: localDateOf(startsAt, timezone),
    // An end is exclusive: what ends at midnight does not touch the day that begins then.
    latest: localDateOf(Math.max(startsAt, (endsAt ?? startsAt) - 1), timezone),
    startsAt: isoInstant(startsAt),
    endsAt: endsAt === undefined ? null : isoInstant(endsAt),
    display: displayTime(start, end, timezone),
  };
}
