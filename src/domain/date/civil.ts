import type { DateOrInstant } from '../../../events/values.ts';
import { InvalidDate, invalid } from './error.ts';

/**
 * Proleptic Gregorian arithmetic without zones. Local dates are `YYYY-MM-DD` strings, which sort as they
 * read; instants are epoch milliseconds (UTC).
 */
export const DAY_MS = 86_400_000;

export interface YearMonthDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01; months and days out of range are not checked. */
export function epochDay(year: number, month: number, day: number): number {
  // Years begin in March here, so that the leap day is the last of its year and needs no case of its own.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

function fromEpochDay(days: number): YearMonthDay {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

export function localDateString(year: number, month: number, day: number): string {
  const yyyy = year >= 1000 ? `${year}` : `${year}`.padStart(4, '0');
  return `${yyyy}-${two(month)}-${two(day)}`;
}

/** The parts of a `YYYY-MM-DD` string that is known to be a real date. */
export function partsOf(localDate: string): YearMonthDay {
  return {
    year: digits(localDate, 0, 4),
    month: digits(localDate, 5, 7),
    day: digits(localDate, 8, 10),
  };
}

/** The number that the digits from one place up to another make; NaN when they are not all digits. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const isDateForm = (text: string): boolean =>
  text.length === 10 && text[4] === '-' && text[7] === '-';

/** Whether the text is `YYYY-MM-DD` and a day that the calendar has. */
export function isLocalDate(text: string): boolean {
  return isDateForm(text) && exists(partsOf(text));
}

// What are not digits make NaN, which fails every one of these.
const exists = ({ year, month, day }: YearMonthDay): boolean =>
  year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);

function requireDate(localDate: string): YearMonthDay {
  if (isDateForm(localDate)) {
    const parts = partsOf(localDate);
    if (exists(parts)) return parts;
  }
  throw new InvalidDate(
    invalid([], `${JSON.stringify(localDate)} is not a date: write 2021-11-21.`),
  );
}

/** Days of that date since 1970-01-01. Throws InvalidDate. */
export function epochDayOf(localDate: string): number {
  const { year, month, day } = requireDate(localDate);
  return epochDay(year, month, day);
}

/** Epoch milliseconds of 00:00 UTC on that date. Throws InvalidDate. */
export const utcMidnightMs = (localDate: string): number => epochDayOf(localDate) * DAY_MS;

/** The last millisecond of that UTC day. Throws InvalidDate. */
export function endOfUtcDayMs(localDate: string): number {
  return utcMidnightMs(localDate) + DAY_MS - 1;
}

/** The date `days` later (or earlier, when negative). Throws InvalidDate. */
export function addDays(localDate: string, days: number): string {
  return dateOfMs(utcMidnightMs(localDate) + days * DAY_MS);
}

/** Days from `from` to `to`, negative when `to` is earlier. Throws InvalidDate. */
export function daysBetween(from: string, to: string): number {
  return (utcMidnightMs(to) - utcMidnightMs(from)) / DAY_MS;
}

/** The date of a count of milliseconds, read as UTC. */
export function dateOfMs(ms: number): string {
  const { year, month, day } = fromEpochDay(Math.floor(ms / DAY_MS));
  return localDateString(year, month, day);
}

/** The UTC day of a date (itself) or of an instant: `2021-11-21`. Throws InvalidDate. */
export function utcDay(dateOrInstant: DateOrInstant): string {
  if (dateOrInstant.length === 10) return dateOrInstant;
  instantMs(dateOrInstant);
  return dateOrInstant.slice(0, 10);
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?Z$/;

/**
 * Epoch milliseconds of an RFC 3339 instant in UTC (`2021-11-21T08:00:00.000Z`; seconds may be missing,
 * digits below the millisecond are dropped). Throws InvalidDate.
 */
export const instantMs = (iso: string): number => usualInstant(iso) ?? readInstant(iso);

/** What separates the parts of the form that events have, each at its place. */
const MARKS = [
  [4, '-'],
  [7, '-'],
  [10, 'T'],
  [13, ':'],
  [16, ':'],
] as const;

/**
 * An instant in one of the two forms that are written here, with seconds or with milliseconds: views read several
 * of every event. Undefined: it is in another form, or none.
 */
function usualInstant(iso: string): number | undefined {
  const date = { year: digits(iso, 0, 4), month: digits(iso, 5, 7), day: digits(iso, 8, 10) };
  const [hour, minute, second] = [digits(iso, 11, 13), digits(iso, 14, 16), digits(iso, 17, 19)];
  const millis = millisOf(iso);
  // NaN fails every one of these.
  const isTime = hour <= 23 && minute <= 59 && second <= 59 && millis <= 999;
  if (!isTime || !exists(date)) return undefined;
  for (const [at, mark] of MARKS) if (iso[at] !== mark) return undefined;
  const seconds = hour * 3600 + minute * 60 + second;
  return epochDay(date.year, date.month, date.day) * DAY_MS + seconds * 1000 + millis;
}

/** `…:00Z` → 0, `…:00.250Z` → 250; NaN: it ends in another way. */
function millisOf(iso: string): number {
  if (iso.length === 20) return iso[19] === 'Z' ? 0 : Number.NaN;
  const isUsual = iso.length === 24 && iso[19] === '.' && iso[23] === 'Z';
  return isUsual ? digits(iso, 20, 23) : Number.NaN;
}

function readInstant(iso: string): number {
  const [, date, hour, minute, second = '0', fraction = ''] = INSTANT.exec(iso) ?? [];
  if (date === undefined || !isLocalDate(date)) {
    throw new InvalidDate(
      invalid([], `${JSON.stringify(iso)} is not a UTC instant: write 2021-11-21T08:00:00Z.`),
    );
  }
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return utcMidnightMs(date) + seconds * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** RFC 3339 in UTC, milliseconds left out when zero: `2021-11-21T08:00:00Z`. */
export function isoInstant(ms: number): string {
  const date = dateOfMs(ms);
  const inDay = ms - Math.floor(ms / DAY_MS) * DAY_MS;
  const seconds = Math.floor(inDay / 1000);
  const millis = inDay - seconds * 1000;
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return millis === 0 ? `${date}T${time}Z` : `${date}T${time}.${`${millis}`.padStart(3, '0')}Z`;
}

/** Whether that date has begun anywhere on earth by then: the first to begin it is UTC+14. */
export function hasBegunSomewhere(localDate: string, nowMs: number): boolean {
  return utcMidnightMs(localDate) - 14 * 3_600_000 <= nowMs;
}
