import { calendar } from '../../projections/calendar.ts';
import { CALENDAR_DEFINITION } from '../../src/calendar-definition.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { buildView } from '../../src/views/build.ts';
import { copyEvents } from '../floors/build.ts';
import { answer } from './answer.ts';

interface Files {
  readonly log: string;
  /** The file to make. */
  readonly into: string;
}

interface Build {
  /** Events a second. */
  readonly rate: number;
  /** The most memory that the process has had resident, as its system counts it. */
  readonly peakMb: number;
}

const built = (events: number, begun: number): Build => ({
  rate: (events * 1_000) / (performance.now() - begun),
  peakMb: process.resourceUsage().maxRSS / 1_024,
});

async function ours({ log, into }: Files): Promise<Build> {
  const store = await openSqliteStore({ file: log });
  const begun = performance.now();
  const checkpoint = await buildView({
    ...{ store, projection: calendar, file: into, definition: CALENDAR_DEFINITION },
    strict: true,
  });
  const build = built(checkpoint?.seq ?? 0, begun);
  await store.close();
  return build;
}

function floor({ log, into }: Files): Build {
  const begun = performance.now();
  const events = copyEvents(log, into);
  return built(events, begun);
}

const methods = { ours, floor };
export type RebuildJob = typeof methods;
answer(methods);
