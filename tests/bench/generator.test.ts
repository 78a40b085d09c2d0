import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventOf } from '../../bench/floors/ical.ts';
import { generateLog, LOG_END, type LogEvent, type LogShape } from '../../bench/generator/log.ts';
import { writeLog } from '../../bench/log-file.ts';
import { announcementEvents } from '../../events/announcement.ts';
import { newEvent } from '../../events/envelope.ts';
import { type MeetingEvent, meetingEvents } from '../../events/meeting.ts';
import { registry } from '../../events/registry.ts';
import { calendar } from '../../projections/calendar.ts';
import { entryQueries } from '../../projections/entry-queries.ts';
import { STATUS_TABLE } from '../../src/domain/meeting/guards.ts';
import { evolve, initialState } from '../../src/domain/meeting/index.ts';
import type { MeetingState } from '../../src/domain/meeting/state.ts';
import { entryUid } from '../../src/ids.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { buildView } from '../../src/views/build.ts';
import { openReader } from '../../src/views/database.ts';

const DESK: LogShape = { seed: 7, size: { events: 6_000 }, alive: 100, perDay: 120 };
const SHOWN: LogShape = { ...DESK, size: { meetings: 150 }, perDay: 10, allShown: true };

const desk = [...generateLog(DESK)];
const isMeeting = ({ stream }: LogEvent) => stream.startsWith('meeting-');
const byStream = Map.groupBy(desk, (event) => event.stream);
const meetings = [...byStream.values()].filter(([first]) => first && isMeeting(first));

/** The command that makes each event, where the status table has a say. */
const COMMANDS: Readonly<Record<string, keyof typeof STATUS_TABLE>> = {
  MeetingConfirmed: 'confirm',
  MeetingRescheduled: 'reschedule',
  MeetingRevised: 'revise',
  MeetingPostponed: 'postpone',
  MeetingRelocated: 'relocate',
  MeetingCorrected: 'correct',
  MeetingParticipantAdded: 'add-participant',
  MeetingParticipantRemoved: 'remove-participant',
  MeetingHeld: 'hold',
  MeetingOutcomeRecorded: 'outcome',
  MeetingNotHeld: 'not-held',
  MeetingCancelled: 'cancel',
  MeetingReinstated: 'reinstate',
  MeetingReclassified: 'reclassify',
  MeetingMerged: 'merge',
  MeetingWithdrawn: 'withdraw',
  MeetingRestored: 'restore',
};

describe('a generated log', () => {
  it('has as many events as asked for, and is the same each time', () => {
    expect(desk).toHaveLength(6_000);
    expect([...generateLog(DESK)]).toEqual(desk);
    expect([...generateLog({ ...DESK, seed: 8 })]).not.toEqual(desk);
  });

  it('consists of events that their schemas accept as they are', () => {
    for (const { stream: _, revision: __, ...event } of desk) {
      expect(newEvent.parse(event)).toEqual(event);
      expect(registry.get(event.type)?.schema.parse(event.data)).toEqual(event.data);
    }
  });

  it('counts revisions from 0, gives no id twice, and never goes back in time within a stream', () => {
    expect(new Set(desk.map(({ id }) => id)).size).toBe(desk.length);
    for (const events of byStream.values()) {
      expect(events.map(({ revision }) => revision)).toEqual([...events.keys()]);
      const recorded = events.map(({ meta }) => meta.recordedAt);
      expect(recorded).toEqual(recorded.toSorted());
      const stated = events.map(({ meta }) => meta.statedAt.slice(0, 10));
      expect(stated).toEqual(stated.toSorted());
    }
  });

  it('keeps to the status table', () => {
    for (const events of meetings) {
      let state: MeetingState = initialState;
      for (const event of events as (LogEvent & MeetingEvent)[]) {
        const command = COMMANDS[event.type];
        if (command !== undefined) expect(STATUS_TABLE[command]).toContain(state.status);
        state = evolve(state, event);
      }
    }
  });

  it('cites announcements that are there, some and not all', () => {
    const published = new Set<string>();
    let cites = 0;
    for (const { stream, meta } of desk) {
      if (stream.startsWith('announcement-')) published.add(stream);
      for (const id of meta.basedOn ?? []) expect(published).toContain(`announcement-${id}`);
      cites += meta.basedOn?.length ?? 0;
    }
    expect(cites / desk.length).toBeGreaterThan(0.05);
    expect(cites / desk.length).toBeLessThan(0.4);
  });

  it('has about eight events a meeting, and no more meetings at a time than asked for', () => {
    const whole = [...generateLog({ ...DESK, size: { meetings: 400 } })].filter(isMeeting);
    expect(whole.length / 400).toBeGreaterThan(7);
    expect(whole.length / 400).toBeLessThan(9.5);
    const last = new Map(whole.map(({ stream }, index) => [stream, index]));
    let alive = 0;
    let most = 0;
    for (const [index, { stream, revision }] of whole.entries()) {
      if (revision === 0) alive += 1;
      most = Math.max(most, alive);
      if (last.get(stream) === index) alive -= 1;
    }
    expect(most).toBeGreaterThan(80);
    expect(most).toBeLessThanOrEqual(100);
  });

  it('has every kind of event, embargoes and classifications of a working desk', () => {
    const types = new Set(desk.map(({ type }) => type));
    const known = Object.keys({ ...meetingEvents, ...announcementEvents });
    expect(known.filter((type) => !types.has(type))).toEqual([]);
    const first = meetings.map(([event]) => event?.data as Record<string, unknown>);
    const share = (name: string) =>
      first.filter(({ classification }) => classification === name).length / first.length;
    expect(share('public')).toBeGreaterThan(0.3);
    expect(share('internal')).toBeGreaterThan(0.3);
    expect(share('confidential')).toBeGreaterThan(0.05);
    expect(first.some(({ embargoUntil }) => embargoUntil !== undefined)).toBe(true);
    expect(first.some(({ when }) => when === undefined)).toBe(true);
  });
});

describe('a log file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chancery-bench-log-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function build(name: string, shape: LogShape) {
    const log = join(folder, `${name}.db`);
    const summary = writeLog(log, shape);
    const store = await openSqliteStore({ file: log });
    const file = join(folder, `${name}-view.db`);
    const reasons: string[] = [];
    const checkpoint = await buildView({
      ...{ store, projection: calendar, file, definition: 'test' },
      onDeadLetter: (event, reason) => reasons.push(`${event.type}: ${reason}`),
    });
    await store.close();
    return { summary, reasons, checkpoint, file };
  }

  it('is read by the real projection without a dead letter', async () => {
    const { summary, reasons, checkpoint } = await build('desk', DESK);
    expect(reasons).toEqual([]);
    expect(checkpoint?.seq).toBe(6_000);
    expect(summary).toMatchObject({ events: 6_000, meetings: meetings.length });
    expect(summary.lastMs).toBeGreaterThan(LOG_END - 86_400_000);
    expect(summary.lastMs).toBeLessThanOrEqual(LOG_END);
  });

  it('gives a feed of exactly as many entries as meetings, when all are to be shown', async () => {
    const { summary, file } = await build('shown', SHOWN);
    expect(summary.meetings).toBe(150);
    const db = openReader(file);
    const reader = { level: 0, editor: false, clockMs: summary.lastMs } as const;
    const rows = entryQueries(db, entryUid).changesAfter(reader, 0, 1_000);
    expect(rows.flatMap((change) => change.row() ?? []).filter(eventOf)).toHaveLength(150);
    db.close();
  });
});
