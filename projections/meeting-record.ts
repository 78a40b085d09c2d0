import type { MeetingEvent } from '../events/meeting.ts';
import { instantMs } from '../src/domain/date/index.ts';
import { type ExistingMeeting, liveOf } from '../src/domain/meeting/state.ts';
import { embargoedLevel, LEVELS, type Level } from '../src/domain/visibility.ts';
import type { KeptEvent } from './journal.ts';
import { type ChangeRow, changeRows, pendingRelease } from './levels.ts';
import { type Lowest, moveSights, type Sight, transition } from './transition.ts';

/** Who sees a meeting, and since when. What it is and what it tells are folded from its events: meeting-telling.ts. */
export interface MeetingRow {
  /** Row number: the seq of the first event. */
  readonly n: number;
  readonly id: string;
  /** Seq of the last event that touched this row. */
  readonly seq: number;
  readonly revision: number;
  /** How many events the journal has of it. */
  readonly length: number;
  readonly lowest: Lowest;
  readonly lastRecordedAt: string;
  /** The end of the embargo that a clock or an event still has to bring: see pendingRelease. */
  readonly embargo: string | null;
  readonly sights: readonly Sight[];
  /** Per level: SEQUENCE and stamps, kept through a restriction. */
  readonly ticks: readonly (Tick | null)[];
  /** When it was merged or withdrawn. */
  readonly goneAt: string | null;
  readonly stale?: true;
  /** A merge that would have closed a circle was ignored. */
  readonly circle?: true;
}

/** RFC 5545 §3.8.7.4 SEQUENCE and the stamps of an entry at one level. */
export interface Tick {
  readonly sequence: number;
  readonly stamp: string;
  readonly created: string;
}

export interface Advanced {
  readonly row: MeetingRow;
  readonly changes: readonly ChangeRow[];
}

export const lowestOf = (state: ExistingMeeting): Lowest => {
  const { classification, embargoUntil } = liveOf(state).details;
  return embargoedLevel(classification, embargoUntil);
};

/** The later of two instants. Two of one length have the same digits of a second, and read as they follow. */
export function laterOf(a: string, b: string): string {
  const later = a.length === b.length ? a > b : instantMs(a) > instantMs(b);
  return later ? a : b;
}

/** One more event for a level that sees it. */
export const bump = (tick: Tick | null, recordedAt: string): Tick =>
  tick === null
    ? { sequence: 0, stamp: recordedAt, created: recordedAt }
    : { ...tick, sequence: tick.sequence + 1, stamp: laterOf(tick.stamp, recordedAt) };

/** Levels that have counted the same share one tick, as most do. */
function ticksAfter(before: MeetingRow | undefined, lowest: Lowest, recordedAt: string) {
  let last: { readonly from: Tick | null; readonly to: Tick } | undefined;
  return [0, 1, 2].map((level) => {
    const from = before?.ticks[level] ?? null;
    if (level < lowest) return from;
    if (last?.from !== from || last === undefined) last = { from, to: bump(from, recordedAt) };
    return last.to;
  });
}

/** Off the calendar. */
export const isGone = ({ status }: { readonly status: string }): boolean =>
  status === 'merged' || status === 'withdrawn';

/** Of a merge that would close a circle only its id is known, as a cursor; and that the stream went on. */
const ignored = (before: MeetingRow, { revision, meta }: KeptEvent<MeetingEvent>): Advanced => ({
  row: {
    ...before,
    revision,
    length: before.length + 1,
    lastRecordedAt: meta.recordedAt,
    circle: true,
  },
  changes: [{ lo: 3, hi: 2, known: before.lowest, since: null }],
});

/** The row with what stays on it from before. */
function marked(row: MeetingRow, before: MeetingRow | undefined): MeetingRow {
  if (before?.stale === undefined && before?.circle === undefined) return row;
  const { stale, circle } = before;
  return {
    ...row,
    ...(stale === undefined ? {} : { stale }),
    ...(circle === undefined ? {} : { circle }),
  };
}

/** The row after one event, and who sees that it changed. Pure: rows derive from (state, event) alone. */
export function advanceMeeting(
  id: string,
  before: MeetingRow | undefined,
  event: KeptEvent<MeetingEvent>,
  state: ExistingMeeting,
): Advanced {
  if (event.ignored === true && before !== undefined) return ignored(before, event);
  const { seq, revision } = event;
  const { recordedAt } = event.meta;
  const lowest = lowestOf(state);
  const t = transition(before?.lowest ?? 3, lowest);
  const sights = before?.sights ?? [];
  const row: MeetingRow = {
    n: before?.n ?? seq,
    id,
    seq,
    revision,
    length: (before?.length ?? 0) + 1,
    lowest,
    lastRecordedAt: recordedAt,
    embargo: pendingRelease(liveOf(state).details),
    sights: moveSights(sights, t, seq, recordedAt),
    ticks: ticksAfter(before, lowest, recordedAt),
    goneAt: isGone(state) ? (before?.goneAt ?? recordedAt) : null,
  };
  return { row: marked(row, before), changes: changeRows(t, sights) };
}

/** A meeting as an entry that is merged into it may show it. */
interface Survivor {
  readonly row: MeetingRow;
  readonly facts: { readonly state: ExistingMeeting };
}

/** Whether entries merged into it name it at a level at that moment: by an event, or by the clock alone. */
function naming({ row, facts }: Survivor, level: Level, atMs: number): 'event' | 'clock' | null {
  if (isGone(facts.state)) return null;
  if (level >= row.lowest) return 'event';
  const isOver = level === 0 && row.embargo !== null && instantMs(row.embargo) <= atMs;
  return isOver ? 'clock' : null;
}

/**
 * What one of its events is to the entries that are merged into it: for each level the instants that count there as
 * changes from now on. What the clock brought counts by itself (tickNow of entry-view.ts) until an event says so.
 */
export function pointingTicks(
  before: { readonly row: MeetingRow; readonly story: Pick<Survivor, 'facts'> } | undefined,
  after: Survivor,
  recordedAt: string,
): readonly (readonly string[])[] {
  const atMs = instantMs(recordedAt);
  const earlier = before && { row: before.row, facts: before.story.facts };
  return LEVELS.map((level) => {
    const was = earlier === undefined ? null : naming(earlier, level, atMs);
    const is = naming(after, level, atMs);
    const embargo = before?.row.embargo ?? null;
    const kept = was === 'clock' && is !== 'clock' && embargo !== null ? [embargo] : [];
    const moved = (was === null) !== (is === null) && is !== 'clock';
    return moved ? [...kept, recordedAt] : kept;
  });
}

/** Counts changes of what an entry shows, from when each level sees it. */
export function withTicks(row: MeetingRow, ticks: readonly (readonly string[])[]): MeetingRow {
  const after = row.ticks.map((tick, level) => {
    const sight = row.sights.find(({ levels }) => levels.includes(level));
    if (sight === undefined) return tick;
    const sinceMs = instantMs(sight.recordedAt);
    const seen = (ticks[level] ?? []).filter((instant) => instantMs(instant) >= sinceMs);
    return seen.reduce(bump, tick);
  });
  return { ...row, ticks: after };
}
