import type { EntryRow } from '../../projections/entry.ts';
import { isCoarse, type ResolvedWhen } from '../domain/date/index.ts';
import type { Standing } from './standing.ts';
import { oneLine } from './text.ts';

/** The English of an entry: its title and its description. */

type Participant = EntryRow['participants'][number];

const STATUS_PREFIX: Partial<Record<EntryRow['status'], string>> = {
  cancelled: '[CANCELLED]',
  'not-held': '[NOT HELD]',
  withdrawn: '[WITHDRAWN]',
  merged: '[MERGED]',
  postponed: '[POSTPONED]',
};

/** The title behind its one prefix, the strongest: some clients show a cancelled entry unmarked. */
export function titleWords(row: EntryRow, standing: Standing): string {
  const prefix = prefixOf(row, standing);
  const title = oneLine(row.title);
  return prefix === null ? title : `${prefix} ${title}`;
}

function prefixOf(row: EntryRow, { when, dateOpen }: Standing): string | null {
  const byStatus = STATUS_PREFIX[row.status];
  if (byStatus !== undefined) return byStatus;
  if (dateOpen) return '[DATE OPEN]';
  if (isCoarse(when)) {
    return row.status === 'held' ? `[${when.display}]` : `[${when.display}, date TBC]`;
  }
  return isUncertain(when) ? '[date uncertain]' : null;
}

const isUncertain = (when: ResolvedWhen): boolean =>
  when.precision !== 'time' && /[?~%]/.test(when.edtf);

/** "Palais des Nations, Geneva, CH" */
export function placeWords(place: EntryRow['place']): string | null {
  if (place === null) return null;
  const online = place.online === true ? 'online' : place.online;
  const parts = [place.venue, place.name, place.country, online].filter((p) => p !== undefined);
  return oneLine(parts.join(', '));
}

/** What the calendar's own fields cannot say, one fact a line. */
export function descriptionWords(
  row: EntryRow,
  standing: Standing,
  survivor: string | null,
): string {
  return [
    `Date: ${dateWords(row, standing)}`,
    `Status: ${[row.status, row.likelihood]
      .filter((word) => word !== null)
      .map(spaced)
      .join(', ')}`,
    ...(row.reason === null ? [] : [`Reason: ${row.reason}`]),
    ...(survivor === null ? [] : [`Merged into: ${survivor}`]),
    ...listed('Previous dates', row.previousDates.map(previousWords)),
    ...listed('Participants', row.participants.map(participantWords)),
    ...(row.outcome === null ? [] : [`Outcome: ${row.outcome}`]),
    ...listed(
      'Latest changes',
      row.recent.map((c) => `${c.statedAt.slice(0, 10)}: ${c.sentence}`),
    ),
    ...listed('Sources', row.sources.map(sourceWords)),
  ].join('\n');
}

/** `not-held` as words: "not held". */
export const spaced = (word: string): string => word.replaceAll('-', ' ');

function listed(heading: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${heading}:`, ...items.map((item) => `- ${item}`)];
}

function dateWords(row: EntryRow, { when, dateOpen }: Standing): string {
  if (dateOpen || row.when === null) {
    const now = row.when === null ? 'open' : `${row.when.display}, the day is open`;
    return `${now} (last date: ${when.display})`;
  }
  const printed = when.phrase === undefined ? '' : `, as printed: “${when.phrase}”`;
  if (!isCoarse(when)) return `${when.display}${printed}`;
  const known = row.status === 'held' ? 'the day is not known' : 'date to be confirmed';
  return `${when.display}, ${known}${printed}`;
}

function previousWords(previous: EntryRow['previousDates'][number]): string {
  const reason = previous.reason === null ? '' : `: ${oneLine(previous.reason)}`;
  return `${previous.when.display} (until ${previous.until.slice(0, 10)})${reason}`;
}

function participantWords(participant: Participant): string {
  const office = participant.as === undefined ? '' : `, ${participant.as}`;
  const country = participant.country === undefined ? '' : ` [${participant.country}]`;
  const presence = participant.presence === 'unknown' ? '' : `, ${participant.presence}`;
  return `${participant.name}${country}${office} (${participant.role}${presence})`;
}

function sourceWords(source: EntryRow['sources'][number]): string {
  const address = source.url === null ? '' : `: ${source.url}`;
  const retracted = source.retracted === true ? ' (retracted)' : '';
  return `${source.outlet}, ${source.publishedAt.slice(0, 10)}${retracted}${address}`;
}
