import { CLASSIFICATIONS, type Classification } from '../../events/values.ts';
import { instantMs } from './date/index.ts';

/** public 0 < internal 1 < confidential 2. */
export type Level = 0 | 1 | 2;
export const LEVELS: readonly Level[] = [0, 1, 2];

export const levelOf = (classification: Classification): Level =>
  CLASSIFICATIONS.indexOf(classification) as Level;

/** The lowest level that sees an entry regardless of the clock: before its embargo ends, at least internal. */
export const embargoedLevel = (classification: Classification, embargoUntil?: string): Level =>
  embargoUntil === undefined
    ? levelOf(classification)
    : (Math.max(levelOf(classification), 1) as Level);

/** What decides who sees an entry. */
export interface Access {
  readonly classification: Classification;
  readonly embargoUntil?: string | undefined;
}

/** From when anyone sees an entry (epoch ms). */
const anyoneFrom = ({ classification, embargoUntil }: Access): number => {
  if (classification !== 'public') return Number.POSITIVE_INFINITY;
  return embargoUntil === undefined ? Number.NEGATIVE_INFINITY : instantMs(embargoUntil);
};

/** Whether nobody sees an entry by the second, at any time, who would not by the first. */
export const isNarrower = (before: Access, after: Access): boolean =>
  levelOf(after.classification) >= levelOf(before.classification) &&
  anyoneFrom(after) >= anyoneFrom(before);

/** Whether a caller of this level sees an entry at an instant (epoch ms). */
export function isVisible(level: Level, entry: Access, nowMs: number): boolean {
  const embargoed = entry.embargoUntil !== undefined && nowMs < instantMs(entry.embargoUntil);
  const lowest = embargoed
    ? embargoedLevel(entry.classification, entry.embargoUntil)
    : levelOf(entry.classification);
  return level >= lowest;
}
