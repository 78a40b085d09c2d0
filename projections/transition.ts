import type { Level } from '../src/domain/visibility.ts';

/** The levels that see an entry are always `lowest` and all above; none is 3. */
export type Lowest = Level | 3;

export interface LevelRange {
  readonly lo: number;
  readonly hi: number;
}

/** What one event does to who sees an entry. */
export interface Transition {
  /** Levels that saw it before and still do. */
  readonly stay: LevelRange | undefined;
  /** Levels to which it becomes visible by this event. */
  readonly gained: LevelRange | undefined;
  /** Levels from whose sight it goes. */
  readonly lost: LevelRange | undefined;
}

const range = (lo: number, hi: number): LevelRange | undefined =>
  lo > hi ? undefined : { lo, hi };

export const transition = (before: Lowest, after: Lowest): Transition => ({
  stay: range(Math.max(before, after), 2),
  gained: range(after, before - 1),
  lost: range(before, after - 1),
});

/** From when a group of levels, next to each other, has seen an entry. */
export interface Sight {
  readonly levels: readonly number[];
  /** Event seq at which it last became visible to them. */
  readonly since: number;
  /** When that event was recorded. */
  readonly recordedAt: string;
}

/** Levels that lost sight leave, those that stay keep theirs, those that gained share a new one. */
export function moveSights(
  sights: readonly Sight[],
  { lost, gained, stay }: Transition,
  since: number,
  recordedAt: string,
): readonly Sight[] {
  if (lost === undefined && gained === undefined) return sights;
  const kept = sights
    .map((sight) => ({
      ...sight,
      levels: sight.levels.filter((l) => stay !== undefined && l >= stay.lo && l <= stay.hi),
    }))
    .filter(({ levels }) => levels.length > 0);
  if (gained === undefined) return kept;
  const levels = [0, 1, 2].filter((l) => l >= gained.lo && l <= gained.hi);
  return [...kept, { levels, since, recordedAt }];
}
