import type { EntryRow } from '../../projections/entry.ts';
import { type Addresses, isHidden, renderEntry } from './entry.ts';
import { DEFAULT_OPTIONS, type EntryOptions } from './options.ts';
import { CRLF, contentLine, oneLine, textLine, uriValue } from './text.ts';
import { spaced } from './words.ts';
import { zoneBlock } from './zones.ts';

/** What stands above the entries. */
export interface CalendarHead extends Addresses {
  readonly name: string;
  readonly description?: string;
  /** The calendar's own address, for SOURCE; leave it out for a private feed. Needs publicUrl too. */
  readonly sourceUrl?: string;
}

/** How often a client should come back: RFC 7986 §5.7 and the older X-PUBLISHED-TTL. */
export const REFRESH = 'PT1H';

/** Everything of a VCALENDAR before its first VEVENT (RFC 5545 §3.4, RFC 7986 §5). Never a METHOD. */
export function openCalendar(head: CalendarHead, zones: Iterable<string>, empty: boolean): string {
  const name = oneLine(head.name);
  return [
    `BEGIN:VCALENDAR${CRLF}`,
    contentLine('VERSION', '2.0'),
    contentLine('PRODID', '-//Chancery//Chancery//EN'),
    contentLine('CALSCALE', 'GREGORIAN'),
    textLine('NAME', name),
    textLine('X-WR-CALNAME', name),
    head.description === undefined ? '' : textLine('DESCRIPTION', head.description),
    head.description === undefined ? '' : textLine('X-WR-CALDESC', head.description),
    contentLine('REFRESH-INTERVAL;VALUE=DURATION', REFRESH),
    contentLine('X-PUBLISHED-TTL', REFRESH),
    addressLines(head),
    zoneText(zones, empty),
  ].join('');
}

export const CLOSE_CALENDAR = `END:VCALENDAR${CRLF}`;

function addressLines({ publicUrl, sourceUrl }: CalendarHead): string {
  if (publicUrl === undefined) return '';
  const source =
    sourceUrl === undefined ? '' : contentLine('SOURCE;VALUE=URI', uriValue(sourceUrl));
  return source + contentLine('URL', uriValue(publicUrl));
}

/** One VTIMEZONE for each zone, sorted; an empty calendar has one too, as it needs a component (§3.6). */
function zoneText(zones: Iterable<string>, empty: boolean): string {
  const names = new Set(zones);
  if (empty) names.add('Etc/UTC');
  return [...names]
    .sort()
    .map((zone) => zoneBlock(zone)?.text ?? '')
    .join('');
}

export type SingleEntry =
  | { readonly kind: 'calendar'; readonly body: Buffer }
  /** `reason`: a sentence for the 404. */
  | { readonly kind: 'nothing'; readonly reason: string };

/** One meeting as a calendar of its own, or why there is nothing to show. */
export function renderSingle(
  row: EntryRow,
  addresses: Addresses & { readonly sourceUrl?: string } = {},
  options: EntryOptions = DEFAULT_OPTIONS,
): SingleEntry {
  const entry = renderEntry(row, options, addresses);
  if (entry === null) return { kind: 'nothing', reason: whyNothing(row, options) };
  const head = openCalendar({ ...addresses, name: row.title }, entry.zones, false);
  return { kind: 'calendar', body: Buffer.from(head + entry.text + CLOSE_CALENDAR) };
}

function whyNothing(row: EntryRow, options: EntryOptions): string {
  if (isHidden(row.status, options)) {
    return `This meeting is ${spaced(row.status)}, and this calendar leaves such meetings out.`;
  }
  const when = row.when ?? row.lastWhen;
  return when === null
    ? 'This meeting has no date yet, so there is no calendar entry.'
    : `The date of this meeting (${when.display}) is too coarse for a calendar entry.`;
}
