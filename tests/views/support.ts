import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent, RecordedEvent } from '../../events/envelope.ts';
import { calendar } from '../../projections/calendar.ts';
import { calendarQueries } from '../../projections/calendar-queries.ts';
import type { MeetingView } from '../../projections/types.ts';
import { matchCommand } from '../../src/commands.ts';
import type { Level } from '../../src/domain/visibility.ts';
import { createHandler } from '../../src/handle.ts';
import { releaseId } from '../../src/ids.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { Projector, type ProjectorOptions } from '../../src/views/projector.ts';

/** Never changed: what it was when something of it was pinned, it stays. */
export const GOLDEN_LOG = readFileSync(new URL('./golden/log.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Omit<RecordedEvent, 'position'>);

export const NOW = Date.UTC(2021, 10, 22, 8);
export const DEFINITION = 'calendar test';

export interface Logged {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A real store, a folder for views, and whatever projectors a test opens on them. */
export interface Bench {
  readonly folder: string;
  readonly views: string;
  store: EventStore;
  readonly logged: Logged[];
  /** Starts a projector; closed at the end, if the test has not. */
  project(overrides?: Partial<ProjectorOptions>): Projector;
  /** Announces a public meeting; gives the event's id. */
  announce(id: string, more?: object): Promise<string>;
  command(path: string, body: object): Promise<string>;
  /** Appends events that were written elsewhere, each at its revision. */
  fill(log: readonly Omit<RecordedEvent, 'position'>[]): Promise<void>;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'views-'));
  const store = await openSqliteStore({ file: join(folder, 'events.db') });
  const projectors: Projector[] = [];
  const logged: Logged[] = [];
  const log = (level: Logged['level']) => (fields: object, message: string) => {
    logged.push({ level, fields: fields as Logged['fields'], message });
  };
  const bench: Bench = {
    folder,
    views: folder,
    store,
    logged,
    project: (overrides = {}) => {
      const projector = new Projector({
        folder,
        store: bench.store,
        projection: calendar,
        definition: DEFINITION,
        log: { info: log('info'), warn: log('warn'), error: log('error') },
        now: () => NOW,
        retryMs: { first: 1, longest: 5 },
        ...overrides,
      });
      projectors.push(projector);
      projector.start();
      return projector;
    },
    announce: (id, more = {}) =>
      bench.command('/meetings', {
        id,
        title: `Meeting ${id}`,
        form: 'session',
        classification: 'public',
        ...more,
      }),
    command: async (path, body) => {
      const match = matchCommand(path);
      if (match === undefined) throw new Error(`no command at ${path}`);
      const handle = createHandler({
        store: bench.store,
        now: () => NOW,
        randomUuid: randomUUID,
      });
      const actor = { id: 'desk', role: 'admin', ceiling: 'confidential' } as const;
      return (await handle({ ...match, body, actor })).eventId;
    },
    fill: async (events) => {
      for (const { stream, revision, ...event } of events) {
        await bench.store.append(stream, [event], revision === 0 ? 'none' : revision - 1);
      }
    },
    close: async () => {
      for (const projector of projectors) await projector.close();
      await bench.store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return bench;
}

/** The meetings in the view, by id, as a level sees them. */
export function meetingsOf(projector: Projector, level: Level = 2): Map<string, MeetingView> {
  const { items } = calendarQueries(projector.reader(), releaseId).listMeetings({
    reader: { level, editor: true, clockMs: NOW },
    nowMs: NOW,
    filters: {},
    limit: 500,
  });
  return new Map(items.map((meeting) => [meeting.id, meeting]));
}

/** An event as another writer might have put it into the log: nothing checks its data. */
export function rawEvent(type: string, data: unknown, schema = 1): NewEvent {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type,
    data,
    meta: {
      recordedAt: '2021-11-22T08:00:00Z',
      statedAt: '2021-11-22T08:00:00Z',
      actor: 'import',
      commandId,
      requestHash: 'ab'.repeat(32),
      correlationId: commandId,
      causationId: commandId,
      schema,
    },
  };
}

/** A meeting whose date no version of this program could have written. */
export const unreadable = (): NewEvent =>
  rawEvent('MeetingAnnounced', {
    title: 'Unreadable',
    form: 'session',
    when: { edtf: 'some day' },
    participants: [],
    topics: [],
    classification: 'public',
  });

/** The next event of a log, as a promise: settles when the listener has heard of it. */
export function nextBatch(projector: Projector): Promise<readonly RecordedEvent[]> {
  return new Promise((resolve) => {
    const stop = projector.onBatch(({ events }) => {
      stop();
      resolve(events);
    });
  });
}

/** The calendar, but the rows of one stream cannot be written: the flush fails, and not the event. */
export const cursed = (stream: string): typeof calendar => ({
  ...calendar,
  open: (db, options) => {
    const real = calendar.open(db, options);
    let touched = false;
    return {
      apply: (event, seq) => {
        touched ||= event.stream === stream;
        real.apply(event, seq);
      },
      flush: () => {
        if (touched) throw new Error('these rows cannot be written');
        real.flush();
      },
      finish: () => real.finish?.(),
      quarantine: (name) => real.quarantine(name),
      restrict: (event, seq) => real.restrict?.(event, seq) ?? false,
    };
  },
});
