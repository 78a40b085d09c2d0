import type { EntryRow } from '../../projections/entry.ts';
import { addDays, isCoarse, type ResolvedWhen } from '../domain/date/index.ts';
import { type EntryOptions, MAX_SPAN_DAYS } from './options.ts';

/** The date an entry stands on. */
export interface Standing {
  readonly when: ResolvedWhen;
  /** It was shown on that date, which is no longer the meeting's. */
  readonly dateOpen: boolean;
}

/** Where the entry stands under these options; null when it was never shown. */
export function standingOf(row: EntryRow, options: EntryOptions): Standing | null {
  const present = row.when ?? row.lastWhen;
  if (present !== null && isShown(present, options)) return { when: present, dateOpen: false };
  const last = row.dates.findLast((when) => isShown(when, options));
  return last === undefined ? null : { when: last, dateOpen: true };
}

/** Whether a date has a place in a calendar: closed, and fine enough for the `approx` option. */
function isShown(when: ResolvedWhen, options: EntryOptions): boolean {
  const { earliest, latest } = when;
  if (earliest === null || latest === null) return false;
  if (!isCoarse(when) || options.approx === 'marker') return true;
  return options.approx === 'span' && latest < addDays(earliest, MAX_SPAN_DAYS);
}

/** First and last day of an all-day entry, inclusive. */
export function allDayOf(
  when: ResolvedWhen,
  options: EntryOptions,
): { readonly first: string; readonly last: string } {
  const first = when.earliest ?? '';
  const last = when.latest ?? first;
  return isCoarse(when) && options.approx === 'marker' ? { first, last: first } : { first, last };
}
