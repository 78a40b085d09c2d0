import { join } from 'node:path';
import pino from 'pino';
import { calendar } from '../projections/calendar.ts';
import { CALENDAR_DEFINITION } from '../src/calendar-definition.ts';
import type { EventStore } from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { lockViews } from '../src/views/lock.ts';
import { Projector } from '../src/views/projector.ts';

export interface Folder {
  readonly folder: string;
  /** What its clock says. */
  readonly nowMs: number;
}

/** The store of a data folder and its calendar, followed to the end, without a server. */
export async function openCalendar({
  folder,
  nowMs,
}: Folder): Promise<{ readonly store: EventStore; readonly projector: Projector }> {
  const views = join(folder, 'views');
  lockViews(views);
  const store = await openSqliteStore({ file: join(folder, 'chancery.db') });
  const log = pino({ level: 'error' }, pino.destination(2));
  const projector = new Projector({
    ...{ folder: views, store, projection: calendar, definition: CALENDAR_DEFINITION, log },
    now: () => nowMs,
  });
  projector.start();
  await projector.ready;
  return { store, projector };
}
