import { join } from 'node:path';
import type { ICalEventData } from 'ical-generator';
import { calendar } from '../../projections/calendar.ts';
import { entryQueries } from '../../projections/entry-queries.ts';
import { entryUid } from '../../src/ids.ts';
import { openReader } from '../../src/views/database.ts';
import { ViewFiles } from '../../src/views/files.ts';
import { eventOf, renderPlain } from '../floors/ical.ts';
import { answer } from './answer.ts';

/** F3 over the view that another process has built: in its own, since it leaves much for the collector. */

let plain: readonly ICalEventData[] = [];

/** @returns how many entries it renders */
function open({ folder, nowMs }: { folder: string; nowMs: number }): number {
  const file = new ViewFiles(join(folder, 'views'), calendar.name).current();
  if (file === undefined) throw new Error(`there is no view in ${folder}`);
  const db = openReader(file);
  const reader = { level: 0, editor: false, clockMs: nowMs } as const;
  const changes = entryQueries(db, entryUid).changesAfter(reader, 0, Number.MAX_SAFE_INTEGER);
  plain = changes.flatMap((change) => eventsOf(change.row()));
  db.close();
  return plain.length;
}

const eventsOf = (row: Parameters<typeof eventOf>[0] | null): ICalEventData[] => {
  const event = row === null ? undefined : eventOf(row);
  return event === undefined ? [] : [event];
};

/** @returns milliseconds of the plain render of the entries */
function render(): number {
  const begun = performance.now();
  renderPlain(plain);
  return performance.now() - begun;
}

const methods = { open, render };
export type FeedFloorJob = typeof methods;
answer(methods);
