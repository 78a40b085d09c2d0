import type { AnnouncementEventType } from '../events/announcement.ts';
import { parseStream } from '../events/envelope.ts';
import type { MeetingEventType } from '../events/meeting.ts';
import { type AnnouncementRecord, advanceAnnouncement } from './announcement-record.ts';
import { ANNOUNCEMENT_INDEXES, ANNOUNCEMENT_TABLES, AnnouncementRows } from './announcements.ts';
import { CHANGE_INDEXES, CHANGE_TABLES, ChangeRows } from './changes.ts';
import { advanceMeeting, bump, type MeetingRecord } from './meeting-record.ts';
import { MEETING_INDEXES, MEETING_TABLES, MeetingRows } from './meetings.ts';
import type { Applier, OpenOptions, ProjectedEvent, Projection } from './projection.ts';
import { RowCache } from './row-cache.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * The calendar view: meetings, announcements and their changes in one file, since a change is worked out
 * once and serves all three.
 */
export const calendar: Projection = {
  name: 'calendar',
  definition: 1,
  kinds: ['meeting', 'announcement'],
  rememberSkipped: true,
  tables: MEETING_TABLES + ANNOUNCEMENT_TABLES + CHANGE_TABLES,
  indexes: MEETING_INDEXES + ANNOUNCEMENT_INDEXES + CHANGE_INDEXES,
  open: (db, options) => new CalendarApplier(db, options),
  has: (db, eventId) =>
    db.prepare('SELECT 1 FROM changes WHERE event = ?').get(eventId) !== undefined,
};

type MeetingProjected = Extract<ProjectedEvent, { type: MeetingEventType }>;
type AnnouncementProjected = Extract<ProjectedEvent, { type: AnnouncementEventType }>;

// What a record weighs in memory: its fields, and a thread's share for each event it has seen.
const RECORD_BYTES = 3_000;
const EVENT_BYTES = 300;
const weigh = (record: { revision: number }): number =>
  RECORD_BYTES + EVENT_BYTES * (record.revision + 1);

class CalendarApplier implements Applier {
  readonly #meetingRows: MeetingRows;
  readonly #announcementRows: AnnouncementRows;
  readonly #changes: ChangeRows;
  readonly #meetings: RowCache<MeetingRecord>;
  readonly #announcements: RowCache<AnnouncementRecord>;
  readonly #build: boolean;

  constructor(db: ViewDatabase, options: OpenOptions) {
    const limit = options.build ? options.cacheBytes : 0;
    this.#build = options.build;
    this.#meetingRows = new MeetingRows(db, options.build);
    this.#announcementRows = new AnnouncementRows(db);
    this.#changes = new ChangeRows(db, options.build);
    this.#meetings = new RowCache(
      (id) => this.#meetingRows.load(id),
      (record) => this.#meetingRows.write(record),
      (limit / 4) * 3,
    );
    this.#announcements = new RowCache(
      (id) => this.#announcementRows.load(id),
      (record) => this.#announcementRows.write(record),
      limit / 4,
    );
  }

  apply(event: ProjectedEvent, seq: number): void {
    if (event.stream.startsWith('meeting-')) {
      this.#applyMeeting(event as MeetingProjected, seq);
    } else {
      this.#applyAnnouncement(event as AnnouncementProjected, seq);
    }
  }

  flush(): void {
    this.#meetings.flush();
    this.#announcements.flush();
  }

  finish(): void {
    this.#meetings.drain();
    this.#announcements.drain();
    this.#changes.finish();
    if (this.#build) this.#meetingRows.derive();
  }

  quarantine(stream: string): void {
    const name = parseStream(stream);
    if (name?.kind === 'meeting') {
      const record = this.#meetings.get(name.id);
      if (record !== undefined) this.#meetings.set({ ...record, stale: true }, weigh(record));
    } else if (name?.kind === 'announcement') {
      const record = this.#announcements.get(name.id);
      if (record !== undefined) this.#announcements.set({ ...record, stale: true }, weigh(record));
    }
  }

  #applyMeeting(event: MeetingProjected, seq: number): void {
    const before = this.#meetings.get(event.stream.slice('meeting-'.length));
    const circle = event.type === 'MeetingMerged' && this.#leadsBack(event);
    const { record, changes } = advanceMeeting(before, event, seq, circle);
    const cited = record.cites.length - (before?.cites.length ?? 0);
    for (const cite of cited === 0 ? [] : record.cites.slice(-cited)) {
      this.#meetingRows.cite(cite, record.id);
    }
    this.#changes.write('meeting', record.id, event, seq, changes);
    this.#meetings.set(record, weigh(record));
  }

  /** Whether following survivors from this merge's target comes back to the stream itself. */
  #leadsBack(event: Extract<ProjectedEvent, { type: 'MeetingMerged' }>): boolean {
    const start = event.stream.slice('meeting-'.length);
    for (let next: string | undefined = event.data.into; next !== undefined; ) {
      if (next === start) return true;
      const state: MeetingRecord['state'] | undefined = this.#meetings.get(next)?.state;
      next = state?.status === 'merged' ? state.into : undefined;
    }
    return false;
  }

  #applyAnnouncement(event: AnnouncementProjected, seq: number): void {
    const before = this.#announcements.get(event.stream.slice('announcement-'.length));
    const { record, changes } = advanceAnnouncement(before, event, seq);
    const citing =
      before === undefined
        ? []
        : this.#meetingRows.citing(record.id).map((id) => this.#meetings.get(id));
    this.#changes.write('announcement', record.id, event, seq, changes);
    this.#announcements.set(record, weigh(record));
    const lowest = Math.min(record.lowest, before?.lowest ?? 3);
    for (const meeting of citing) {
      if (meeting !== undefined) this.#touchCiting(meeting, lowest, event.meta.recordedAt, seq);
    }
  }

  /** A cited announcement changed: the entries that show it count one more change at each level that sees it. */
  #touchCiting(meeting: MeetingRecord, lowest: number, recordedAt: string, seq: number): void {
    const from = Math.max(lowest, meeting.lowest);
    const ticks = meeting.ticks.map((tick, level) =>
      level >= from ? bump(tick, recordedAt) : tick,
    );
    this.#meetings.set({ ...meeting, ticks, seq }, weigh(meeting));
  }
}
