/** The one date module: nothing else reads EDTF, knows zones or counts days. */
export { VERSION as LUXON_VERSION } from 'luxon';
export {
  addDays,
  DAY_MS,
  endOfUtcDayMs,
  epochDayOf,
  hasBegunSomewhere,
  instantMs,
  isoInstant,
  utcDay,
  utcMidnightMs,
} from './civil.ts';
export {
  contains,
  earliestMs,
  isCoarse,
  latestMs,
  matchesRange,
  moved,
  overlaps,
  parseBound,
  sameWhen,
} from './compare.ts';
export { InvalidDate } from './error.ts';
export type { Precision, ResolvedTime, ResolvedWhen } from './types.ts';
export { checkWhen, resolveWhen } from './when.ts';
export { isRepeated, isZone } from './zone.ts';
