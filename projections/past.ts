import { endOfUtcDayMs, instantMs, utcDay } from '../src/domain/date/index.ts';
import { inStatedOrder } from '../src/domain/stated.ts';
import type { KeptEvent } from './journal.ts';
import type { Past } from './types.ts';

/** Which events make an entry as of another day. */

/** Whether nothing but the present is asked for. */
export const isPresent = ({ recordedMs, statedDay }: Past): boolean =>
  recordedMs === undefined && statedDay === undefined;

/** Epoch ms of the last moment of an `asOf`: an instant, or the end of a UTC day. */
export const asOfMs = (value: string): number =>
  value.includes('T') ? instantMs(value) : endOfUtcDayMs(value);

/** Where an entry's stated time begins for a level that has seen it since the event at `index`. */
type StatedFrom<E> = (events: readonly E[], index: number) => string;

/**
 * The events that qualify, in the order in which they are folded. Undefined: by then there was nothing that a
 * level which has seen the entry since the event with seq `since` may know of.
 *
 * Recorded time takes what was recorded by then. Stated time orders by the day stated; a release counts as
 * stated when its date was, and all that follows it no earlier.
 */
export function eventsAsOf<E extends KeptEvent>(
  events: readonly E[],
  since: number,
  { recordedMs, statedDay }: Past,
  statedFrom: StatedFrom<E>,
): readonly E[] | undefined {
  const recorded =
    recordedMs === undefined
      ? events
      : events.filter(({ meta }) => instantMs(meta.recordedAt) <= recordedMs);
  if (statedDay === undefined) return recorded;
  const index = recorded.findIndex(({ seq }) => seq === since);
  if (index < 0) return undefined;
  const notBefore = utcDay(statedFrom(recorded, index));
  if (statedDay < notBefore) return undefined;
  const span = { upTo: statedDay, notBefore };
  return [...recorded.slice(0, index + 1), ...inStatedOrder(recorded.slice(index + 1), span)];
}
