/** The one date module: nothing else reads EDTF, knows zones or counts days. */
export { VERSION as LUXON_VERSION } from 'luxon';
export {
  addDays,
  endOfUtcDayMs,
  hasBegunSomewhere,
  instantMs,
  isoInstant,
  utcDay,
} from './civil.ts';
export {
  type Bound,
  contains,
  earliestMs,
  isCoarse,
  latestMs,
  type Move,
  matchesRange,
  moved,
  overlaps,
  parseBound,
  type Relation,
  relate,
  sameWhen,
} from './compare.ts';
export { InvalidDate, type WhenProblem } from './error.ts';
export type { Extent, Precision, ResolvedSpan, ResolvedTime, ResolvedWhen } from './types.ts';
export { checkWhen, resolveWhen } from './when.ts';
export {
  endOfLocalDayMs,
  isZone,
  localDateOf,
  offsetMinutes,
  startOfLocalDayMs,
} from './zone.ts';
