import { daysInMonth, localDateString } from './civil.ts';
import { invalid, type WhenProblem } from './error.ts';

/** `?` uncertain, `~` approximate, `%` both. It never widens the span; it is shown. */
export type Qualifier = '' | '?' | '~' | '%';

export type Unit = 'day' | 'month' | 'quarter' | 'season' | 'half' | 'year';

/** One date of the EDTF subset with the first and last local date that it can be. */
export interface EdtfPart {
  readonly unit: Unit;
  readonly year: number;
  /** 1-based place in the year: month, quarter, season (spring 1) or half; 0 for days and years. */
  readonly index: number;
  readonly first: string;
  readonly last: string;
  readonly qualifier: Qualifier;
}

/** A single date, or an interval with at most one open end. */
export type Edtf =
  | { readonly kind: 'single'; readonly part: EdtfPart }
  | { readonly kind: 'interval'; readonly from: EdtfPart; readonly to: EdtfPart }
  | { readonly kind: 'until'; readonly to: EdtfPart }
  | { readonly kind: 'since'; readonly from: EdtfPart };

export const ACCEPTED =
  'Accepted are a year (2022), month (2022-08), day (2022-03-21), season 21 to 24 (2022-21 is spring 2022), ' +
  'quarter 33 to 36 (2022-33), half 40 or 41 (2022-40), an interval (2022-03-21/2022-03-25), ' +
  'an open one (../2021-11-21 or 2022-05/..), each end with at most one of ? ~ %.';

/** What who gives a time as EDTF is told. */
const TIMED =
  ' A time is given as {"start": "2022-01-17T10:00", "timezone": "Europe/Zurich"}, with "end" if it is known.';

type Span = Omit<EdtfPart, 'qualifier'>;

function dayOf(year: number, month: number, day: number): Span | undefined {
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!exists) return undefined;
  const date = localDateString(year, month, day);
  return { unit: 'day', year, index: 0, first: date, last: date };
}

/** What stands after the year: a month, or the code of a season, quarter or half. */
function partOfYear(year: number, code: number): Span | undefined {
  if (code >= 1 && code <= 12) return months('month', year, code, code, 1);
  // Northern seasons: spring is March to May, winter runs into the next year.
  if (code >= 21 && code <= 24) return months('season', year, code - 20, 3 * (code - 20), 3);
  if (code >= 33 && code <= 36) return months('quarter', year, code - 32, 3 * (code - 33) + 1, 3);
  return code === 40 || code === 41
    ? months('half', year, code - 39, 6 * (code - 40) + 1, 6)
    : undefined;
}

function months(unit: Unit, year: number, index: number, month: number, count: number): Span {
  const last = month + count - 1;
  const lastYear = last > 12 ? year + 1 : year;
  const lastMonth = last > 12 ? last - 12 : last;
  return {
    unit,
    year,
    index,
    first: localDateString(year, month, 1),
    last: localDateString(lastYear, lastMonth, daysInMonth(lastYear, lastMonth)),
  };
}

const PART = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?([?~%]?)$/;

/** Years whose every moment in every zone is written with four digits. */
export const MIN_YEAR = 1;
export const MAX_YEAR = 9998;

function parsePart(text: string): EdtfPart | undefined {
  const match = PART.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  if (year < MIN_YEAR || year > MAX_YEAR) return undefined;
  const span = spanOf(year, match[2], match[3]);
  return span && { ...span, qualifier: match[4] as Qualifier };
}

function spanOf(year: number, code: string | undefined, day: string | undefined): Span | undefined {
  if (code === undefined) return months('year', year, 0, 1, 12);
  return day === undefined
    ? partOfYear(year, Number(code))
    : dayOf(year, Number(code), Number(day));
}

const unknown = (text: string): WhenProblem =>
  invalid(
    ['edtf'],
    `${JSON.stringify(text)} is not a date that is accepted here. ${ACCEPTED}${text.includes('T') ? TIMED : ''}`,
  );

/** Reads the accepted EDTF (ISO 8601-2) subset; a problem says what is accepted. */
export function parseEdtf(text: string): Edtf | WhenProblem {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const part = parsePart(text);
    return part === undefined ? unknown(text) : { kind: 'single', part };
  }
  return parseInterval(text, text.slice(0, slash), text.slice(slash + 1));
}

function parseInterval(text: string, left: string, right: string): Edtf | WhenProblem {
  const from = left === '..' ? 'open' : parsePart(left);
  const to = right === '..' ? 'open' : parsePart(right);
  if (from === undefined || to === undefined) return unknown(text);
  if (from === 'open') return to === 'open' ? unknown(text) : { kind: 'until', to };
  if (to === 'open') return { kind: 'since', from };
  if (from.last < to.first) return { kind: 'interval', from, to };
  return {
    code: 'end-before-start',
    path: ['edtf'],
    message: `An interval must end after it starts: all of ${left} must come before ${right}. Swap the two ends, or write a single date alone.`,
  };
}
