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

/** What a group of levels with the same beginning has seen. */
export interface Span {
  readonly levels: readonly number[];
  /** Event seq at which it last became visible to them. */
  readonly since: number;
}

const inRange = (level: number, r: LevelRange | undefined): boolean =>
  r !== undefined && level >= r.lo && level <= r.hi;

/**
 * Moves levels between threads: those that lost sight leave, those that stay get `advance`d, those that
 * gained sight share one new thread from `begin`.
 */
export function moveThreads<T extends Span>(
  threads: readonly T[],
  t: Transition,
  advance: (thread: T) => T,
  begin: (levels: readonly number[]) => T,
): T[] {
  const moved: T[] = [];
  for (const thread of threads) {
    const levels =
      t.lost === undefined ? thread.levels : thread.levels.filter((l) => inRange(l, t.stay));
    if (levels.length > 0) moved.push({ ...advance(thread), levels });
  }
  if (t.gained !== undefined) {
    moved.push(begin([0, 1, 2].filter((level) => inRange(level, t.gained))));
  }
  return moved;
}
