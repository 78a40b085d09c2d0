import { Agreements } from './agreement.ts';
import { announcementView } from './announcement-view.ts';
import { boundary } from './boundary.ts';
import { isToCome, listChanges, newestChanges } from './change-queries.ts';
import { parties, places, topics, tracks } from './facets.ts';
import { announcementHistory, meetingHistory } from './history-queries.ts';
import { listAnnouncements, listMeetings } from './list-queries.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import { meetingView } from './meeting-view.ts';
import { meetingSlips, trackSlips } from './slips.ts';
import { Statements } from './statements.ts';
import { Tellings } from './tellings.ts';
import type {
  AnnouncementView,
  CalendarQueries,
  Found,
  MeetingView,
  Past,
  Reader,
  ReleaseId,
} from './types.ts';
import type { ViewDatabase } from './view-database.ts';
import { visibleTo } from './where.ts';

/**
 * The queries over one open calendar view. `releaseId` gives the id that the release of an embargoed entry
 * has, whether or not it is written yet; `skippedSeq` the place of an event that the view passed over.
 */
export function calendarQueries(
  db: ViewDatabase,
  releaseId: ReleaseId,
  skippedSeq: QueryContext['skippedSeq'] = () => undefined,
): CalendarQueries {
  const statements = new Statements(db);
  const tellings = new Tellings(statements);
  const context: QueryContext = { statements, releaseId, tellings, skippedSeq };
  return {
    boundary: (reader, nowMs) => boundary(statements, reader, nowMs),
    listMeetings: (request) => listMeetings(context, request),
    getMeeting: (reader, id, past = {}) => getMeeting(context, reader, id, past),
    meetingHistory: (reader, id, page, past = {}) =>
      meetingHistory(context, reader, id, page, past),
    listAnnouncements: (request) => listAnnouncements(context, request),
    getAnnouncement: (reader, id, past = {}) => getAnnouncement(context, reader, id, past),
    visibleAmong: (reader, kind, ids) => visibleAmong(statements, reader, kind, ids),
    announcementHistory: (reader, id, page, past = {}) =>
      announcementHistory(context, reader, id, page, past),
    listChanges: (request) => listChanges(context, request),
    isToCome: (reader, event) => isToCome(context, reader, event),
    newestChanges: (request) => newestChanges(context, request),
    meetingSlips: (request) => meetingSlips(context, request),
    trackSlips: (request) => trackSlips(context, request),
    parties: (reader) => parties(statements, reader),
    tracks: (reader) => tracks(statements, reader),
    topics: (reader) => topics(statements, reader),
    places: (reader) => places(statements, reader),
  };
}

function getMeeting(
  context: QueryContext,
  reader: Reader,
  id: string,
  past: Past,
): Found<MeetingView> {
  const lookup = new Lookup(context, reader, past);
  const visible = lookup.meeting(id);
  if (visible === undefined) return { kind: 'none' };
  const { status } = visible.told.facts.state;
  const value = meetingView(visible, lookup);
  if (status === 'merged' || status === 'withdrawn') {
    return { kind: 'gone', status, into: value.mergedInto, value };
  }
  return { kind: 'found', value };
}

function getAnnouncement(
  context: QueryContext,
  reader: Reader,
  id: string,
  past: Past,
): AnnouncementView | undefined {
  const lookup = new Lookup(context, reader, past);
  const visible = lookup.announcement(id);
  return visible && announcementView(visible, lookup, new Agreements(context, lookup));
}

function visibleAmong(
  statements: Statements,
  reader: Reader,
  kind: 'meeting' | 'announcement',
  ids: readonly string[],
): ReadonlySet<string> {
  if (ids.length === 0) return new Set();
  const { sql, params } = visibleTo(reader);
  // The ids first, each found by its index: the planner would rather walk all that the reader sees.
  const rows = statements
    .of(`SELECT e.id FROM json_each(?) j CROSS JOIN ${kind}s e ON e.id = j.value WHERE ${sql}`)
    .all(JSON.stringify(ids), ...params);
  return new Set(rows.map(({ id }) => id as string));
}
