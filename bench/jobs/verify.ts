import { calendar } from '../../projections/calendar.ts';
import { CALENDAR_DEFINITION } from '../../src/calendar-definition.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { buildView } from '../../src/views/build.ts';
import { verifyView } from '../../src/views/verify.ts';
import { answer } from './answer.ts';

interface Build {
  readonly log: string;
  /** The view file to make. */
  readonly into: string;
}

interface Verify {
  readonly log: string;
  /** The view file to compare with the log. */
  readonly file: string;
  /** Path of a file that is made and deleted. */
  readonly scratch: string;
}

const common = { projection: calendar, definition: CALENDAR_DEFINITION };

async function build({ log, into }: Build): Promise<void> {
  const store = await openSqliteStore({ file: log });
  await buildView({ ...common, store, file: into });
  await store.close();
}

/** @returns events a second, folded and compared */
async function verify({ log, file, scratch }: Verify): Promise<number> {
  const store = await openSqliteStore({ file: log });
  const begun = performance.now();
  const { ok, events } = await verifyView({ ...common, store, file, scratch });
  const elapsed = performance.now() - begun;
  await store.close();
  if (!ok) throw new Error('the view is not what the log says');
  return (events * 1_000) / elapsed;
}

const methods = { build, verify };
export type VerifyJob = typeof methods;
answer(methods);
