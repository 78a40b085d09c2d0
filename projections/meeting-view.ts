import {
  addDays,
  isCoarse,
  isoInstant,
  type ResolvedWhen,
  utcDay,
} from '../src/domain/date/index.ts';
import { goneAfter } from './entry.ts';
import type { Lookup } from './lookup.ts';
import { isGone, type MeetingRow } from './meeting-record.ts';
import { snapshotAfter } from './meeting-telling.ts';
import type { MeetingView } from './types.ts';
import type { VisibleMeeting } from './visible.ts';

/** The longest coarse span that a feed shows by default (ical.md, approx=span). */
const SHOWN_DAYS = 31;

/** Whether feeds show an entry on this date under the default options. */
export function isShown(when: ResolvedWhen | null): boolean {
  if (when === null || when.earliest === null || when.latest === null) return false;
  return !isCoarse(when) || when.latest < addDays(when.earliest, SHOWN_DAYS);
}

/** Whether there is something at its `.ics` address, which shows everybody what anybody may see today. */
function hasEntry({ row }: VisibleMeeting, lookup: Lookup): boolean {
  const told = lookup.asAnyone(row)?.told;
  if (told === undefined || isOver(row, lookup.reader.clockMs)) return false;
  const wasThere = [...told.statuses].some((status) => !isGone({ status }));
  return wasThere && told.dates.some(isShown);
}

/** Whether the entry that says a meeting is off the calendar has left it, too. */
function isOver(row: MeetingRow, clockMs: number): boolean {
  const lastDay = goneAfter(row);
  return lastDay !== null && lastDay < utcDay(isoInstant(clockMs));
}

/** The API's meeting. */
export function meetingView(visible: VisibleMeeting, lookup: Lookup): MeetingView {
  const { row, told } = visible;
  const { status, likelihood, embargoUntil, ...rest } = snapshotAfter(told.facts);
  const self = `/meetings/${row.id}`;
  return {
    id: row.id,
    title: rest.title,
    form: rest.form,
    status,
    likelihood,
    classification: rest.classification as MeetingView['classification'],
    embargoUntil,
    when: rest.when,
    place: rest.place,
    participants: rest.participants,
    topics: rest.topics,
    track: rest.track,
    previousDates: told.previousDates.map(({ cites, slip: _, ...ended }) => ({
      ...ended,
      announcement: lookup.sources(cites)[0]?.announcement ?? null,
    })),
    reason: told.reason,
    outcome: rest.outcome,
    mergedInto: lookup.pointer(visible),
    sources: lookup.sources(told.facts.cites),
    statedAt: told.facts.dateStatedAt,
    recordedAt: told.recordedAt,
    changedAt: told.changedAt,
    links: {
      self,
      history: `${self}/history`,
      ics: hasEntry(visible, lookup) ? `${self}.ics` : null,
    },
    ...(lookup.reader.editor ? { revision: lookup.revisionOf(visible) } : {}),
    ...(row.stale === true ? { stale: true as const } : {}),
  };
}
