import {
  addDays,
  instantMs,
  isRepeated,
  type ResolvedTime,
  type ResolvedWhen,
} from '../domain/date/index.ts';
import type { EntryOptions } from './options.ts';
import { allDayOf } from './standing.ts';
import { contentLine } from './text.ts';
import { agrees, type ZoneBlock, zoneBlock } from './zones.ts';

/** DTSTART and DTEND, and the TZIDs they name. */
export interface TimeLines {
  readonly text: string;
  readonly zones: readonly string[];
}

const digits = (dateOrTime: string): string => dateOrTime.replace(/[-:]/g, '');

/** An instant as DATE-TIME in UTC (RFC 5545 §3.3.5 form 2), to the second. */
export const utcStamp = (instant: string): string =>
  `${digits(instant.replace(/(\.\d+)?Z$/, '')).padEnd(15, '0')}Z`;

/** A wall time as DATE-TIME in a zone (form 3). */
const wallStamp = (wall: string): string => digits(wall).padEnd(15, '0');

export function timeLines(when: ResolvedWhen, options: EntryOptions): TimeLines {
  if (when.precision === 'time') return timed(when);
  const { first, last } = allDayOf(when, options);
  return {
    text:
      contentLine('DTSTART;VALUE=DATE', digits(first)) +
      contentLine('DTEND;VALUE=DATE', digits(addDays(last, 1))),
    zones: [],
  };
}

function timed(when: ResolvedTime): TimeLines {
  const end = endOf(when);
  const block = zoneBlock(when.timezone);
  const zoned =
    block !== null &&
    block.tzid !== 'Etc/UTC' &&
    isPlain(block, when.timezone, when.start, when.startsAt) &&
    (end === null || isPlain(block, when.timezone, end.wall, end.instant));
  if (!zoned) {
    const stop = end === null ? '' : contentLine('DTEND', utcStamp(end.instant));
    return { text: contentLine('DTSTART', utcStamp(when.startsAt)) + stop, zones: [] };
  }
  const zone = `;TZID=${block.tzid}`;
  const stop = end === null ? '' : contentLine(`DTEND${zone}`, wallStamp(end.wall));
  return { text: contentLine(`DTSTART${zone}`, wallStamp(when.start)) + stop, zones: [block.tzid] };
}

/** Programs go by the block, or by what they know of the zone themselves: whether both read the time in one way. */
const isPlain = (block: ZoneBlock, zone: string, wall: string, instant: string): boolean =>
  agrees(block, wall, instant) && !isRepeated(instantMs(`${wall}Z`), zone);

// An end that a change of the zone's rules has pushed onto the start is no end (RFC 5545 §3.8.2.2: later than).
function endOf(when: ResolvedTime): { wall: string; instant: string } | null {
  if (when.end === undefined || when.endsAt === null || when.endsAt === when.startsAt) return null;
  return { wall: when.end, instant: when.endsAt };
}
