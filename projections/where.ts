import { parseBound } from '../src/domain/date/index.ts';
import { publishedSpan } from './announcements.ts';
import { foldText, foldWords } from './fold.ts';
import {
  type AnnouncementFilters,
  InvalidFilter,
  type MeetingFilters,
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
    return this.add(`${column} IN (${marks(values)})`, ...values);
  }

  get sql(): string {
    return this.conditions.length === 0 ? '1' : this.conditions.join(' AND ');
  }
}

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** What the reader's level sees by this node's clock. */
export const visibleTo = (reader: Reader, where = new Where()): Where =>
  where.add(`vis${reader.level} <= ?`, reader.clockMs);

/** Words of one `q` are AND, several `q` are OR. Quoted, so nothing in them is query syntax. */
export function matchExpression(q: readonly string[]): string {
  const groups = q.map((text) => {
    const words = foldWords(text);
    if (words.length === 0) throw new InvalidFilter('q', 'must contain at least one word');
    return `(${words.map((word) => `"${word}"`).join(' AND ')})`;
  });
  return groups.join(' OR ');
}

function addText(where: Where, table: string, q: readonly string[] | undefined): void {
  if (q === undefined) return;
  where.add(`n IN (SELECT rowid FROM ${table} WHERE ${table} MATCH ?)`, matchExpression(q));
}

function addTags(where: Where, kind: string, values: readonly string[] | undefined): void {
  if (values === undefined) return;
  where.add(
    `n IN (SELECT n FROM meeting_tags WHERE kind = ? AND value IN (${marks(values)}))`,
    kind,
    ...values,
  );
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

/** All but visibility and side. Without `status`, merged and withdrawn stay out. */
export function addMeetingFilters(where: Where, filters: MeetingFilters): Where {
  if (filters.status === undefined) where.add("status NOT IN ('merged', 'withdrawn')");
  where.oneOf('status', filters.status);
  where.oneOf('form', filters.form);
  where.oneOf('track', filters.track);
  where.oneOf('country', filters.country);
  where.oneOf('place', filters.place?.map(foldText));
  where.oneOf('precision', filters.precision);
  addTags(where, 'party', filters.participant);
  addTags(where, 'topic', filters.topic);
  addText(where, 'meeting_text', filters.q);
  addRange(where, filters);
  return where;
}

// By overlap, as of meetings: what is dated by its day was published at some moment of that UTC day.
function addPublished(where: Where, { from, to }: AnnouncementFilters): void {
  if (from !== undefined) where.add('published_last >= ?', publishedSpan(from)[0]);
  if (to === undefined) return;
  const [first, last] = publishedSpan(to);
  if (parseBound(to).kind === 'date') where.add('published <= ?', last);
  else where.add('published < ?', first);
}

function addAnnouncementTags(
  where: Where,
  kind: string,
  values: readonly string[] | undefined,
): void {
  if (values === undefined) return;
  where.add(
    `n IN (SELECT n FROM announcement_tags WHERE kind = ? AND value IN (${marks(values)}))`,
    kind,
    ...values,
  );
}

/** `visibleMeetings`: the asked-for meetings that this caller may see; a hidden one must match nothing. */
export function addAnnouncementFilters(
  where: Where,
  filters: AnnouncementFilters,
  visibleMeetings: readonly string[] | undefined,
): Where {
  where.oneOf('kind', filters.kind);
  where.oneOf('outlet', filters.outlet?.map(foldText));
  addAnnouncementTags(where, 'meeting', visibleMeetings);
  addAnnouncementTags(where, 'topic', filters.topic);
  addAnnouncementTags(
    where,
    'speaker',
    filters.speaker?.flatMap((s) => [s, foldText(s)]),
  );
  addText(where, 'announcement_text', filters.q);
  addPublished(where, filters);
  return where;
}
