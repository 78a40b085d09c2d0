import type { AnnouncementRecord } from './announcement-record.ts';
import { releasedAnnouncement } from './announcement-record.ts';
import { changeMatches } from './change-filter.ts';
import { changeView } from './change-view.ts';
import { CHANGES_PER_EVENT, type EntityKind } from './changes.ts';
import { Lookup, type Statements } from './lookup.ts';
import { releasedChange } from './meeting-record.ts';
import { type VisibleMeeting, visibleAnnouncement } from './meeting-view.ts';
import { snapshotOf } from './snapshot.ts';
import {
  type CalendarQueries,
  type ChangeView,
  type Page,
  type Reader,
  type ReleaseId,
  UnknownCursor,
} from './types.ts';
import type { ViewRow, ViewValue } from './view-database.ts';

export interface ChangeContext {
  readonly statements: Statements;
  readonly releaseId: ReleaseId;
}

type HistoryPage = { readonly limit: number; readonly cursor?: string };

function historyRows(
  { statements }: ChangeContext,
  reader: Reader,
  kind: EntityKind,
  entity: string,
  { limit, cursor }: HistoryPage,
): Page<ViewRow> {
  const after = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(after)) throw new UnknownCursor('this cursor is not of this history');
  const rows = statements
    .of(
      `SELECT * FROM changes WHERE entity = ? AND kind = ? AND n > ? AND lo <= ? AND hi >= ?
       AND body IS NOT NULL ORDER BY n LIMIT ?`,
    )
    .all(entity, kind, after, reader.level, reader.level, limit + 1);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit), next: last === undefined ? null : String(last.n) };
}

const onlyRelease = (
  context: ChangeContext,
  kind: EntityKind,
  id: string,
  release: { readonly at: string; readonly embargoUntil: string },
  content: ReturnType<typeof releasedChange> | ReturnType<typeof releasedAnnouncement>,
  lookup: Lookup,
): Page<ChangeView> => {
  const { cites, ...rest } = content;
  const item: ChangeView = {
    cursor: context.releaseId(`${kind}-${id}`, release.embargoUntil),
    [kind]: id,
    recordedAt: release.at,
    ...rest,
    sources: lookup.sources(cites),
  };
  return { items: [item], next: null };
};

/** What the reader has seen of one meeting; undefined when it does not exist for them. */
export function meetingHistory(
  context: ChangeContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context.statements, reader);
  const visible = lookup.meeting(id);
  if (visible === undefined) return undefined;
  if (visible.releasedBy !== undefined) return releasedMeeting(context, visible, lookup);
  const rows = historyRows(context, reader, 'meeting', id, page);
  return { ...rows, items: rows.items.map((row) => changeView(row, reader, lookup, true)) };
}

function releasedMeeting(
  context: ChangeContext,
  { record, thread, releasedBy = '' }: VisibleMeeting,
  lookup: Lookup,
): Page<ChangeView> {
  const snapshot = { ...snapshotOf(record.state, record.when), embargoUntil: null };
  const content = releasedChange(snapshot, record.cites, record.dateStatedAt);
  const release = { at: thread.recordedAt, embargoUntil: releasedBy };
  return onlyRelease(context, 'meeting', record.id, release, content, lookup);
}

export function announcementHistory(
  context: ChangeContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context.statements, reader);
  const record = lookup.announcement(id);
  const visible = record && visibleAnnouncement(record, reader);
  if (record === undefined || visible === undefined) return undefined;
  if (visible.releasedBy !== undefined) {
    return releasedByClock(context, record, visible.recordedAt, visible.releasedBy, lookup);
  }
  const rows = historyRows(context, reader, 'announcement', id, page);
  return { ...rows, items: rows.items.map((row) => changeView(row, reader, lookup, true)) };
}

function releasedByClock(
  context: ChangeContext,
  record: AnnouncementRecord,
  at: string,
  embargoUntil: string,
  lookup: Lookup,
): Page<ChangeView> {
  const content = releasedAnnouncement(record.state, record.statedAt);
  return onlyRelease(context, 'announcement', record.id, { at, embargoUntil }, content, lookup);
}

/** How many rows one request reads at most: a filter that matches little answers with a short page. */
export const CHANGES_SCANNED = 2_000;

type ChangesRequest = Parameters<CalendarQueries['listChanges']>[0];

/** The row number to go on after. @throws {UnknownCursor} */
function startOf({ statements }: ChangeContext, reader: Reader, after: string | undefined): number {
  if (after === undefined) return -1;
  const row = statements
    .of('SELECT n FROM changes WHERE event = ? AND known_lo <= ? AND hi >= ?')
    .get(after, reader.level, reader.level);
  if (row === undefined) throw new UnknownCursor(`no change ${after} is known here`);
  return row.n as number;
}

function scan({ statements }: ChangeContext, request: ChangesRequest, start: number): ViewRow[] {
  const { reader, after, filters } = request;
  const { meeting } = filters;
  const params: ViewValue[] = [start, reader.level, reader.level];
  // `removed` tells those who may have seen the entry that it went: they continue from between the two.
  const removed = after === undefined ? '0' : 'since <= ?';
  if (after !== undefined) params.push(Math.floor(start / CHANGES_PER_EVENT));
  const only =
    meeting === undefined
      ? ''
      : ` AND kind = 'meeting' AND entity IN (${meeting.map(() => '?').join(', ')})`;
  return statements
    .of(
      `SELECT * FROM changes WHERE n > ? AND lo <= ? AND hi >= ? AND (body IS NOT NULL OR ${removed})${only}
       ORDER BY n LIMIT ?`,
    )
    .all(...params, ...(meeting ?? []), CHANGES_SCANNED);
}

/** The newest change this reader sees: where someone at the end goes on from. */
function newest({ statements }: ChangeContext, reader: Reader): string | null {
  const row = statements
    .of(
      'SELECT event FROM changes WHERE lo <= ? AND hi >= ? AND body IS NOT NULL ORDER BY n DESC LIMIT 1',
    )
    .get(reader.level, reader.level);
  return (row?.event as string | undefined) ?? null;
}

export function listChanges(
  context: ChangeContext,
  request: ChangesRequest,
): { items: readonly ChangeView[]; cursor: string | null } {
  const { reader, after, filters, limit } = request;
  const rows = scan(context, request, startOf(context, reader, after));
  const lookup = new Lookup(context.statements, reader);
  const matches = changeMatches(context.statements, reader, filters);
  const items: ChangeView[] = [];
  let last: string | undefined;
  for (const row of rows) {
    if (items.length === limit) break;
    if (matches(row)) items.push(changeView(row, reader, lookup, false));
    last = row.event as string;
  }
  return { items, cursor: last ?? after ?? newest(context, reader) };
}
