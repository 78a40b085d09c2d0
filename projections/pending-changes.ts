import { instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import { CHANGES_PER_EVENT, ENTITY_KINDS, type EntityKind } from './changes.ts';
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

/** The change that one entry's due release is to whoever sees it; undefined when none is due. Its place comes last. */
function pendingChange(
  context: QueryContext,
  kind: EntityKind,
  released: Released,
): ViewRow | undefined {
  const { row, due } = released;
  const event = pendingId(context, kind, released);
  if (due === undefined || event === undefined) return undefined;
  // Not the row's seq: an announcement that is cited moves that too, whether or not the reader sees it.
  const last = context.tellings.events(row).at(-1)?.seq ?? row.n;
  const recorded = instantMs(due.at);
  const change = { event, kind: ENTITY_KINDS.indexOf(kind), entity: row.n, since: null, recorded };
  return { ...change, stream: `${kind}-${row.id}`, n: placeAfter(last) };
}

/** After all rows of that event. */
const placeAfter = (seq: number): number => seq * CHANGES_PER_EVENT + CHANGES_PER_EVENT - 0.5;

/**
 * A pending change belongs after the entry's own changes, and after all that was recorded before it: so whoever
 * continues from it misses nothing that was recorded since. What the reader does not see may not move it.
 */
function placed({ statements }: QueryContext, { level }: Reader, sorted: ViewRow[]): ViewRow[] {
  // As nearly always: then nothing is read.
  if (sorted.length === 0) return [];
  const waiting = [...sorted];
  const places = new Map<ViewRow, number>();
  const rows = statements
    .of('SELECT n, recorded FROM changes WHERE lo <= ? AND hi >= ? ORDER BY n DESC')
    .iterate(level, level);
  // One way back for all of them: the latest finds its place first.
  for (const row of rows) {
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      if ((row.recorded as number) >= (last.recorded as number)) break;
      places.set(last, placeAfter(Math.floor((row.n as number) / CHANGES_PER_EVENT)));
      waiting.pop();
    }
    if (waiting.length === 0) break;
  }
  let n = 0;
  return sorted.map((row, i) => {
    n = Math.max(n, row.n as number, places.get(row) ?? 0);
    return { ...row, n: n + i / (2 * sorted.length) };
  });
}

const DUE = {
  meeting: 'SELECT record FROM meetings WHERE vis0 > 0 AND vis0 <= ?',
  announcement: 'SELECT record FROM announcements WHERE vis0 > 0 AND vis0 <= ?',
} as const;

/** All of them up to an instant that the reader sees, in order, each with a place of its own. */
export function pendingChanges(
  context: QueryContext,
  reader: Reader,
  untilMs = reader.clockMs,
): ViewRow[] {
  const lookup = new Lookup(context, reader);
  const due = <R>(kind: EntityKind, see: (row: R) => Released | undefined) =>
    context.statements
      .of(DUE[kind])
      .all(Math.min(untilMs, reader.clockMs))
      .map((row) => see(JSON.parse(row.record as string) as R))
      .map((visible) => visible && pendingChange(context, kind, visible))
      .filter((row) => row !== undefined);
  const rows = [
    ...due<MeetingRow>('meeting', (row) => lookup.seen(row)),
    ...due<AnnouncementRow>('announcement', (row) => lookup.seenAnnouncement(row)),
  ];
  return placed(context, reader, rows.toSorted(inOrder));
}

// As they are recorded: by when they are, then by stream. Which was written last, out of sight, is nothing to tell.
const inOrder = (a: ViewRow, b: ViewRow): number =>
  (a.recorded as number) - (b.recorded as number) ||
  ((a.stream as string) < (b.stream as string) ? -1 : 1);
