import type { AnnouncementRecord } from './announcement-record.ts';
import type { MeetingRecord } from './meeting-record.ts';
import {
  sourceOf,
  type VisibleMeeting,
  visibleAnnouncement,
  visibleMeeting,
} from './meeting-view.ts';
import type { Reader, Source } from './types.ts';
import type { ViewDatabase, ViewStatement } from './view-database.ts';

/** Prepares each statement of one database handle once. */
export class Statements {
  readonly #db: ViewDatabase;
  readonly #prepared = new Map<string, ViewStatement>();

  constructor(db: ViewDatabase) {
    this.#db = db;
  }

  of(sql: string): ViewStatement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      // Filters combine to many texts: the bound keeps hostile variety from filling memory.
      if (this.#prepared.size >= MAX_STATEMENTS) this.#prepared.clear();
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

const MAX_STATEMENTS = 500;

/** Single rows as one reader sees them; remembers what it looked up, so use one for each request. */
export class Lookup {
  readonly #statements: Statements;
  readonly #reader: Reader;
  readonly #meetings = new Map<string, VisibleMeeting | undefined>();
  readonly #announcements = new Map<string, AnnouncementRecord | undefined>();
  readonly #sources = new Map<string, Source | undefined>();

  constructor(statements: Statements, reader: Reader) {
    this.#statements = statements;
    this.#reader = reader;
  }

  /** The meeting, gone ones included; undefined when missing or hidden alike. */
  meeting(id: string): VisibleMeeting | undefined {
    if (!this.#meetings.has(id)) {
      const row = this.#statements.of('SELECT record FROM meetings WHERE id = ?').get(id);
      const record = row && (JSON.parse(row.record as string) as MeetingRecord);
      this.#meetings.set(id, record && visibleMeeting(record, this.#reader));
    }
    return this.#meetings.get(id);
  }

  /** The record of a visible announcement. */
  announcement(id: string): AnnouncementRecord | undefined {
    if (!this.#announcements.has(id)) this.#announcements.set(id, this.#readAnnouncement(id));
    return this.#announcements.get(id);
  }

  #readAnnouncement(id: string): AnnouncementRecord | undefined {
    const row = this.#statements.of('SELECT record FROM announcements WHERE id = ?').get(id);
    const record = row && (JSON.parse(row.record as string) as AnnouncementRecord);
    return record && visibleAnnouncement(record, this.#reader) ? record : undefined;
  }

  /** The visible sources among cited announcements, in the order cited. */
  sources(cites: readonly string[]): Source[] {
    return cites.map((cite) => this.#source(cite)).filter((source) => source !== undefined);
  }

  #source(id: string): Source | undefined {
    if (!this.#sources.has(id)) {
      const record = this.announcement(id);
      this.#sources.set(id, record && sourceOf(record));
    }
    return this.#sources.get(id);
  }

  /**
   * Follows merges to the meeting that stands for this one; undefined when the chain leaves the reader's
   * sight.
   */
  survivor(id: string): VisibleMeeting | undefined {
    let found = this.meeting(id);
    while (found?.record.state.status === 'merged') found = this.meeting(found.record.state.into);
    return found;
  }

  /** Where a merged meeting points, when the survivor is visible and not itself gone; else null. */
  pointer(visible: VisibleMeeting): string | null {
    const { state } = visible.record;
    if (state.status !== 'merged') return null;
    const status = this.meeting(state.into)?.record.state.status;
    return status === undefined || status === 'merged' || status === 'withdrawn'
      ? null
      : state.into;
  }
}
