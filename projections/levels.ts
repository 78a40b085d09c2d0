import { instantMs, isoInstant } from '../src/domain/date/index.ts';
import type { LevelRange, Sight, Transition } from './transition.ts';
import type { ViewValue } from './view-database.ts';

/** What meetings and announcements share: who sees them from when, and which changes that makes. */

/** Who sees that an event changed an entry: levels lo to hi. What it says to them is told from the journal. */
export interface ChangeRow extends LevelRange {
  /** Lowest level that may know the event's id. */
  readonly known: number;
  /** Set where the entry left the sight of these levels: the seq from which they had seen it. */
  readonly since: number | null;
}

/**
 * The rows one event makes: for those who went on seeing the entry, those who see it from here on, and those
 * who lost it.
 */
export function changeRows(
  { stay, gained, lost }: Transition,
  before: readonly Sight[],
): readonly ChangeRow[] {
  const rows: ChangeRow[] = [];
  if (stay !== undefined) rows.push({ ...stay, known: stay.lo, since: null });
  if (gained !== undefined) rows.push({ ...gained, known: gained.lo, since: null });
  return lost === undefined ? rows : [...rows, ...removals(lost, before)];
}

const removals = (lost: LevelRange, before: readonly Sight[]): ChangeRow[] =>
  before.flatMap(({ levels, since }) => {
    const gone = levels.filter((level) => level <= lost.hi);
    const lo = Math.min(...gone);
    return gone.length === 0 ? [] : [{ lo, hi: Math.max(...gone), known: lo, since }];
  });

interface Levelled {
  readonly lastRecordedAt: string;
  readonly sights: readonly Sight[];
  /** See pendingRelease. */
  readonly embargo: string | null;
}

interface Embargoed {
  readonly classification: string;
  readonly embargoUntil?: string | undefined;
}

/** The end of the embargo that keeps a public entry from level 0 until a clock or an event ends it. */
export const pendingRelease = ({ classification, embargoUntil }: Embargoed): string | null =>
  classification === 'public' ? (embargoUntil ?? null) : null;

/** recordedAt of the release that the clock brings: max(embargoUntil, last of the stream). */
export const releaseTime = (
  record: { readonly lastRecordedAt: string },
  embargoUntil: string,
): string => isoInstant(Math.max(instantMs(embargoUntil), instantMs(record.lastRecordedAt)));

/** A release that this clock has brought and no event says yet: until one does, all is as if it did. */
export interface DueRelease {
  readonly embargoUntil: string;
  /** recordedAt of the event to come. */
  readonly at: string;
}

export function dueRelease(record: Levelled, clockMs: number): DueRelease | undefined {
  const { embargo } = record;
  if (embargo === null || instantMs(embargo) > clockMs) return undefined;
  return { embargoUntil: embargo, at: releaseTime(record, embargo) };
}

/** Whether the level sees it by an event, and not by the clock alone. */
export const isSeen = (record: Pick<Levelled, 'sights'>, level: number): boolean =>
  record.sights.some(({ levels }) => levels.includes(level));

/** When the clock releases an entry to level 0, which does not see it until then (epoch ms). */
export function releaseMsOf(record: Levelled): number | undefined {
  const { embargo } = record;
  return embargo === null || isSeen(record, 0)
    ? undefined
    : instantMs(releaseTime(record, embargo));
}

/** Its place in the view's order until it has one: after everything. */
export const RELEASE_SEQ = Number.MAX_SAFE_INTEGER;

/** The event to come, as the journal will have it. */
export const releaseEvent = <T extends string>(
  type: T,
  id: string,
  { revision }: { readonly revision: number },
  { embargoUntil, at }: DueRelease,
) => ({
  ...{ seq: RELEASE_SEQ, id, type, data: { embargoUntil }, revision: revision + 1 },
  meta: { recordedAt: at, statedAt: at, actor: '' },
});

/**
 * Values of vis0..2 (epoch ms from which a level sees the row; 0 always, null never) and of rec0..2
 * (recordedAt of the first event it then sees, in epoch ms: as text, 08:00:00Z sorts after 08:00:00.500Z).
 */
export function levelColumns(record: Levelled): ViewValue[] {
  const seen = [0, 1, 2].map((level) => record.sights.find((s) => s.levels.includes(level)));
  const vis: ViewValue[] = seen.map((sight) => (sight === undefined ? null : 0));
  const rec: ViewValue[] = seen.map((sight) =>
    sight === undefined ? null : instantMs(sight.recordedAt),
  );
  if (record.embargo !== null && seen[0] === undefined) {
    vis[0] = instantMs(record.embargo);
    rec[0] = instantMs(releaseTime(record, record.embargo));
  }
  return [...vis, ...rec];
}

// Bounded by the registry's list of types.
const changeTypes = new Map<string, string>();

/** `MeetingParticipantAdded` → `participant-added`. */
export function changeType(type: string, kind: string): string {
  let words = changeTypes.get(type);
  if (words === undefined) {
    words = type
      .slice(kind.length)
      .replace(/(?<=.)([A-Z])/g, '-$1')
      .toLowerCase();
    changeTypes.set(type, words);
  }
  return words;
}
