import type { EntryRow } from '../../projections/entry.ts';
import type { Edition } from '../../projections/feeds.ts';
import { instantMs, isCoarse, latestMs, type ResolvedWhen } from '../domain/date/index.ts';
import type { EntryOptions } from './options.ts';
import { type Standing, standingOf } from './standing.ts';
import { CRLF, contentLine, escapeText, oneLine, textLine, uriValue } from './text.ts';
import { timeLines, utcStamp } from './times.ts';
import { descriptionWords, placeWords, titleWords } from './words.ts';

export interface RenderedEntry {
  /** One VEVENT, CRLF after each line, also the last. */
  readonly text: string;
  readonly identity: Identity;
  /** The TZIDs that it names, each of which needs its VTIMEZONE. */
  readonly zones: readonly string[];
  /** It says that it does not take place: by STATUS, or by its title where the options want that. */
  readonly cancelled: boolean;
  /** The date that filters and the window test: `first` and `last` are local dates, `endMs` the last epoch ms. */
  readonly standsOn: {
    readonly first: string;
    readonly last: string;
    readonly endMs: number;
    readonly when: ResolvedWhen;
  };
}

/** What says which entry it is, and of when. */
export interface Identity extends Pick<EntryRow, 'uid' | 'sequence' | 'stamp' | 'created'> {
  /** Octets from the first of the entry to behind its lines: what comes after them says nothing of it. */
  readonly end: number;
}

export interface Addresses {
  /** Where this service is reached, without a slash at the end; absent: entries carry no address of it. */
  readonly publicUrl?: string;
}

/** A meeting as VEVENT (RFC 5545 §3.6.1); null when these options leave it out or it has no day to stand on. */
export function renderEntry(
  row: EntryRow,
  options: EntryOptions,
  addresses: Addresses = {},
): RenderedEntry | null {
  if (isHidden(row.status, options)) return null;
  const standing = standingOf(row, options);
  if (standing === null) return null;
  const { when } = standing;
  const times = timeLines(when, options);
  const { uid, sequence, stamp, created } = row;
  const said = { uid, sequence, stamp, created };
  const begin = beginning(said);
  const text = [
    begin,
    times.text,
    textLine('SUMMARY', titleWords(row, standing)),
    contentLine('STATUS', statusOf(row, options, standing)),
    // A claim about others' meetings never makes the reader busy.
    contentLine('TRANSP', 'TRANSPARENT'),
    contentLine('X-MICROSOFT-CDO-BUSYSTATUS', 'FREE'),
    contentLine(
      'CATEGORIES',
      [...row.topics, row.form].map((c) => escapeText(oneLine(c))).join(','),
    ),
    placeLines(row),
    addressLine(row, addresses),
    textLine('DESCRIPTION', descriptionWords(row, standing, survivorOf(row, addresses))),
    `END:VEVENT${CRLF}`,
  ].join('');
  const first = when.earliest ?? '';
  const last = when.latest ?? first;
  return {
    text,
    identity: { ...said, end: Buffer.byteLength(begin) },
    zones: times.zones,
    cancelled: isOff(row.status) || row.status === 'postponed' || standing.dateOpen,
    standsOn: { first, last, endMs: latestMs(when) ?? Number.POSITIVE_INFINITY, when },
  };
}

/**
 * The edition of all entries: whoever makes them look different counts one up, and says when. Programs replace an entry
 * that they have only where SEQUENCE (RFC 5545 §3.8.7.4), LAST-MODIFIED or DTSTAMP is another.
 */
export const RENDERING: Edition = { count: 0, at: '1970-01-01T00:00:00Z' };

/** An entry up to its CREATED. `edition`: of the address that shows it, beside that of all entries. */
export function beginning(row: Omit<Identity, 'end'>, edition?: Edition): string {
  const editions = edition === undefined ? [RENDERING] : [RENDERING, edition];
  const sequence = editions.reduce((sum, { count }) => sum + count, row.sequence);
  const stamps = [row.stamp, ...editions.map(({ at }) => at)];
  const stamp = utcStamp(stamps.reduce((a, b) => (instantMs(b) > instantMs(a) ? b : a)));
  return (
    `BEGIN:VEVENT${CRLF}` +
    textLine('UID', oneLine(row.uid)) +
    contentLine('SEQUENCE', String(sequence)) +
    contentLine('DTSTAMP', stamp) +
    contentLine('LAST-MODIFIED', stamp) +
    contentLine('CREATED', utcStamp(row.created))
  );
}

const isOff = (status: EntryRow['status']): boolean =>
  status === 'cancelled' || status === 'not-held' || status === 'withdrawn' || status === 'merged';

/** Left out for its status, whatever its date. */
export const isHidden = (status: EntryRow['status'], options: EntryOptions): boolean =>
  options.cancelled === 'hide' && isOff(status);

/** STATUS (RFC 5545 §3.8.1.11). Postponed, and open again, go by the `postponed` option. */
function statusOf(row: EntryRow, options: EntryOptions, standing: Standing): string {
  if (isOff(row.status)) return options.cancelled === 'label' ? 'CONFIRMED' : 'CANCELLED';
  if (row.status === 'postponed' || standing.dateOpen) {
    return options.postponed === 'tentative' ? 'TENTATIVE' : 'CANCELLED';
  }
  if (row.status === 'held') return 'CONFIRMED';
  return row.status === 'confirmed' && !isCoarse(standing.when) ? 'CONFIRMED' : 'TENTATIVE';
}

function placeLines(row: EntryRow): string {
  const words = placeWords(row.place);
  const geo = row.place?.geo;
  const location = words === null || words === '' ? '' : textLine('LOCATION', words);
  return geo === undefined
    ? location
    : `${location}${contentLine('GEO', `${degrees(geo.lat)};${degrees(geo.lon)}`)}`;
}

/** Six decimals at most, no exponent, no minus zero (RFC 5545 §3.8.1.6). */
const degrees = (value: number): string =>
  value
    .toFixed(6)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0');

/** A merged one leads to the survivor, its own address being gone. */
function addressLine(row: EntryRow, addresses: Addresses): string {
  const base = baseOf(addresses);
  return base === null
    ? ''
    : contentLine('URL', uriValue(`${base}/meetings/${row.mergedInto ?? row.id}`));
}

function survivorOf(row: EntryRow, addresses: Addresses): string | null {
  if (row.mergedInto === null) return null;
  const base = baseOf(addresses);
  return base === null ? row.mergedInto : `${base}/meetings/${row.mergedInto}`;
}

const baseOf = ({ publicUrl }: Addresses): string | null =>
  publicUrl === undefined ? null : publicUrl.replace(/\/+$/, '');
