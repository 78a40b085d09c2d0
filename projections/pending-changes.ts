import { instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRecord } from './announcement-record.ts';
import type { EntityKind } from './changes.ts';
import type { Release } from './levels.ts';
import type { Statements } from './lookup.ts';
import type { MeetingRecord } from './meeting-record.ts';
import { visibleAnnouncement, visibleMeeting } from './meeting-view.ts';
import type { Reader, ReleaseId } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** Changes that the clock has made and no event says yet, as rows like those that the event will make. */

export interface ChangeContext {
  readonly statements: Statements;
  readonly releaseId: ReleaseId;
}

interface Released {
  readonly record: { readonly id: string };
  readonly release?: Release;
}

/** The change that one entry's due release is to the reader; undefined when none is due. */
export function pendingChange(
  { statements, releaseId }: ChangeContext,
  { level }: Reader,
  kind: EntityKind,
  { record: { id }, release }: Released,
): ViewRow | undefined {
  const draft = release?.changes.find((change) => change.lo <= level && change.hi >= level);
  if (release === undefined || draft === undefined) return undefined;
  const { lo: _lo, hi: _hi, type, ...body } = draft;
  return {
    n: placeOf(statements, kind, id, release.at),
    event: releaseId(`${kind}-${id}`, release.embargoUntil),
    kind,
    entity: id,
    type,
    recorded_at: release.at,
    actor: null,
    revision: null,
    body: JSON.stringify(body),
  };
}

/**
 * Where in the order of changes it belongs: after the entry's own, and after all that was recorded before.
 * So whoever continues from it misses nothing that was recorded since.
 */
function placeOf(statements: Statements, kind: EntityKind, entity: string, at: string): number {
  const own = statements
    .of('SELECT max(n) AS n FROM changes WHERE entity = ? AND kind = ?')
    .get(entity, kind);
  // Without its Z, an instant is a text before all that lie in its second or, with a fraction, after it.
  const earlier = statements
    .of('SELECT n FROM changes WHERE recorded_at < ? ORDER BY n DESC LIMIT 1')
    .get(at.slice(0, -1));
  return Math.max(Number(own?.n ?? 0), Number(earlier?.n ?? 0)) + 0.5;
}

const DUE = {
  meeting: 'SELECT record FROM meetings WHERE vis0 > 0 AND vis0 <= ?',
  announcement: 'SELECT record FROM announcements WHERE vis0 > 0 AND vis0 <= ?',
} as const;

/** All of them that the reader sees, in order, each with a place of its own. */
export function pendingChanges(context: ChangeContext, reader: Reader): ViewRow[] {
  const due = <R>(kind: EntityKind, see: (record: R, reader: Reader) => Released | undefined) =>
    context.statements
      .of(DUE[kind])
      .all(reader.clockMs)
      .map((row) => see(JSON.parse(row.record as string) as R, reader))
      .map((visible) => visible && pendingChange(context, reader, kind, visible))
      .filter((row) => row !== undefined);
  const rows = [
    ...due<MeetingRecord>('meeting', visibleMeeting),
    ...due<AnnouncementRecord>('announcement', visibleAnnouncement),
  ].toSorted(inOrder);
  return rows.map((row, i) => ({ ...row, n: (row.n as number) + i / (2 * rows.length) }));
}

const inOrder = (a: ViewRow, b: ViewRow): number =>
  (a.n as number) - (b.n as number) ||
  instantMs(a.recorded_at as string) - instantMs(b.recorded_at as string) ||
  ((a.event as string) < (b.event as string) ? -1 : 1);
