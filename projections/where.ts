import { endOfUtcDayMs, instantMs, parseBound } from '../src/domain/date/index.ts';
import { publishedSpan } from './announcements.ts';
import { everMask, type TokenKind, tokenOf } from './description.ts';
import { foldText, foldWords } from './fold.ts';
import {
  type AnnouncementFilters,
  InvalidFilter,
  type MeetingFilters,
  type Past,
  type Reader,
} from './types.ts';
import type { ViewValue } from './view-database.ts';

/** Filters as SQL conditions over the tables of meetings.ts and announcements.ts. Values are always bound. */

export class Where {
  readonly conditions: string[] = [];
  readonly params: ViewValue[] = [];

  add(condition: string, ...params: ViewValue[]): this {
    this.conditions.push(condition);
    this.params.push(...params);
    return this;
  }

  /** Repeated names are OR; absent is no condition; an empty list matches nothing. */
  oneOf(column: string, values: readonly string[] | undefined): this {
    if (values === undefined) return this;
    return this.add(`${column} IN (${values.map(() => '?').join(', ')})`, ...values);
  }

  /** At least one of the values is among what the subquery lists. */
  anyOf(subquery: string, values: readonly string[] | undefined): this {
    if (values === undefined) return this;
    const marks = values.map(() => '?').join(', ');
    return this.add(`EXISTS (${subquery} WHERE value IN (${marks}))`, ...values);
  }

  get sql(): string {
    return this.conditions.length === 0 ? '1' : this.conditions.join(' AND ');
  }
}

/** What the reader's level sees by this node's clock. */
export const visibleTo = (reader: Reader, where = new Where()): Where =>
  where.add(`vis${reader.level} <= ?`, reader.clockMs);

/** Words of one `q` are AND, several `q` are OR. Quoted, so nothing in them is query syntax. */
function wordsExpression(q: readonly string[]): string {
  const groups = q.map((text) => {
    const words = foldWords(text);
    if (words.length === 0) throw new InvalidFilter('q', 'must contain at least one word');
    return `(${words.map((word) => `"${word}"`).join(' AND ')})`;
  });
  return groups.join(' OR ');
}

/** What an entry's line of the full text must have. */
class Text {
  readonly #groups: string[] = [];
  #nothing = false;

  /** One of the values, now or once. */
  tokens(kind: TokenKind, values: readonly string[] | undefined): this {
    if (values === undefined) return this;
    this.#nothing ||= values.length === 0;
    this.#groups.push(values.map((value) => `"${tokenOf(kind, value)}"`).join(' OR '));
    return this;
  }

  words(q: readonly string[] | undefined): this {
    if (q !== undefined) this.#groups.push(wordsExpression(q));
    return this;
  }

  /** As tokens, where the text is asked in any case: a column tells the same, but only row by row. */
  narrow(kind: TokenKind, values: readonly string[] | undefined): this {
    return this.#groups.length === 0 ? this : this.tokens(kind, values);
  }

  addTo(where: Where, table: string): void {
    if (this.#groups.length === 0) return;
    if (this.#nothing) where.add('0');
    else {
      const expression = this.#groups.map((group) => `(${group})`).join(' AND ');
      where.add(`n IN (SELECT rowid FROM ${table} WHERE ${table} MATCH ?)`, expression);
    }
  }
}

/** The date is known to end before the bound, or starts after it: design.md's overlap and containment. */
function addRange(where: Where, filters: MeetingFilters): void {
  const { from, to, certain } = filters;
  if (from === undefined && to === undefined) return;
  where.add('rank < 2');
  if (from !== undefined) addFrom(where, from, certain === true);
  if (to !== undefined) addTo(where, to, certain === true);
}

// A null first_day or last_day is an open end: it overlaps any bound, and certainly lies within none.
function addFrom(where: Where, from: string, certain: boolean): void {
  const bound = parseBound(from);
  if (bound.kind === 'date') {
    where.add('(last_day IS NULL OR last_day >= ?)', bound.date);
    if (certain) where.add('(throughout = 1 OR first_day >= ?)', bound.date);
  } else {
    where.add('until_ms > ?', bound.ms);
    if (certain) where.add('(throughout = 1 OR earliest >= ?)', bound.ms);
  }
}

function addTo(where: Where, to: string, certain: boolean): void {
  const bound = parseBound(to);
  if (bound.kind === 'date') {
    where.add('(first_day IS NULL OR first_day <= ?)', bound.date);
    if (certain) where.add('(throughout = 1 OR last_day <= ?)', bound.date);
  } else {
    where.add('earliest < ?', bound.ms);
    if (certain) where.add('(throughout = 1 OR until_ms <= ?)', bound.ms);
  }
}

/**
 * All but visibility and side. Without `status`, merged and withdrawn stay out. What listTests of
 * meeting-tests.ts ask is only narrowed down: the full text also has what a meeting once had.
 */
export function addMeetingFilters(where: Where, filters: MeetingFilters): Where {
  if (filters.status === undefined) where.add("status NOT IN ('merged', 'withdrawn')");
  where.oneOf('status', filters.status);
  where.oneOf('form', filters.form);
  where.oneOf('track', filters.track);
  where.oneOf('country', filters.country);
  where.oneOf('place', filters.place?.map(foldText));
  where.oneOf('precision', filters.precision);
  new Text()
    .tokens('party', filters.participant)
    .tokens('topic', filters.topic)
    .words(filters.q)
    .narrow('track', filters.track)
    .narrow('country', filters.country)
    .narrow('place', filters.place?.map(foldText))
    .addTo(where, 'meeting_text');
  addRange(where, filters);
  return where;
}

/** Further than any zone is from UTC. */
const ZONES_MS = 15 * 3_600_000;
const FAR_MS = (day: string): number => instantMs(`${day}T00:00:00Z`) - ZONES_MS;

/** A range over the rows of times.ts, which have no local days: a little wider than asked. */
function addPastRange(where: Where, { from, to }: MeetingFilters): void {
  if (from === undefined && to === undefined) return;
  where.add('rank < 2');
  if (from !== undefined) {
    const bound = parseBound(from);
    where.add('until_ms > ?', bound.kind === 'date' ? FAR_MS(bound.date) : bound.ms);
  }
  if (to !== undefined) {
    const bound = parseBound(to);
    const ms = bound.kind === 'date' ? endOfUtcDayMs(bound.date) + ZONES_MS : bound.ms;
    where.add('earliest < ?', ms);
  }
}

/** Narrows meetings of the past down: pastTests of meeting-tests.ts say which of them match. */
export function addPastMeetingFilters(where: Where, filters: MeetingFilters): Where {
  for (const kind of ['status', 'form', 'precision'] as const) {
    const values = filters[kind];
    if (values !== undefined) where.add('(ever & ?) <> 0', everMask(kind, values));
  }
  new Text()
    .tokens('party', filters.participant)
    .tokens('topic', filters.topic)
    .tokens('track', filters.track)
    .tokens('country', filters.country)
    .tokens('place', filters.place?.map(foldText))
    .words(filters.q)
    .addTo(where, 'meeting_text');
  addPastRange(where, filters);
  return where;
}

/** The rows of times.ts that hold on that day, for a level. */
export function addPast(where: Where, { level }: Reader, past: Past): Where {
  where.add('lo <= ?', level).add('hi >= ?', level);
  if (past.recordedMs !== undefined) {
    return where.add('begins <= ?', past.recordedMs).add('ends > ?', past.recordedMs);
  }
  const day = instantMs(`${past.statedDay}T00:00:00Z`);
  return where.add('said <= ?', day).add('unsaid > ?', day);
}

// By overlap, as of meetings: what is dated by its day was published at some moment of that UTC day.
function addPublished(where: Where, { from, to }: AnnouncementFilters): void {
  if (from !== undefined) where.add('published_last >= ?', publishedSpan(from)[0]);
  if (to === undefined) return;
  const [first, last] = publishedSpan(to);
  if (parseBound(to).kind === 'date') where.add('published <= ?', last);
  else where.add('published < ?', first);
}

/**
 * As addMeetingFilters, with announcementTests. `visibleMeetings`: the asked-for meetings that this caller may
 * see; a hidden one must match nothing. `past`: kind and outlet, too, are those it once had.
 */
export function addAnnouncementFilters(
  where: Where,
  filters: AnnouncementFilters,
  visibleMeetings: readonly string[] | undefined,
  past: boolean,
): Where {
  const outlets = filters.outlet?.map(foldText);
  const text = new Text()
    .tokens('meeting', visibleMeetings)
    .tokens('topic', filters.topic)
    .tokens(
      'speaker',
      filters.speaker?.flatMap((s) => [s, foldText(s)]),
    )
    .words(filters.q);
  if (past) text.tokens('kind', filters.kind).tokens('outlet', outlets);
  else where.oneOf('kind', filters.kind).oneOf('outlet', outlets);
  text.addTo(where, 'announcement_text');
  addPublished(where, filters);
  return where;
}
