import { Agreements } from './agreement.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import { announcementTests } from './announcement-tests.ts';
import { announcementView } from './announcement-view.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import type { MeetingRow } from './meeting-record.ts';
import { snapshotAfter } from './meeting-telling.ts';
import { listTests, pastTests } from './meeting-tests.ts';
import { meetingView } from './meeting-view.ts';
import { announcementKeyset, meetingKeyset, readPage } from './paging.ts';
import { isPresent } from './past.ts';
import type {
  AnnouncementFilters,
  AnnouncementView,
  ListRequest,
  MeetingFilters,
  MeetingView,
  Page,
} from './types.ts';
import {
  addAnnouncementFilters,
  addMeetingFilters,
  addPast,
  addPastMeetingFilters,
  visibleTo,
  type Where,
} from './where.ts';

/** Lists of the present are read from the rows of entries, lists of the past from those of their times. */

const LEVELS = ['vis0', 'vis1', 'vis2', 'rec0', 'rec1', 'rec2'];
const past = (times: string, entries: string, columns: readonly string[]): string =>
  `(SELECT t.*, ${[...LEVELS, ...columns, 'record'].map((column) => `e.${column}`).join(', ')}
    FROM ${times} t JOIN ${entries} e ON e.n = t.n)`;

const PAST_MEETINGS = past('meeting_times', 'meetings', ['ever']);
const PAST_ANNOUNCEMENTS = past('announcement_times', 'announcements', []);

/** On which side of now: held and not-held carry past_at = -NEVER, postponed NEVER. */
function addSide(where: Where, side: 'upcoming' | 'past' | undefined, nowMs: number): Where {
  if (side === 'upcoming') {
    // The second condition follows from the first; it lets the order's index start at now.
    where.add('past_at >= ?', nowMs).add('(rank, latest) >= (0, ?)', nowMs);
  } else if (side === 'past') where.add('past_at < ?', nowMs);
  return where;
}

export function listMeetings(
  context: QueryContext,
  request: ListRequest<MeetingFilters>,
): Page<MeetingView> {
  const { reader, filters, side, nowMs, limit, cursor, past: then = {} } = request;
  const now = isPresent(then);
  const where = addSide(visibleTo(reader), side, nowMs);
  if (now) addMeetingFilters(where, filters);
  else addPastMeetingFilters(addPast(where, reader, then), filters);
  const tests = now ? listTests(filters) : pastTests(filters);
  const lookup = new Lookup(context, reader, then);
  const sort = request.sort ?? (side === 'past' ? '-latest' : 'latest');
  return readPage({
    statements: context.statements,
    from: now ? 'meetings' : PAST_MEETINGS,
    where,
    keyset: meetingKeyset(sort, reader.level),
    ...{ limit, cursor },
    accept: ({ record }) => {
      const visible = lookup.seen(JSON.parse(record as string) as MeetingRow);
      if (visible === undefined) return undefined;
      const snapshot = snapshotAfter(visible.told.facts);
      return tests.every((test) => test(snapshot)) ? meetingView(visible, lookup) : undefined;
    },
  });
}

export function listAnnouncements(
  context: QueryContext,
  request: ListRequest<AnnouncementFilters>,
): Page<AnnouncementView> {
  const { reader, filters, limit, cursor, past: then = {} } = request;
  const now = isPresent(then);
  const lookup = new Lookup(context, reader, then);
  const meetings = filters.meeting?.filter((id) => lookup.meeting(id) !== undefined);
  const where = visibleTo(reader);
  if (!now) addPast(where, reader, then);
  addAnnouncementFilters(where, filters, meetings, !now);
  const tests = announcementTests(filters, meetings, !now);
  const agreements = new Agreements(context, lookup);
  return readPage({
    statements: context.statements,
    from: now ? 'announcements' : PAST_ANNOUNCEMENTS,
    where,
    keyset: announcementKeyset(request.sort ?? '-latest', reader.level),
    ...{ limit, cursor },
    accept: ({ record }) => {
      const visible = lookup.seenAnnouncement(JSON.parse(record as string) as AnnouncementRow);
      if (visible === undefined) return undefined;
      const { facts } = visible.told.facts.state;
      return tests.every((test) => test(facts))
        ? announcementView(visible, lookup, agreements)
        : undefined;
    },
  });
}
