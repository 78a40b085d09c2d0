import { Agreements } from './agreement.ts';
import type { AnnouncementRecord } from './announcement-record.ts';
import { announcementView } from './announcement-view.ts';
import { boundary } from './boundary.ts';
import { announcementHistory, listChanges, meetingHistory } from './change-queries.ts';
import { parties, places, topics, tracks } from './facets.ts';
import { Lookup, Statements } from './lookup.ts';
import type { MeetingRecord } from './meeting-record.ts';
import { meetingView, visibleAnnouncement, visibleMeeting } from './meeting-view.ts';
import { announcementKeyset, meetingKeyset, readPage } from './paging.ts';
import type {
  AnnouncementFilters,
  AnnouncementView,
  CalendarQueries,
  Found,
  ListRequest,
  MeetingFilters,
  MeetingView,
  Page,
  Reader,
  ReleaseId,
} from './types.ts';
import type { ViewDatabase, ViewRow, ViewValue } from './view-database.ts';
import { addAnnouncementFilters, addMeetingFilters, visibleTo, type Where } from './where.ts';

/**
 * The queries over one open calendar view. `releaseId` gives the id that the release of an embargoed entry
 * has, whether or not it is written yet.
 */
export function calendarQueries(db: ViewDatabase, releaseId: ReleaseId): CalendarQueries {
  const statements = new Statements(db);
  const all = (sql: string, params: readonly ViewValue[]): ViewRow[] =>
    statements.of(sql).all(...params);
  const context = { statements, releaseId };
  return {
    boundary: (reader, nowMs) => boundary(statements, reader, nowMs),
    listMeetings: (request) => listMeetings(statements, all, request),
    getMeeting: (reader, id) => getMeeting(statements, reader, id),
    meetingHistory: (reader, id, page) => meetingHistory(context, reader, id, page),
    listAnnouncements: (request) => listAnnouncements(statements, all, request),
    getAnnouncement: (reader, id) => getAnnouncement(statements, reader, id),
    announcementHistory: (reader, id, page) => announcementHistory(context, reader, id, page),
    listChanges: (request) => listChanges(context, request),
    parties: (reader) => parties(statements, reader),
    tracks: (reader) => tracks(statements, reader),
    topics: (reader) => topics(statements, reader),
    places: (reader) => places(statements, reader),
  };
}

type All = (sql: string, params: readonly ViewValue[]) => ViewRow[];

/** On which side of now: held and not-held carry past_at = -NEVER, postponed NEVER. */
function addSide(where: Where, side: 'upcoming' | 'past' | undefined, nowMs: number): Where {
  if (side === 'upcoming') {
    // The second condition follows from the first; it lets the order's index start at now.
    where.add('past_at >= ?', nowMs).add('(rank, latest) >= (0, ?)', nowMs);
  } else if (side === 'past') where.add('past_at < ?', nowMs);
  return where;
}

function listMeetings(
  statements: Statements,
  all: All,
  request: ListRequest<MeetingFilters>,
): Page<MeetingView> {
  const { reader, filters, side, nowMs, limit, cursor } = request;
  const sort = request.sort ?? (side === 'past' ? '-latest' : 'latest');
  const where = addMeetingFilters(addSide(visibleTo(reader), side, nowMs), filters);
  const keyset = meetingKeyset(sort, reader.level);
  const page = readPage({ table: 'meetings', where, keyset, limit, cursor, all });
  const lookup = new Lookup(statements, reader);
  const items = page.items.flatMap((row) => {
    const record = JSON.parse(row.record as string) as MeetingRecord;
    const visible = visibleMeeting(record, reader);
    if (visible === undefined) return [];
    return [meetingView(visible, reader, lookup)];
  });
  return { items, next: page.next };
}

function getMeeting(statements: Statements, reader: Reader, id: string): Found<MeetingView> {
  const lookup = new Lookup(statements, reader);
  const visible = lookup.meeting(id);
  if (visible === undefined) return { kind: 'none' };
  const { state } = visible.record;
  const value = meetingView(visible, reader, lookup);
  if (state.status === 'merged' || state.status === 'withdrawn') {
    return { kind: 'gone', status: state.status, into: value.mergedInto, value };
  }
  return { kind: 'found', value };
}

function listAnnouncements(
  statements: Statements,
  all: All,
  request: ListRequest<AnnouncementFilters>,
): Page<AnnouncementView> {
  const { reader, filters, limit, cursor } = request;
  const lookup = new Lookup(statements, reader);
  const meetings = filters.meeting?.filter((id) => lookup.meeting(id) !== undefined);
  const where = addAnnouncementFilters(visibleTo(reader), filters, meetings);
  const keyset = announcementKeyset(request.sort ?? '-latest', reader.level);
  const page = readPage({ table: 'announcements', where, keyset, limit, cursor, all });
  const agreements = new Agreements(statements, lookup, reader);
  const items = page.items.flatMap((row) => {
    const record = JSON.parse(row.record as string) as AnnouncementRecord;
    return announcementView(record, reader, lookup, agreements) ?? [];
  });
  return { items, next: page.next };
}

function getAnnouncement(
  statements: Statements,
  reader: Reader,
  id: string,
): AnnouncementView | undefined {
  const lookup = new Lookup(statements, reader);
  const record = lookup.announcement(id);
  if (record === undefined || visibleAnnouncement(record, reader) === undefined) return undefined;
  return announcementView(record, reader, lookup, new Agreements(statements, lookup, reader));
}
