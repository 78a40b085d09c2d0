import type { AnnouncementEvent } from '../events/announcement.ts';
import { parseStream } from '../events/envelope.ts';
import type { MeetingEvent } from '../events/meeting.ts';
import type { RedactionEvent } from '../events/redaction.ts';
import { instantMs } from '../src/domain/date/index.ts';
import { type AnnouncementRow, advanceAnnouncement } from './announcement-record.ts';
import type { AnnouncementFacts } from './announcement-telling.ts';
import {
  ANNOUNCEMENT_INDEXES,
  ANNOUNCEMENT_PLOT,
  ANNOUNCEMENT_TABLES,
  AnnouncementRows,
} from './announcements.ts';
import { CHANGE_INDEXES, CHANGE_TABLES, ChangeRows, type EntityKind } from './changes.ts';
import { JOURNAL_TABLES, Journal, type KeptEvent, keep, requireRoom, textOf } from './journal.ts';
import type { ChangeRow } from './levels.ts';
import type { MeetingFacts } from './meeting-facts.ts';
import { advanceMeeting, bump, type MeetingRow } from './meeting-record.ts';
import { MEETING_INDEXES, MEETING_PLOT, MEETING_TABLES, MeetingRows } from './meetings.ts';
import type { Applier, OpenOptions, ProjectedEvent, Projection } from './projection.ts';
import { RowCache } from './row-cache.ts';
import { SLIP_INDEXES, SLIP_TABLES } from './slips.ts';
import { type Plot, type Step, Story } from './story.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * The calendar view: meetings, announcements and their changes in one file, since they are told from the same
 * events.
 */
export const calendar: Projection = {
  name: 'calendar',
  definition: 4,
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

/** An entry in memory. */
interface Entry<R, E extends KeptEvent, F> {
  readonly id: string;
  readonly row: R;
  readonly story: Story<E, F>;
  /** How many of its events the journal has. */
  readonly stored: number;
  /** Those that it does not have yet: see textOf. */
  readonly added: string[];
  /** What it weighs in memory, about. */
  readonly bytes: number;
}

type MeetingEntry = Entry<MeetingRow, KeptEvent<MeetingEvent>, MeetingFacts>;
type AnnouncementEntry = Entry<AnnouncementRow, KeptEvent<AnnouncementEvent>, AnnouncementFacts>;

const ENTRY_BYTES = 4_000;
/** What is gathered from an event, beside its text. */
const MARK_BYTES = 300;

class CalendarApplier implements Applier {
  readonly #journal: Journal;
  readonly #meetingRows: MeetingRows;
  readonly #announcementRows: AnnouncementRows;
  readonly #changes: ChangeRows;
  readonly #meetings: RowCache<MeetingEntry>;
  readonly #announcements: RowCache<AnnouncementEntry>;

  constructor(db: ViewDatabase, options: OpenOptions) {
    const limit = options.build ? options.cacheBytes : 0;
    this.#journal = new Journal(db);
    this.#meetingRows = new MeetingRows(db);
    this.#announcementRows = new AnnouncementRows(db);
    this.#changes = new ChangeRows(db);
    this.#meetings = new RowCache<MeetingEntry>({
      load: (id) => this.#load(this.#meetingRows.load(id), MEETING_PLOT),
      write: (entry) => this.#write(this.#meetingRows, entry),
      placeOf: ({ row }) => row.n,
      limit: (limit / 4) * 3,
    });
    this.#announcements = new RowCache<AnnouncementEntry>({
      load: (id) => this.#load(this.#announcementRows.load(id), ANNOUNCEMENT_PLOT),
      write: (entry) => this.#write(this.#announcementRows, entry),
      placeOf: ({ row }) => row.n,
      limit: limit / 4,
    });
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

  flush(): void {
    this.#meetings.flush();
    this.#announcements.flush();
  }

  finish(): void {
    this.#meetings.drain();
    this.#announcements.drain();
  }

  quarantine(stream: string): void {
    const name = parseStream(stream);
    if (name?.kind === 'meeting') markStale(this.#meetings, name.id);
    else if (name?.kind === 'announcement') markStale(this.#announcements, name.id);
  }

  #load<R extends { readonly n: number; readonly id: string }, E extends KeptEvent, F>(
    row: R | undefined,
    plot: Plot<E, F>,
  ): Entry<R, E, F> | undefined {
    if (row === undefined) return undefined;
    const events = this.#journal.read(row.n) as E[];
    const bytes = ENTRY_BYTES + MARK_BYTES * events.length;
    const story = Story.of(events, plot);
    return { id: row.id, row, story, stored: events.length, added: [], bytes };
  }

  #write<R extends { readonly n: number }, E extends KeptEvent, F>(
    rows: Rows<R, E, F>,
    { row, story, stored, added }: Entry<R, E, F>,
  ): void {
    if (added.length === 0) {
      rows.update(row);
      return;
    }
    this.#journal.add(row.n, stored, added);
    const events = () => this.#journal.read(row.n) as E[];
    rows.write(row, story, events, stored > 0);
  }

  #applyMeeting(event: MeetingProjected, seq: number): void {
    const id = event.stream.slice('meeting-'.length);
    const before = this.#meetings.get(id);
    requireRoom(before?.row.length ?? 0);
    const circle = event.type === 'MeetingMerged' && this.#leadsBack(id, event.data.into);
    const kept = keep<MeetingEvent>(event, seq, circle);
    const story = before?.story ?? new Story(MEETING_PLOT);
    const step = circle && story.facts !== undefined ? undefined : story.next(kept);
    const { state } = (step ?? story).facts as MeetingFacts;
    const { row, changes } = advanceMeeting(id, before?.row, kept, state);
    const text = textOf(kept);
    if (!circle) this.#cite(id, kept.meta.basedOn);
    this.#changed('meeting', kept, row.n, changes, story);
    const entry = withEvent(before, { row, story, text, step: circle ? undefined : step });
    this.#meetings.set(entry, entry.bytes);
  }

  #cite(id: string, announcements: readonly string[] = []): void {
    for (const announcement of announcements) this.#meetingRows.cite(announcement, id);
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
    const before = this.#announcements.get(id);
    requireRoom(before?.row.length ?? 0);
    const kept = keep<AnnouncementEvent>(event, seq, false);
    const story = before?.story ?? new Story(ANNOUNCEMENT_PLOT);
    const step = story.next(kept);
    const { row, changes } = advanceAnnouncement(id, before?.row, kept, step.facts.state);
    const text = textOf(kept);
    const citing = before === undefined ? [] : this.#meetingRows.citing(id);
    const meetings = citing.map((meeting) => this.#meetings.get(meeting));
    this.#changed('announcement', kept, row.n, changes, story);
    const entry = withEvent(before, { row, story, text, step });
    this.#announcements.set(entry, entry.bytes);
    const lowest = Math.min(row.lowest, before?.row.lowest ?? 3);
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
      const id = this.#meetings.idAt(n) ?? this.#meetingRows.idAt(n);
      return { meetings: [this.#meetings.get(id)], lowest: 0 };
    }
    const id = this.#announcements.idAt(n) ?? this.#announcementRows.idAt(n);
    const meetings = this.#meetingRows.citing(id).map((meeting) => this.#meetings.get(meeting));
    return { meetings, lowest: this.#announcements.get(id)?.row.lowest ?? 3 };
  }

  /** What entries show changed: they count one more change at each level that sees it. */
  #touch(entry: MeetingEntry, lowest: number, recordedAt: string, seq: number): void {
    const { row } = entry;
    const from = Math.max(lowest, row.lowest);
    const ticks = row.ticks.map((tick, level) => (level >= from ? bump(tick, recordedAt) : tick));
    this.#meetings.set({ ...entry, row: { ...row, ticks, seq } }, entry.bytes);
  }

  /** Writes who sees the change; where levels lose sight, the entry's earlier events stop existing for them. */
  #changed(
    kind: EntityKind,
    { id, seq, meta }: KeptEvent,
    entity: number,
    rows: readonly ChangeRow[],
    { marks }: { readonly marks: readonly { readonly seq: number }[] },
  ): void {
    if (rows.some(({ since }) => since !== null)) {
      const lost = rows.filter(({ since }) => since !== null).map(({ hi }) => hi);
      // Of events that were ignored there is nothing to hide.
      const seqs = marks.map((mark) => mark.seq);
      this.#changes.hide(seqs, Math.max(...lost) + 1);
    }
    const recordedMs = instantMs(meta.recordedAt);
    this.#changes.write({ event: id, seq, kind, entity, recordedMs }, rows);
  }
}

interface Rows<R, E extends KeptEvent, F> {
  write(row: R, story: Story<E, F>, events: () => readonly E[], stored: boolean): void;
  update(row: R): void;
}

interface Added<R, E extends KeptEvent, F> {
  readonly row: R;
  readonly story: Story<E, F>;
  readonly text: string;
  /** Undefined: the event was ignored. */
  readonly step: Step<F> | undefined;
}

/** The entry with one more event. Story and list grow in place: nobody keeps the entry from before. */
function withEvent<R extends { readonly id: string }, E extends KeptEvent, F>(
  before: Entry<R, E, F> | undefined,
  { row, story, text, step }: Added<R, E, F>,
): Entry<R, E, F> {
  const { stored = 0, added = [], bytes = ENTRY_BYTES } = before ?? {};
  if (step !== undefined) story.add(step);
  added.push(text);
  return { id: row.id, row, story, stored, added, bytes: bytes + MARK_BYTES + text.length };
}

/** Marks the last good row of an entry as stale. */
function markStale<R extends object, E extends KeptEvent, F>(
  cache: RowCache<Entry<R, E, F>>,
  id: string,
): void {
  const entry = cache.get(id);
  if (entry === undefined) return;
  cache.set({ ...entry, row: { ...entry.row, stale: true } }, entry.bytes);
}
