import { partsOf, type YearMonthDay } from './civil.ts';
import type { Edtf, EdtfPart } from './edtf.ts';
import type { Extent } from './types.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const SEASONS = ['spring', 'summer', 'autumn', 'winter'];
const ORDINALS = ['first', 'second', 'third', 'fourth'];

const monthName = (month: number): string => MONTHS[month - 1] ?? '';
const dayAndMonth = (d: YearMonthDay): string => `${d.day} ${monthName(d.month)}`;

/** "21 March 2022" */
export function displayDay(localDate: string): string {
  const parts = partsOf(localDate);
  return `${dayAndMonth(parts)} ${parts.year}`;
}

/** English words that say exactly what is known, and never a day that is not. */
export function displayEdtf(edtf: Edtf, extent: Extent): string {
  switch (edtf.kind) {
    case 'single':
      return displayPart(edtf.part);
    case 'until':
      return `${preposition(edtf.to)} or before ${displayPart(edtf.to)}`;
    case 'since':
      return `${preposition(edtf.from)} or after ${displayPart(edtf.from)}`;
    case 'interval':
      return displayInterval(edtf.from, edtf.to, extent);
  }
}

const preposition = (part: EdtfPart): string => (part.unit === 'day' ? 'on' : 'in');

function displayPart(part: EdtfPart): string {
  const { qualifier } = part;
  const about = qualifier === '~' || qualifier === '%' ? 'about ' : '';
  const uncertain = qualifier === '?' || qualifier === '%' ? ' (uncertain)' : '';
  return `${about}${displayUnit(part)}${uncertain}`;
}

function displayUnit(part: EdtfPart): string {
  switch (part.unit) {
    case 'day':
      return displayDay(part.first);
    case 'month':
      return `${monthName(part.index)} ${part.year}`;
    case 'quarter':
      return `${ORDINALS[part.index - 1]} quarter of ${part.year}`;
    case 'season':
      return `${SEASONS[part.index - 1]} ${seasonYears(part)}`;
    case 'half':
      return `${ORDINALS[part.index - 1]} half of ${part.year}`;
    case 'year':
      return `${part.year}`;
  }
}

// A winter belongs to two years; naming one of them would leave open which winter it is.
function seasonYears(part: EdtfPart): string {
  const last = partsOf(part.last).year;
  return last === part.year ? `${part.year}` : `${part.year}–${last}`;
}

function displayInterval(from: EdtfPart, to: EdtfPart, extent: Extent): string {
  const [join, wrap] = extent === 'within' ? [' and ', 'between '] : ['–', ''];
  if (from.qualifier !== '' || to.qualifier !== '') {
    const [prefix, link] = extent === 'within' ? ['between', 'and'] : ['from', 'to'];
    return `${prefix} ${displayPart(from)} ${link} ${displayPart(to)}`;
  }
  return `${wrap}${shortened(from, to)}${join}${displayUnit(to)}`;
}

/** The first end without what it shares with the second: "21" of 21–25 March 2022. */
function shortened(from: EdtfPart, to: EdtfPart): string {
  if (from.unit !== to.unit || from.year !== to.year) return displayUnit(from);
  if (from.unit === 'month') return monthName(from.index);
  if (from.unit !== 'day') return displayUnit(from);
  const first = partsOf(from.first);
  return first.month === partsOf(to.first).month ? `${first.day}` : dayAndMonth(first);
}

/** "21 March 2022, 10:00–12:00 (Europe/Zurich)"; the wall times as promised, also one that the clock skips. */
export function displayTime(start: string, end: string | undefined, zone: string): string {
  const day = start.slice(0, 10);
  const from = `${displayDay(day)}, ${clock(start)}`;
  if (end === undefined) return `${from} (${zone})`;
  const endDay = end.slice(0, 10);
  const to = endDay === day ? clock(end) : `${displayDay(endDay)}, ${clock(end)}`;
  return `${from}–${to} (${zone})`;
}

function clock(wall: string): string {
  const seconds = wall.slice(16);
  return seconds === '' || seconds === ':00' ? wall.slice(11, 16) : wall.slice(11);
}
