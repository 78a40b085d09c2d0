import { join } from 'node:path';
import type { ICalEventData } from 'ical-generator';
import pino from 'pino';
import type { MeetingEvent } from '../../events/meeting.ts';
import { calendar } from '../../projections/calendar.ts';
import { type EntryQueries, entryQueries } from '../../projections/entry-queries.ts';
import { CALENDAR_DEFINITION } from '../../src/calendar-definition.ts';
import { createCalendars } from '../../src/calendars.ts';
import { entryUid } from '../../src/ids.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { lockViews } from '../../src/views/lock.ts';
import { Projector } from '../../src/views/projector.ts';
import { eventOf, renderPlain } from '../floors/ical.ts';
import { Random } from '../random.ts';
import { answer } from './answer.ts';

/** The feed of everything public as the server composes it, without HTTP. */

interface Opened {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly entries: EntryQueries;
  readonly ids: readonly string[];
  /** The entries for the floor. */
  readonly plain: readonly ICalEventData[];
  readonly nowMs: number;
  readonly random: Random;
}

let opened: Opened;

/** @returns how many entries the feed has */
async function open({ folder, nowMs }: { folder: string; nowMs: number }): Promise<number> {
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
  const entries = entryQueries(projector.reader(), entryUid);
  const rows = entries
    .changesAfter({ level: 0, editor: false, clockMs: nowMs }, 0, Number.MAX_SAFE_INTEGER)
    .flatMap(({ row }) => row ?? []);
  const ids = rows.map((row) => row.id);
  const plain = rows.flatMap((row) => eventOf(row) ?? []);
  opened = { store, projector, entries, ids, plain, nowMs, random: new Random(nowMs) };
  return plain.length;
}

const calendars = ({ entries, nowMs }: Opened) =>
  createCalendars({
    entries,
    clock: () => nowMs,
    // Always another, so that every read looks for changes.
    version: () => ++reads,
    until: () => Number.POSITIVE_INFINITY,
    publicUrl: 'https://calendar.example.org',
  });

/** @returns milliseconds from nothing kept to the whole feed */
async function cold(): Promise<number> {
  const fresh = calendars(opened);
  const begun = performance.now();
  await fresh.everything(opened.nowMs);
  return performance.now() - begun;
}

let kept: ReturnType<typeof createCalendars> | undefined;
let reads = 0;

/** @returns milliseconds from a change in the view to the whole feed with it */
async function afterChange(): Promise<number> {
  const { store, projector, nowMs } = opened;
  kept ??= calendars(opened);
  const before = await kept.everything(nowMs);
  await projector.waitFor(await change(store), 10_000);
  const begun = performance.now();
  const after = await kept.everything(nowMs);
  const elapsed = performance.now() - begun;
  if (after.etag === before.etag) throw new Error('the change is not in the feed');
  return elapsed;
}

/** One entry gets another title. @returns the event's id */
async function change(store: EventStore): Promise<string> {
  const { random, ids } = opened;
  const stream = `meeting-${random.pick(ids)}`;
  const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
  if (last === undefined) throw new Error(`${stream} has no events`);
  const id = random.uuid();
  const event: MeetingEvent = {
    type: 'MeetingCorrected',
    data: { title: `Talks ${random.hex(8)}`, reason: 'The title was misread.' },
  };
  await store.append(stream, [{ ...event, id, meta: last.meta }], last.revision);
  return id;
}

/** @returns milliseconds of the plain render of the same entries */
function floor(): number {
  const begun = performance.now();
  renderPlain(opened.plain);
  return performance.now() - begun;
}

const methods = { open, cold, afterChange, floor };
export type FeedJob = typeof methods;
answer(methods);
