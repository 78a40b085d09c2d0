import type { EntryRow } from './entry.ts';
import { entryRow, type UidOf } from './entry-view.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import { Statements } from './statements.ts';
import { Tellings } from './tellings.ts';
import type { Reader } from './types.ts';
import type { ViewDatabase, ViewRow } from './view-database.ts';

/** A row that was touched. */
export interface EntryChange {
  readonly id: string;
  /** Seq of the last event that touched the row. */
  readonly version: number;
  /**
   * The row as the reader's calendar has it at the moment of this call; null: it is not there, or no longer.
   * Telling it takes most of the time, so it is not done for many rows at once.
   */
  row(): EntryRow | null;
}

/** What feeds read of the calendar view. Pure reads of one open database, as CalendarQueries. */
export interface EntryQueries {
  /** All that `work` reads is of one state of the view, also while another thread applies events to it. */
  inOneState<T>(work: () => T): T;
  /** Rows touched by an event after seq `after`, in that order, at most `limit`; 0 = all rows. */
  changesAfter(reader: Reader, after: number, limit: number): EntryChange[];
  /**
   * Rows that became different by the clock alone, after `fromMs` up to `toMs`: their embargo ended, or that of an
   * announcement they cite, or of the meeting they were merged into. To those who saw them before, that counts as well.
   */
  releasedBetween(reader: Reader, fromMs: number, toMs: number): EntryChange[];
  /** One meeting; undefined when missing, hidden, or never on this reader's calendar. */
  one(reader: Reader, id: string): EntryRow | undefined;
}

const CHANGED = 'SELECT id, seq FROM meetings WHERE seq > ? ORDER BY seq LIMIT ?';
const RELEASED = `
  SELECT id, seq FROM meetings WHERE vis0 > 0 AND vis0 > ?1 AND vis0 <= ?2
  UNION SELECT m.id, m.seq FROM announcements a JOIN cites c ON c.announcement = a.id
  JOIN meetings m ON m.id = c.meeting WHERE a.vis0 > 0 AND a.vis0 > ?1 AND a.vis0 <= ?2
  UNION SELECT m.id, m.seq FROM meetings s JOIN merges x ON x.survivor = s.id
  JOIN meetings m ON m.id = x.meeting WHERE s.vis0 > 0 AND s.vis0 > ?1 AND s.vis0 <= ?2`;

/** The entries of one open calendar view. */
export function entryQueries(db: ViewDatabase, uidOf: UidOf): EntryQueries {
  const statements = new Statements(db);
  // Entries are kept as they are rendered: what they were told from need not be.
  const tellings = new Tellings(statements, 0);
  const context: QueryContext = {
    ...{ statements, tellings, releaseId: () => '' },
    skippedSeq: () => undefined,
  };
  const one = (reader: Reader, id: string): EntryRow | undefined => {
    const lookup = new Lookup(context, reader);
    const visible = lookup.meeting(id);
    return visible && entryRow(visible, lookup, uidOf);
  };
  const changes = (rows: readonly ViewRow[], reader: Reader): EntryChange[] =>
    rows.map(({ id, seq }) => ({
      ...{ id: id as string, version: seq as number },
      row: () => one(reader, id as string) ?? null,
    }));
  return {
    inOneState: (work) => {
      db.exec('BEGIN');
      try {
        return work();
      } finally {
        if (db.isTransaction) db.exec('COMMIT');
      }
    },
    changesAfter: (reader, after, limit) =>
      changes(statements.of(CHANGED).all(after, limit), reader),
    releasedBetween: (reader, fromMs, toMs) =>
      changes(statements.of(RELEASED).all(fromMs, toMs), reader),
    one,
  };
}
