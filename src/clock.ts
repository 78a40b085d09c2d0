/** Milliseconds since 1970. The one source of time: everything else takes it as a parameter. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** The morning after the example's report: what it calls upcoming still lies ahead. */
export const EXAMPLE_START = '2021-11-22T08:00:00Z';

/**
 * The example's clock: runs on from the later of EXAMPLE_START and the last event, so that it never runs
 * behind what is recorded.
 */
export function exampleClock(lastRecordedAt: string | undefined, real: Clock = systemClock): Clock {
  const start = Date.parse(EXAMPLE_START);
  const last = lastRecordedAt === undefined ? start : Date.parse(lastRecordedAt);
  const offset = Math.max(start, last) - real();
  return () => real() + offset;
}
