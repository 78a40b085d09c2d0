import { tzlib_get_ical_block, tzlib_get_timezones } from 'timezones-ical-library';
import { DAY_MS, instantMs, isoInstant } from '../domain/date/index.ts';
import { CRLF } from './text.ts';

/**
 * VTIMEZONE blocks. The library knows each zone's current rules only, as observances that repeat yearly from
 * 1970, so a block is trusted for one wall time at a time: where a reader of the block would find exactly
 * the instant that the zone database gives. Elsewhere the entry is written in UTC.
 */
export interface ZoneBlock {
  readonly tzid: string;
  /** With CRLF after each line. */
  readonly text: string;
  readonly observances: readonly Observance[];
}

interface Observance {
  readonly fromMs: number;
  readonly toMs: number;
  readonly month: number;
  /** Null: from 1970 on, for good. */
  readonly rule: { readonly nth: number; readonly weekday: number } | null;
  readonly timeMs: number;
}

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
/** Blocks begin in 1970; a year later every observance has had its first onset. */
const FIRST_MS = 365 * DAY_MS;

let known: ReadonlySet<string> | undefined;
// Bounded by the library's list, about 600 names.
const blocks = new Map<string, ZoneBlock | null>();

/** The block of an IANA zone (under the name that zone goes by now); null when the library has none that we can read. */
export function zoneBlock(zone: string): ZoneBlock | null {
  const kept = blocks.get(zone);
  if (kept !== undefined) return kept;
  known ??= new Set(tzlib_get_timezones() as string[]);
  if (!known.has(zone)) return null;
  const block = readBlock(tzlib_get_ical_block(zone)[0] ?? '');
  blocks.set(zone, block);
  return block;
}

function readBlock(source: string): ZoneBlock | null {
  // Without LAST-MODIFIED, the bytes change when the zone's rules do and not with every release of the library.
  const lines = source.split(/\r?\n/).filter((line) => line !== '' && !isVolatile(line));
  const tzid = lineValue(lines, 'TZID');
  if (tzid === undefined) return null;
  const observances: Observance[] = [];
  for (const part of source.split(/BEGIN:(?:STANDARD|DAYLIGHT)/).slice(1)) {
    const observance = readObservance(part.split(/\r?\n/));
    if (observance === null) return null;
    observances.push(observance);
  }
  if (observances.length === 0) return null;
  const text = begunByRule(lines, observances).map((line) => line + CRLF);
  return { tzid, text: text.join(''), observances };
}

/**
 * Observances that recur begin on the first day their rule gives: the library has some that do not, and then it is
 * not said what follows (RFC 5545 §3.8.5.3).
 */
function begunByRule(lines: readonly string[], observances: readonly Observance[]): string[] {
  let at = -1;
  return lines.map((line) => {
    if (/^BEGIN:(?:STANDARD|DAYLIGHT)$/.test(line)) at += 1;
    const observance = observances[at];
    const [, year, rest] = /^DTSTART:(\d{4})\d{4}(T\d{6})$/.exec(line) ?? [];
    if (year === undefined || (observance?.rule ?? null) === null) return line;
    const { fromMs } = observance as Observance;
    const day = isoInstant(onsetMs(observance as Observance, Number(year)) + fromMs).slice(0, 10);
    return `DTSTART:${day.replaceAll('-', '')}${rest}`;
  });
}

const isVolatile = (line: string): boolean => /^(LAST-MODIFIED|X-LIC-LOCATION)[:;]/.test(line);

const lineValue = (lines: readonly string[], name: string): string | undefined =>
  lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);

function readObservance(lines: readonly string[]): Observance | null {
  const fromMs = offsetOf(lineValue(lines, 'TZOFFSETFROM'));
  const toMs = offsetOf(lineValue(lines, 'TZOFFSETTO'));
  const start = /^\d{4}(\d\d)\d\dT(\d\d)(\d\d)(\d\d)$/.exec(lineValue(lines, 'DTSTART') ?? '');
  if (fromMs === null || toMs === null || start === null) return null;
  const [month = 1, hours = 0, minutes = 0, seconds = 0] = start.slice(1).map(Number);
  const timeMs = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  const text = lineValue(lines, 'RRULE');
  if (text === undefined) return { fromMs, toMs, month, rule: null, timeMs };
  const rule = readRule(text, month);
  return rule === null ? null : { fromMs, toMs, month, rule, timeMs };
}

function offsetOf(text: string | undefined): number | null {
  const match = /^([+-])(\d\d)(\d\d)(\d\d)?$/.exec(text ?? '');
  if (match === null) return null;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((part) => Number(part ?? 0));
  return (match[1] === '-' ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function readRule(text: string, month: number): Observance['rule'] {
  const match = /^FREQ=YEARLY;BYMONTH=(\d+);BYDAY=(-1|[1-4])(\w\w)$/.exec(text);
  if (match === null || Number(match[1]) !== month) return null;
  const weekday = WEEKDAYS.indexOf(match[3] ?? '');
  return weekday < 0 ? null : { nth: Number(match[2]), weekday };
}

/** The instant at which an observance begins in a year. */
function onsetMs(observance: Observance, year: number): number {
  const { rule, month, timeMs, fromMs } = observance;
  if (rule === null) return timeMs - fromMs;
  const from = rule.nth > 0 ? Date.UTC(year, month - 1, 1) : Date.UTC(year, month, 1) - 7 * DAY_MS;
  const ahead = (rule.weekday - new Date(from).getUTCDay() + 7) % 7;
  const weeks = rule.nth > 0 ? rule.nth - 1 : 0;
  return from + (ahead + weeks * 7) * DAY_MS + timeMs - fromMs;
}

/** Offset in milliseconds, east positive, that a reader of the block finds at an instant. */
export function blockOffsetMs(block: ZoneBlock, ms: number): number {
  const year = new Date(ms).getUTCFullYear();
  let latest = Number.NEGATIVE_INFINITY;
  let offset = block.observances[0]?.fromMs ?? 0;
  for (const observance of block.observances) {
    for (const candidate of [year - 1, year, year + 1]) {
      const onset = onsetMs(observance, candidate);
      if (onset <= ms && onset > latest) {
        latest = onset;
        offset = observance.toMs;
      }
    }
  }
  return offset;
}

/** Whether every reader of the block finds this instant in this wall time (`2022-03-21T10:00`): also none other. */
export function agrees(block: ZoneBlock, wall: string, instant: string): boolean {
  const ms = instantMs(instant);
  if (ms < FIRST_MS) return false;
  const wallMs = instantMs(`${wall}Z`);
  const offsets = new Set(block.observances.flatMap((o) => [o.fromMs, o.toMs]));
  const readings = [...offsets].filter(
    (offset) => blockOffsetMs(block, wallMs - offset) === offset,
  );
  return readings.length === 1 && wallMs - (readings[0] ?? 0) === ms;
}
