import { instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import { ENTITY_KINDS, type EntityKind } from './changes.ts';
import type { DueRelease } from './levels.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import type { MeetingRow } from './meeting-record.ts';
import type { Reader } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** Changes that the clock has made and no event says yet, as rows like those that the event will make. */

interface Released {
  readonly row: { readonly id: string; readonly n: number; readonly length: number };
  readonly due: DueRelease | undefined;
}

/** Id of the release that the clock has brought and no event says yet; undefined when none is due. */
export const pendingId = (
  { releaseId }: QueryContext,
  kind: EntityKind,
  { row, due }: Released,
): string | undefined => due && releaseId(`${kind}-${row.id}`, due.embargoUntil);

/** The change that one entry's due release is to whoever sees it; undefined when none is due. */
function pendingChange(
  context: QueryContext,
  kind: EntityKind,
  released: Released,
): ViewRow | undefined {
  const { row, due } = released;
  const event = pendingId(context, kind, released);
  if (due === undefined || event === undefined) return undefined;
  const recorded = instantMs(due.at);
  const change = { event, kind: ENTITY_KINDS.indexOf(kind), entity: row.n, since: null, recorded };
  return { ...change, stream: `${kind}-${row.id}` };
}

const DUE = {
  meeting: 'SELECT record FROM meetings WHERE vis0 > 0 AND vis0 <= ?',
  announcement: 'SELECT record FROM announcements WHERE vis0 > 0 AND vis0 <= ?',
} as const;

/** All of them that the reader sees, in the order in which they will be recorded. */
export function pendingChanges(context: QueryContext, reader: Reader): ViewRow[] {
  const lookup = new Lookup(context, reader);
  const due = <R>(kind: EntityKind, see: (row: R) => Released | undefined) =>
    context.statements
      .of(DUE[kind])
      .all(reader.clockMs)
      .map((row) => see(JSON.parse(row.record as string) as R))
      .map((visible) => visible && pendingChange(context, kind, visible))
      .filter((row) => row !== undefined);
  const rows = [
    ...due<MeetingRow>('meeting', (row) => lookup.seen(row)),
    ...due<AnnouncementRow>('announcement', (row) => lookup.seenAnnouncement(row)),
  ];
  return rows.toSorted(inOrder);
}

// By when they are recorded, then by stream. Which was written last, out of sight, is nothing to tell.
const inOrder = (a: ViewRow, b: ViewRow): number =>
  (a.recorded as number) - (b.recorded as number) ||
  ((a.stream as string) < (b.stream as string) ? -1 : 1);
