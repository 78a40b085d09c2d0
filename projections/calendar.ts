import type {
  AnnouncementFacts as AnnouncementData,
  AnnouncementEvent,
} from '../events/announcement.ts';
import { parseStream, type StreamKind } from '../events/envelope.ts';
import type { MeetingEvent } from '../events/meeting.ts';
import type { RedactionEvent } from '../events/redaction.ts';
import { instantMs } from '../src/domain/date/index.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import { type Access, isNarrower } from '../src/domain/visibility.ts';
import { type AnnouncementRow, advanceAnnouncement } from './announcement-record.ts';
import { type AnnouncementFacts, countsForCiting } from './announcement-telling.ts';
import {
  ANNOUNCEMENT_INDEXES,
  ANNOUNCEMENT_PLOT,
  ANNOUNCEMENT_TABLES,
  AnnouncementRows,
} from './announcements.ts';
import { CHANGE_INDEXES, CHANGE_TABLES, ChangeRows, type EntityKind } from './changes.ts';
import type { Searchable } from './description.ts';
import { Entries, type Entry } from './entries.ts';
import { JOURNAL_TABLES, type KeptEvent, keep, requireRoom, textOf } from './journal.ts';
import type { ChangeRow } from './levels.ts';
import type { MeetingFacts } from './meeting-facts.ts';
import {
  advanceMeeting,
  bump,
  type MeetingRow,
  pointingTicks,
  withTicks,
} from './meeting-record.ts';
import { MEETING_INDEXES, MEETING_PLOT, MEETING_TABLES, MeetingRows } from './meetings.ts';
import type { Applier, OpenOptions, ProjectedEvent, Projection } from './projection.ts';
import { SLIP_INDEXES, SLIP_TABLES } from './slips.ts';
import { stepOf, tellNext } from './story.ts';
import type { Mark } from './times.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * The calendar view: meetings, announcements and their changes in one file, since they are told from the same
 * events.
 */
export const calendar: Projection = {
  name: 'calendar',
  definition: 7,
  kinds: ['meeting', 'announcement', 'redaction'],
  rememberSkipped: true,
  tables: JOURNAL_TABLES + MEETING_TABLES + SLIP_TABLES + ANNOUNCEMENT_TABLES + CHANGE_TABLES,
  indexes: MEETING_INDEXES + SLIP_INDEXES + ANNOUNCEMENT_INDEXES + CHANGE_INDEXES,
  open: (db, options) => new CalendarApplier(db, options),
  has: (db, eventId) =>
    db.prepare('SELECT 1 FROM changes WHERE event = ?').get(eventId) !== undefined,
};

type MeetingProjected = ProjectedEvent & MeetingEvent;
type AnnouncementProjected = ProjectedEvent & AnnouncementEvent;
type RedactionProjected = ProjectedEvent & RedactionEvent;

/** Of a change that no level is told of. */
const UNTOLD: readonly ChangeRow[] = [{ lo: 3, hi: 2, known: 3, since: null }];

type Meetings = Entries<MeetingRow, KeptEvent<MeetingEvent>, MeetingFacts, Searchable>;
type Announcements = Entries<
  AnnouncementRow,
  KeptEvent<AnnouncementEvent>,
  AnnouncementFacts,
  AnnouncementData
>;
type MeetingEntry = Entry<MeetingRow, MeetingFacts, Searchable>;

/** Whether all that the event does is to show the entry to fewer, or what the clock has done already. */
function restricts(event: ProjectedEvent, access: Access): boolean {
  switch (event.type) {
    case 'MeetingReclassified':
    case 'AnnouncementReclassified':
      return isNarrower(access, event.data);
    case 'MeetingReleased':
    case 'AnnouncementReleased':
      return access.embargoUntil === event.data.embargoUntil;
    case 'MeetingWithdrawn':
    case 'AnnouncementRetracted':
      return true;
    default:
      return false;
  }
}

class CalendarApplier implements Applier {
  readonly #meetingRows: MeetingRows;
  readonly #changes: ChangeRows;
  readonly #meetings: Meetings;
  readonly #announcements: Announcements;

  constructor(db: ViewDatabase, options: OpenOptions) {
    const limit = options.build ? options.cacheBytes : 0;
    this.#meetingRows = new MeetingRows(db);
    this.#changes = new ChangeRows(db);
    this.#meetings = new Entries(db, this.#meetingRows, MEETING_PLOT, (limit / 4) * 3);
    const announcements = new AnnouncementRows(db);
    this.#announcements = new Entries(db, announcements, ANNOUNCEMENT_PLOT, limit / 4);
  }

  apply(event: ProjectedEvent, seq: number): void {
    if (event.stream.startsWith('meeting-')) {
      this.#applyMeeting(event as MeetingProjected, seq);
    } else if (event.stream.startsWith('announcement-')) {
      this.#applyAnnouncement(event as AnnouncementProjected, seq);
    } else {
      this.#applyRedaction(event as RedactionProjected, seq);
    }
  }

  restrict(event: ProjectedEvent, seq: number): boolean {
    const name = parseStream(event.stream);
    const access = name && this.#accessOf(name.kind, name.id);
    if (access === undefined || !restricts(event, access)) return false;
    this.apply(event, seq);
    return true;
  }

  #accessOf(kind: StreamKind, id: string): Access | undefined {
    if (kind === 'meeting') {
      const state = this.#meetings.get(id)?.story.facts.state;
      return state && liveOf(state).details;
    }
    if (kind === 'announcement') return this.#announcements.get(id)?.story.facts.state.facts;
    return undefined;
  }

  flush(): void {
    this.#meetings.flush();
    this.#announcements.flush();
  }

  finish(): void {
    this.#meetings.finish();
    this.#announcements.finish();
  }

  quarantine(stream: string): void {
    const name = parseStream(stream);
    if (name?.kind === 'meeting') this.#meetings.markStale(name.id);
    else if (name?.kind === 'announcement') this.#announcements.markStale(name.id);
  }

  #applyMeeting(event: MeetingProjected, seq: number): void {
    const id = event.stream.slice('meeting-'.length);
    const before = this.#meetings.before(id, event);
    requireRoom(before?.row.length ?? 0);
    const circle = event.type === 'MeetingMerged' && this.#leadsBack(id, event.data.into);
    const kept = keep<MeetingEvent>(event, seq, circle);
    const story = before?.story;
    const told = circle && story !== undefined ? undefined : tellNext(story, kept, MEETING_PLOT);
    const { facts } = (told ?? story) as { readonly facts: MeetingFacts };
    const { row, changes } = advanceMeeting(id, before?.row, kept, facts.state);
    const step = told && stepOf(story, kept, told, MEETING_PLOT);
    const text = textOf(kept);
    const ticks = pointingTicks(before, { row, facts }, kept.meta.recordedAt);
    const merged = ticks.every(({ length }) => length === 0) ? [] : this.#mergedInto(id);
    if (!circle) this.#link(id, kept);
    this.#changed('meeting', kept, row.n, changes, story?.marks);
    this.#meetings.add(before, row, text, step);
    for (const entry of merged)
      this.#meetings.touch(entry, { ...withTicks(entry.row, ticks), seq });
  }

  /** Keeps what else shows this meeting, or is shown by it. */
  #link(id: string, event: KeptEvent<MeetingEvent>): void {
    for (const announcement of event.meta.basedOn ?? []) this.#meetingRows.cite(announcement, id);
    if (event.type === 'MeetingMerged') this.#meetingRows.merge(event.data.into, id);
  }

  /** The meetings that are merged into this one now. */
  #mergedInto(id: string): MeetingEntry[] {
    const merged = this.#meetingRows.mergedInto(id).map((meeting) => this.#meetings.get(meeting));
    return merged.filter((entry) => {
      const state = entry?.story.facts.state;
      return state?.status === 'merged' && state.into === id;
    }) as MeetingEntry[];
  }

  /** Whether following survivors from a merge's target comes back to the meeting itself. */
  #leadsBack(id: string, into: string): boolean {
    for (let next: string | undefined = into; next !== undefined; ) {
      if (next === id) return true;
      const facts: MeetingFacts | undefined = this.#meetings.get(next)?.story.facts;
      next = facts?.state.status === 'merged' ? facts.state.into : undefined;
    }
    return false;
  }

  #applyAnnouncement(event: AnnouncementProjected, seq: number): void {
    const id = event.stream.slice('announcement-'.length);
    const before = this.#announcements.before(id, event);
    requireRoom(before?.row.length ?? 0);
    const kept = keep<AnnouncementEvent>(event, seq, false);
    const told = tellNext(before?.story, kept, ANNOUNCEMENT_PLOT);
    const { row, changes } = advanceAnnouncement(id, before?.row, kept, told.facts.state);
    const step = stepOf(before?.story, kept, told, ANNOUNCEMENT_PLOT);
    const text = textOf(kept);
    const counts = before !== undefined && countsForCiting(event);
    const citing = counts ? this.#meetingRows.citing(id) : [];
    const meetings = citing.map((meeting) => this.#meetings.get(meeting));
    const lowest = Math.min(row.lowest, before?.row.lowest ?? 3);
    this.#changed('announcement', kept, row.n, changes, before?.story.marks);
    this.#announcements.add(before, row, text, step);
    for (const meeting of meetings) {
      if (meeting !== undefined) this.#touch(meeting, lowest, event.meta.recordedAt, seq);
    }
  }

  /**
   * The words are gone from an event that was applied before. Subscribers replace the entry that they keep only
   * when SEQUENCE rises (RFC 5545 §3.8.7.4), though none of its own events says so.
   */
  #applyRedaction({ id, data, meta }: RedactionProjected, seq: number): void {
    const redacted = this.#changes.entryOf(data.event);
    if (redacted === undefined) return;
    const { kind, entity } = redacted;
    const { recordedAt } = meta;
    const changed = { event: id, seq, kind, entity, recordedMs: instantMs(recordedAt) };
    const shown = data.fields.some((field) => field !== 'meta.actor');
    const touched = shown ? this.#showing(kind, entity) : { meetings: [], lowest: 3 };
    this.#changes.write(changed, UNTOLD);
    for (const meeting of touched.meetings) {
      if (meeting !== undefined) this.#touch(meeting, touched.lowest, recordedAt, seq);
    }
  }

  /** The meetings whose entries show this one, and from which level on. */
  #showing(kind: EntityKind, n: number) {
    if (kind === 'meeting') {
      return { meetings: [this.#meetings.get(this.#meetings.idAt(n))], lowest: 0 };
    }
    const id = this.#announcements.idAt(n);
    const meetings = this.#meetingRows.citing(id).map((meeting) => this.#meetings.get(meeting));
    return { meetings, lowest: this.#announcements.get(id)?.row.lowest ?? 3 };
  }

  /** What entries show changed: they count one more change at each level that sees it. */
  #touch(entry: MeetingEntry, lowest: number, recordedAt: string, seq: number): void {
    const { row } = entry;
    const from = Math.max(lowest, row.lowest);
    const ticks = row.ticks.map((tick, level) => (level >= from ? bump(tick, recordedAt) : tick));
    this.#meetings.touch(entry, { ...row, ticks, seq });
  }

  /** Writes who sees the change; where levels lose sight, the entry's earlier events stop existing for them. */
  #changed(
    kind: EntityKind,
    { id, seq, meta }: KeptEvent,
    entity: number,
    rows: readonly ChangeRow[],
    earlier: readonly Mark[] = [],
  ): void {
    if (rows.some(({ since }) => since !== null)) {
      const lost = rows.filter(({ since }) => since !== null).map(({ hi }) => hi);
      // Of events that were ignored there is nothing to hide.
      const seqs = earlier.map((mark) => mark.seq);
      this.#changes.hide(seqs, Math.max(...lost) + 1);
    }
    const recordedMs = instantMs(meta.recordedAt);
    this.#changes.write({ event: id, seq, kind, entity, recordedMs }, rows);
  }
}
