import { instantMs, isoInstant } from '../src/domain/date/index.ts';
import type { LevelRange, Span, Transition } from './transition.ts';
import type { Diff } from './types.ts';
import type { ViewValue } from './view-database.ts';

/** What meetings and announcements share: who sees them from when, and which changes that makes. */

/** A visible change before it is a row: for levels lo to hi. */
export interface ChangeDraft extends LevelRange {
  readonly type: string;
  /** Lowest level that may know the event's id, when that is not `lo`. */
  readonly known?: number;
  /** Of `removed`: seq from which the losing levels saw the entry. */
  readonly since?: number;
  readonly sentence?: string;
  readonly diffs?: readonly Diff[];
  readonly reason?: string | null;
  /** Announcements behind it; queries show those the reader may see. */
  readonly cites?: readonly string[];
  readonly statedAt?: string;
  /** The survivor of a merge, for readers who may see it. */
  readonly into?: string;
}

export type ChangeContent = Omit<ChangeDraft, 'lo' | 'hi' | 'since'>;

/**
 * The changes one event makes: its own for those who went on seeing the entry, `appears` for those who see
 * it from here on, `removed` for those who lost it.
 */
export function draftChanges(
  t: Transition,
  before: readonly Span[],
  own: ChangeContent,
  appears: () => ChangeContent,
): ChangeDraft[] {
  const drafts: ChangeDraft[] = [];
  if (t.stay !== undefined) drafts.push({ ...t.stay, ...own });
  if (t.gained !== undefined) drafts.push({ ...t.gained, ...appears() });
  if (t.lost !== undefined) drafts.push(...removals(t.lost, before));
  return drafts;
}

const removals = (lost: LevelRange, before: readonly Span[]): ChangeDraft[] =>
  before.flatMap(({ levels, since }) => {
    const gone = levels.filter((level) => level <= lost.hi);
    if (gone.length === 0) return [];
    return [{ lo: Math.min(...gone), hi: Math.max(...gone), type: 'removed', since }];
  });

interface Levelled {
  readonly lastRecordedAt: string;
  readonly threads: readonly (Span & { readonly recordedAt: string })[];
}

interface Embargoed {
  readonly classification: string;
  readonly embargoUntil?: string | undefined;
}

/** The end of the embargo that keeps a public entry from level 0 until a clock or an event ends it. */
export const pendingRelease = ({ classification, embargoUntil }: Embargoed): string | undefined =>
  classification === 'public' ? embargoUntil : undefined;

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

export function dueRelease(
  entry: Embargoed,
  record: { readonly lastRecordedAt: string },
  clockMs: number,
): DueRelease | undefined {
  const embargoUntil = pendingRelease(entry);
  if (embargoUntil === undefined || instantMs(embargoUntil) > clockMs) return undefined;
  return { embargoUntil, at: releaseTime(record, embargoUntil) };
}

/** The event to come, as far as a record is made from it. */
export const releaseEvent = <T extends string>(
  type: T,
  stream: string,
  record: { readonly revision: number },
  { embargoUntil, at }: DueRelease,
) => ({
  ...{ type, stream, data: { embargoUntil } },
  revision: record.revision + 1,
  meta: { recordedAt: at, statedAt: at },
});

/** A due release with what it is to each level. */
export interface Release extends DueRelease {
  readonly changes: readonly ChangeDraft[];
}

/**
 * Values of vis0..2 (epoch ms from which a level sees the row; 0 always, null never) and of rec0..2
 * (recordedAt of the first event it then sees, in epoch ms: as text, 08:00:00Z sorts after 08:00:00.500Z).
 */
export function levelColumns(record: Levelled, entry: Embargoed): ViewValue[] {
  const seen = [0, 1, 2].map((level) => record.threads.find((t) => t.levels.includes(level)));
  const vis: ViewValue[] = seen.map((thread) => (thread === undefined ? null : 0));
  const rec: ViewValue[] = seen.map((thread) =>
    thread === undefined ? null : instantMs(thread.recordedAt),
  );
  const release = pendingRelease(entry);
  if (release !== undefined && seen[0] === undefined) {
    vis[0] = instantMs(release);
    rec[0] = instantMs(releaseTime(record, release));
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
