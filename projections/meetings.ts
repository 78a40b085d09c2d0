import { earliestMs, latestMs, type ResolvedWhen } from '../src/domain/date/index.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import { foldText, foldWords } from './fold.ts';
import { levelColumns } from './levels.ts';
import type { MeetingRecord } from './meeting-record.ts';
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
  first_day TEXT, last_day TEXT, until_ms INTEGER NOT NULL, throughout INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE TABLE meeting_tags (
  kind TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (kind, value, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE cites (
  announcement TEXT NOT NULL, meeting TEXT NOT NULL, PRIMARY KEY (announcement, meeting)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE meeting_text USING fts5(
  words, detail=none, columnsize=0, tokenize='ascii'
);
CREATE UNIQUE INDEX meetings_id ON meetings (id);
`;

export const MEETING_INDEXES = `
CREATE INDEX meetings_order ON meetings (rank, latest, earliest, id);
CREATE INDEX meetings_past ON meetings (past_at);
CREATE INDEX meetings_seq ON meetings (seq);
CREATE INDEX meetings_track ON meetings (track) WHERE track IS NOT NULL;
CREATE INDEX meetings_rec0 ON meetings (rec0, id) WHERE rec0 IS NOT NULL;
CREATE INDEX meetings_rec1 ON meetings (rec1, id) WHERE rec1 IS NOT NULL;
CREATE INDEX meetings_rec2 ON meetings (rec2, id) WHERE rec2 IS NOT NULL;
CREATE INDEX meetings_embargo ON meetings (vis0) WHERE vis0 > 0;
CREATE INDEX meeting_tags_n ON meeting_tags (n);
`;

/** Stands for "never" and "since ever" in the order columns, within the integers JavaScript can hold. */
export const NEVER = 8_640_000_000_000_000;

/** Rank in the order: closed dates, then open ends (`a/..`), then undated. */
export const RANK = { closed: 0, open: 1, undated: 2 } as const;

interface OrderColumns {
  readonly rank: number;
  readonly latest: number;
  readonly earliest: number;
  readonly until: number;
}

function orderOf(when: ResolvedWhen | null): OrderColumns {
  if (when === null) return { rank: RANK.undated, latest: NEVER, earliest: NEVER, until: NEVER };
  const latest = latestMs(when);
  const earliest = earliestMs(when) ?? -NEVER;
  if (latest === null) return { rank: RANK.open, latest: NEVER, earliest, until: NEVER };
  const end = when.precision === 'time' && when.endsAt !== null ? latest : latest + 1;
  // As everywhere in the date module: a meeting takes a moment, even when its zone's rules left it none.
  const until = Math.max(end, earliest + 1);
  return { rank: RANK.closed, latest, earliest, until };
}

/** The last moment before it counts as past: held and not-held always are, postponed never. */
function pastAt(record: MeetingRecord, latest: number): number {
  const live = liveOf(record.state);
  if (live.status === 'held' || live.status === 'not-held') return -NEVER;
  return live.status === 'postponed' ? NEVER : latest;
}

/** Everything that `q` finds a meeting by: title, names, places, topics. */
export function searchTexts(meeting: {
  title: string;
  participants: readonly { name: string; as?: string | undefined; party: string }[];
  topics: readonly string[];
  track?: string | null | undefined;
  place?:
    | { name?: string | undefined; venue?: string | undefined; country?: string | undefined }
    | null
    | undefined;
}): string {
  const { place } = meeting;
  const names = meeting.participants.flatMap((p) => [p.name, p.party, p.as ?? '']);
  return [
    meeting.title,
    ...names,
    ...meeting.topics,
    meeting.track ?? '',
    place?.name ?? '',
    place?.venue ?? '',
    place?.country ?? '',
  ].join(' ');
}

const COLUMNS = 25;
const DERIVE_PAGE = 500;

/** Reads and writes meeting rows of one database. */
export class MeetingRows {
  readonly #get;
  readonly #put;
  readonly #tag;
  readonly #untag;
  readonly #words;
  readonly #text;
  readonly #untext;
  readonly #cite;
  readonly #citing;
  readonly #page;
  readonly #build: boolean;

  /** `build`: the file holds no older row of anything, so nothing needs to be removed first. */
  constructor(db: ViewDatabase, build: boolean) {
    this.#build = build;
    this.#get = db.prepare('SELECT record FROM meetings WHERE id = ?');
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO meetings VALUES (${Array(COLUMNS).fill('?').join(', ')})`,
    );
    this.#tag = db.prepare('INSERT OR IGNORE INTO meeting_tags VALUES (?, ?, ?, ?)');
    this.#untag = db.prepare('DELETE FROM meeting_tags WHERE n = ?');
    this.#words = db.prepare('SELECT words FROM meeting_text WHERE rowid = ?');
    this.#text = db.prepare('INSERT INTO meeting_text (rowid, words) VALUES (?, ?)');
    this.#untext = db.prepare('DELETE FROM meeting_text WHERE rowid = ?');
    this.#cite = db.prepare('INSERT OR IGNORE INTO cites VALUES (?, ?)');
    this.#page = db.prepare('SELECT n, record FROM meetings WHERE n > ? ORDER BY n LIMIT ?');
    this.#citing = db.prepare('SELECT meeting FROM cites WHERE announcement = ?');
  }

  load(id: string): MeetingRecord | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : (JSON.parse(row.record as string) as MeetingRecord);
  }

  cite(announcement: string, meeting: string): void {
    this.#cite.run(announcement, meeting);
  }

  citing(announcement: string): string[] {
    return this.#citing.all(announcement).map((row) => row.meeting as string);
  }

  /** Writes the row and what is found through it; in a build the latter waits for `derive`. */
  write(record: MeetingRecord): void {
    this.#put.run(...this.#columns(record));
    if (this.#build) return;
    this.#untag.run(record.n);
    this.#describe(record);
  }

  /** End of a build: tags and words of every row, once each. */
  derive(): void {
    let after = 0;
    for (;;) {
      const rows = this.#page.all(after, DERIVE_PAGE);
      for (const row of rows) this.#describe(JSON.parse(row.record as string) as MeetingRecord);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.n as number;
    }
  }

  #describe(record: MeetingRecord): void {
    const { n } = record;
    const { details } = liveOf(record.state);
    for (const p of details.participants) this.#tag.run('party', p.party, n, p.name);
    for (const topic of details.topics) this.#tag.run('topic', topic, n, topic);
    this.#index(n, foldWords(searchTexts(details)).join(' '));
  }

  // Most events leave the words alone, and taking them out of the index is the dear part.
  #index(n: number, words: string): void {
    const before = this.#build ? undefined : this.#words.get(n);
    if (before?.words === words) return;
    if (before !== undefined) this.#untext.run(n);
    this.#text.run(n, words);
  }

  #columns(record: MeetingRecord): ViewValue[] {
    const { details } = liveOf(record.state);
    const { when } = record;
    const order = orderOf(when);
    const { place } = details;
    return [
      record.n,
      record.id,
      record.seq,
      ...levelColumns(record, details),
      record.state.status,
      details.form,
      details.track ?? null,
      place?.country ?? null,
      place?.name === undefined ? null : foldText(place.name),
      place?.name ?? null,
      when?.precision ?? null,
      order.rank,
      order.latest,
      order.earliest,
      pastAt(record, order.latest),
      when?.earliest ?? null,
      when?.latest ?? null,
      order.until,
      when === null || when.precision === 'time' || when.extent === 'throughout' ? 1 : 0,
      JSON.stringify(record),
    ];
  }
}
