import { asOfMs } from '../../projections/past.ts';
import type { Past } from '../../projections/types.ts';
import { refused } from './query.ts';

/** `asOf` and `statedAsOf`: answers as they would have been on another day. */

export interface TimeTravelQuery {
  /** Date or instant. */
  readonly asOf?: string | undefined;
  /** Date. */
  readonly statedAsOf?: string | undefined;
}

/** What the queries take; a date means the end of that UTC day. */
export const pastOf = ({ asOf, statedAsOf }: TimeTravelQuery): Past => ({
  ...(asOf === undefined ? {} : { recordedMs: asOfMs(asOf) }),
  ...(statedAsOf === undefined ? {} : { statedDay: statedAsOf }),
});

export const isPast = ({ asOf, statedAsOf }: TimeTravelQuery): boolean =>
  asOf !== undefined || statedAsOf !== undefined;

/** A list is in the order of one of the two. @throws {Problem} validation-failed when both are given */
export function pastOfList(query: TimeTravelQuery): Past {
  if (query.asOf === undefined || query.statedAsOf === undefined) return pastOf(query);
  const message = 'a list takes asOf or statedAsOf; one meeting, and its history, take both';
  throw refused([{ path: 'statedAsOf', message }]);
}

/** The instant that parts past from upcoming, in epoch ms: as given, else the earliest of the clock and the day asked for. */
export function nowOf(
  query: TimeTravelQuery & { readonly now?: string | undefined },
  clockMs: number,
): number {
  if (query.now !== undefined) return Date.parse(query.now);
  const { asOf, statedAsOf } = query;
  return Math.min(
    clockMs,
    asOf === undefined ? clockMs : asOfMs(asOf),
    statedAsOf === undefined ? clockMs : asOfMs(statedAsOf),
  );
}
