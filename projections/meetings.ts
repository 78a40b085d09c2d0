import type { MeetingEvent } from '../events/meeting.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import { everOf, meetingParts, meetingWords, type Searchable } from './description.ts';
import { foldText } from './fold.ts';
import type { KeptEvent } from './journal.ts';
import { levelColumns, releaseMsOf } from './levels.ts';
import { factsAfter, type MeetingFacts } from './meeting-facts.ts';
import type { MeetingRow } from './meeting-record.ts';
import { MEETING_MOMENTS, MEETING_ORDER, meetingKey } from './order.ts';
import { rowWriter } from './row-writer.ts';
import { SlipRows, slipOf } from './slips.ts';
import type { Plot, Story } from './story.ts';
import { TextRows } from './text-rows.ts';
import { type OrderKey, TimeRows, timesIndex, timesOf, timesTable } from './times.ts';
import type { ViewDatabase, ViewValue } from './view-database.ts';

/**
 * The table of meetings: one row each, with columns for filters and order, and the record as JSON.
 * vis0..2: epoch ms from which each level sees it (0: always), null when it does not.
 * rec0..2: recordedAt of the first event each level sees, in epoch ms.
 * meeting_text holds words that are folded already: the ascii tokenizer splits them at spaces alone, where
 * another would split at letters that are not in its own table of Unicode. Not contentless: deleting from
 * such a table leaves SQLite a last rowid beyond 2^53, on which node:sqlite then throws.
 */
export const MEETING_TABLES = `
CREATE TABLE meetings (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, seq INTEGER NOT NULL,
  vis0 INTEGER, vis1 INTEGER, vis2 INTEGER, rec0 INTEGER, rec1 INTEGER, rec2 INTEGER,
  status TEXT NOT NULL, form TEXT NOT NULL, track TEXT, country TEXT, place TEXT, place_name TEXT,
  precision TEXT,
  rank INTEGER NOT NULL, latest INTEGER NOT NULL, earliest INTEGER NOT NULL, past_at INTEGER NOT NULL,
  until_ms INTEGER NOT NULL, first_day TEXT, last_day TEXT, throughout INTEGER NOT NULL,
  parties TEXT, topics TEXT, ever INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE cites (
  announcement TEXT NOT NULL, meeting TEXT NOT NULL, PRIMARY KEY (announcement, meeting)
) STRICT, WITHOUT ROWID;
CREATE TABLE merges (
  survivor TEXT NOT NULL, meeting TEXT NOT NULL, PRIMARY KEY (survivor, meeting)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE meeting_text USING fts5(
  words, detail=none, columnsize=0, tokenize='ascii'
);
CREATE UNIQUE INDEX meetings_id ON meetings (id);
${timesTable('meeting_times', MEETING_ORDER, MEETING_MOMENTS)}`;

export const MEETING_INDEXES = `
CREATE INDEX meetings_order ON meetings (rank, latest, earliest, id);
CREATE INDEX meetings_past ON meetings (past_at);
CREATE INDEX meetings_seq ON meetings (seq);
CREATE INDEX meetings_track ON meetings (track) WHERE track IS NOT NULL;
CREATE INDEX meetings_rec0 ON meetings (rec0, id) WHERE rec0 IS NOT NULL;
CREATE INDEX meetings_rec1 ON meetings (rec1, id) WHERE rec1 IS NOT NULL;
CREATE INDEX meetings_rec2 ON meetings (rec2, id) WHERE rec2 IS NOT NULL;
CREATE INDEX meetings_embargo ON meetings (vis0) WHERE vis0 > 0;
${timesIndex('meeting_times', MEETING_ORDER, MEETING_MOMENTS)}`;

export const MEETING_PLOT: Plot<KeptEvent<MeetingEvent>, MeetingFacts, Searchable> = {
  after: factsAfter,
  key: meetingKey,
  alike: (a, b) => a.when === b.when && liveOf(a.state).status === liveOf(b.state).status,
  statedAt: ({ dateStatedAt }) => dateStatedAt,
  parts: meetingParts,
  ever: everOf,
  slip: slipOf,
};

function columnsOf(
  row: MeetingRow,
  { state, when }: MeetingFacts,
  key: OrderKey,
  ever: number,
): ViewValue[] {
  const { details } = liveOf(state);
  const { place } = details;
  return [
    row.n,
    row.id,
    row.seq,
    ...levelColumns(row),
    state.status,
    details.form,
    details.track ?? null,
    place?.country ?? null,
    place?.name === undefined ? null : foldText(place.name),
    place?.name ?? null,
    when?.precision ?? null,
    ...key,
    when?.earliest ?? null,
    when?.latest ?? null,
    when === null || when.precision === 'time' || when.extent === 'throughout' ? 1 : 0,
    listOf(details.participants.map(({ party, name }) => [party, name])),
    listOf(details.topics),
    ever,
    JSON.stringify(row),
  ];
}

const listOf = (values: readonly unknown[]): string | null =>
  values.length === 0 ? null : JSON.stringify(values);

export type MeetingStory = Story<MeetingFacts, Searchable>;

/** Reads and writes meeting rows of one database. */
export class MeetingRows {
  readonly #get;
  readonly #id;
  readonly #rows;
  readonly #update;
  readonly #text;
  readonly #cite;
  readonly #citing;
  readonly #merge;
  readonly #merged;
  readonly #times;
  readonly #slips;

  constructor(db: ViewDatabase) {
    this.#get = db.prepare('SELECT record FROM meetings WHERE id = ?');
    this.#id = db.prepare('SELECT id FROM meetings WHERE n = ?');
    this.#rows = rowWriter(db, 'meetings');
    this.#update = db.prepare('UPDATE meetings SET seq = ?, record = ? WHERE n = ?');
    this.#text = new TextRows(db, 'meeting_text');
    this.#cite = db.prepare('INSERT OR IGNORE INTO cites VALUES (?, ?)');
    this.#citing = db.prepare('SELECT meeting FROM cites WHERE announcement = ?');
    this.#merge = db.prepare('INSERT OR IGNORE INTO merges VALUES (?, ?)');
    this.#merged = db.prepare('SELECT meeting FROM merges WHERE survivor = ?');
    this.#slips = new SlipRows(db);
    this.#times = new TimeRows(db, 'meeting_times', MEETING_ORDER.length);
  }

  load(id: string): MeetingRow | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : (JSON.parse(row.record as string) as MeetingRow);
  }

  /** The id of a row that is there. */
  idAt(n: number): string {
    return this.#id.get(n)?.id as string;
  }

  /** Writes a row that no event of its own changed. */
  update(row: MeetingRow): void {
    this.#update.run(row.seq, JSON.stringify(row), row.n);
  }

  cite(announcement: string, meeting: string): void {
    this.#cite.run(announcement, meeting);
  }

  citing(announcement: string): string[] {
    return this.#citing.all(announcement).map((row) => row.meeting as string);
  }

  merge(survivor: string, meeting: string): void {
    this.#merge.run(survivor, meeting);
  }

  /** What was ever merged into it, whether or not it was restored since. */
  mergedInto(survivor: string): string[] {
    return this.#merged.all(survivor).map((row) => row.meeting as string);
  }

  /**
   * Writes the row and what is found through it.
   * @param events all of them, read when they are asked for
   * @param stored whether rows of it are there already
   */
  write(
    row: MeetingRow,
    story: MeetingStory,
    events: () => readonly KeptEvent<MeetingEvent>[],
    stored: boolean,
  ): void {
    const { n, id } = row;
    const { facts, marks, parts, slips } = story;
    const last = marks.at(-1);
    if (last === undefined) return;
    const words = meetingWords(parts);
    this.#rows.write(columnsOf(row, facts, last.key, story.ever), stored);
    const timed = { marks, course: MEETING_PLOT, events };
    this.#times.write(n, id, timesOf(timed, row.sights, releaseMsOf(row)), stored);
    this.#slips.write(row, slips, stored);
    this.#text.write(n, words, stored);
  }
}
