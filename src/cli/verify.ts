import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import { ALL_VIEWS } from '../all-views.ts';
import type { Config } from '../config.ts';
import { faultsOf } from '../log-check.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RowDifference } from '../views/compare.ts';
import { ViewFiles } from '../views/files.ts';
import { openWorkshop } from '../views/prepare.ts';
import { together, type Verification, verifyView, whileCurrent } from '../views/verify.ts';
import { buildReport } from './build-report.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { openExistingStore } from './store.ts';
import { oneLine, safeLines } from './terminal.ts';

/**
 * Checks every event, folds the log anew and compares it with the stored views, also while a server uses them.
 * @returns the exit code: 1 when an event is damaged or a row differs
 */
export async function verify(config: Config): Promise<number> {
  const store = await openExistingStore(config);
  try {
    return await compare(config, store);
  } finally {
    await store.close();
  }
}

async function compare(config: Config, store: EventStore): Promise<number> {
  const folder = join(config.dataDir, 'views');
  if (currentOf(folder, calendar.name) === undefined) throw none(folder);
  const workshop = openWorkshop(folder, 'verify');
  const report = buildReport();
  let faults = 0;
  try {
    const common = { store, onProgress: report.update, onSlow: report.slow };
    const results = await interruptible('nothing was compared', async (signal) => {
      const found: Verification[] = [];
      faults = await tellFaults(store, signal);
      for (const view of ALL_VIEWS) {
        const { name } = view.projection;
        const scratch = join(workshop.folder, `${name}.db`);
        const current = () => currentOf(folder, name);
        const result = await whileCurrent(current, (file) =>
          verifyView({ ...common, ...view, scratch, file, signal }),
        );
        if (result !== undefined) found.push(result);
      }
      return found;
    });
    const compared = tell(together(results));
    return faults === 0 ? compared : EXIT.failed;
  } finally {
    report.end();
    workshop.close();
  }
}

/** Lines of the answer at most; all are counted. */
const FAULTS = 20;

/** Events that no version of this program has written as they are: views made of them would agree with them. */
async function tellFaults(store: EventStore, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const { event, reason } of faultsOf(store, signal)) {
    count += 1;
    if (count > FAULTS) continue;
    const { id, type, position, revision, stream } = event;
    const place = `position ${position}, revision ${revision} of ${stream}`;
    process.stdout.write(`damaged  ${oneLine(`${id} (${type}, ${place}): ${reason}`)}\n`);
  }
  if (count > 0) process.stdout.write(`${count} events are damaged: restore a backup\n`);
  return count;
}

const currentOf = (folder: string, view: string): string | undefined =>
  existsSync(folder) ? new ViewFiles(folder, view).current() : undefined;

const none = (folder: string): CommandFailed =>
  new CommandFailed(`there are no views in ${folder}: start the server once, or run rebuild`);

function tell({ ok, events, tables, difference }: Verification): number {
  for (const { table, rows, digest, rebuilt } of tables) {
    const verdict = digest === rebuilt ? 'same' : 'DIFFERS';
    process.stdout.write(`${verdict.padEnd(8)} ${table} (${rows} rows, ${digest.slice(0, 16)})\n`);
  }
  if (difference !== undefined) process.stdout.write(safeLines(describe(difference)));
  process.stdout.write(
    ok
      ? `the views are what the log says: ${events} events\n`
      : 'the views are not what the log says: run rebuild\n',
  );
  return ok ? EXIT.fine : EXIT.failed;
}

function describe({ table, key, stored, rebuilt }: RowDifference): string {
  const side = (row: RowDifference['stored']) =>
    row === null ? 'no such row' : JSON.stringify(row);
  return `first difference: ${table} ${JSON.stringify(key)}\n  stored:  ${side(stored)}\n  rebuilt: ${side(rebuilt)}\n`;
}
