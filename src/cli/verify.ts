import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import { CALENDAR_DEFINITION } from '../calendar-definition.ts';
import type { Config } from '../config.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RowDifference } from '../views/compare.ts';
import { ViewFiles } from '../views/files.ts';
import { openWorkshop } from '../views/prepare.ts';
import { type Verification, verifyView, whileCurrent } from '../views/verify.ts';
import { buildReport } from './build-report.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { openExistingStore } from './store.ts';
import { safeLines } from './terminal.ts';

/**
 * Folds the log anew and compares it with the stored views, also while a server uses them.
 * @returns the exit code: 1 when a row differs
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
  const current = () =>
    existsSync(folder) ? new ViewFiles(folder, calendar.name).current() : undefined;
  if (current() === undefined) throw none(folder);
  const workshop = openWorkshop(folder, 'verify');
  const report = buildReport();
  try {
    const common = {
      ...{ store, projection: calendar, definition: CALENDAR_DEFINITION },
      scratch: join(workshop.folder, 'calendar.db'),
      ...{ onProgress: report.update, onSlow: report.slow },
    };
    const result = await interruptible('nothing was compared', (signal) =>
      whileCurrent(current, (file) => verifyView({ ...common, file, signal })),
    );
    if (result === undefined) throw none(folder);
    return tell(result);
  } finally {
    report.end();
    workshop.close();
  }
}

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
