import { endOfUtcDayMs, instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRecord } from './announcement-record.ts';
import { foldText, foldWords } from './fold.ts';
import { levelColumns } from './levels.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * The table of announcements; vis and rec columns as in meetings.ts. Order is by publication: first and
 * last epoch ms it can be, a date being a UTC day.
 */
export const ANNOUNCEMENT_TABLES = `
CREATE TABLE announcements (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, seq INTEGER NOT NULL,
  vis0 INTEGER, vis1 INTEGER, vis2 INTEGER, rec0 INTEGER, rec1 INTEGER, rec2 INTEGER,
  kind TEXT NOT NULL, outlet TEXT NOT NULL, published INTEGER NOT NULL, published_last INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE TABLE announcement_tags (
  kind TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (kind, value, n)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE announcement_text USING fts5(
  words, detail=none, columnsize=0, tokenize='ascii'
);
CREATE UNIQUE INDEX announcements_id ON announcements (id);
CREATE INDEX announcement_tags_n ON announcement_tags (n);
`;

export const ANNOUNCEMENT_INDEXES = `
CREATE INDEX announcements_published ON announcements (published, id);
CREATE INDEX announcements_embargo ON announcements (vis0) WHERE vis0 > 0;
`;

/** First and last moment (epoch ms) of a date or instant: dates and instants sort together. */
export const publishedSpan = (value: string): [number, number] =>
  value.includes('T')
    ? [instantMs(value), instantMs(value)]
    : [instantMs(`${value}T00:00:00Z`), endOfUtcDayMs(value)];

/** The meetings an announcement speaks of: named in `about` or claimed on. */
export const mentions = (record: AnnouncementRecord): readonly string[] => [
  ...new Set([...record.state.facts.about, ...record.state.facts.claims.map((c) => c.meeting)]),
];

function tagsOf(record: AnnouncementRecord): [string, string][] {
  const { facts } = record.state;
  return [
    ...mentions(record).map((meeting): [string, string] => ['meeting', meeting]),
    ...facts.topics.map((topic): [string, string] => ['topic', topic]),
    ...facts.speakers.flatMap((s): [string, string][] => [
      ['speaker', foldText(s.name)],
      ...(s.party === undefined ? [] : ([['speaker', s.party]] as [string, string][])),
    ]),
  ];
}

const COLUMNS = 14;

/** Reads and writes announcement rows of one database. */
export class AnnouncementRows {
  readonly #get;
  readonly #put;
  readonly #tag;
  readonly #untag;
  readonly #text;
  readonly #untext;

  constructor(db: ViewDatabase) {
    this.#get = db.prepare('SELECT record FROM announcements WHERE id = ?');
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO announcements VALUES (${Array(COLUMNS).fill('?').join(', ')})`,
    );
    this.#tag = db.prepare('INSERT OR IGNORE INTO announcement_tags VALUES (?, ?, ?)');
    this.#untag = db.prepare('DELETE FROM announcement_tags WHERE n = ?');
    this.#text = db.prepare('INSERT INTO announcement_text (rowid, words) VALUES (?, ?)');
    this.#untext = db.prepare('DELETE FROM announcement_text WHERE rowid = ?');
  }

  load(id: string): AnnouncementRecord | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : (JSON.parse(row.record as string) as AnnouncementRecord);
  }

  write(record: AnnouncementRecord): void {
    const { n } = record;
    const { facts } = record.state;
    this.#untext.run(n);
    this.#untag.run(n);
    this.#put.run(
      n,
      record.id,
      record.seq,
      ...levelColumns(record, facts),
      facts.kind,
      foldText(facts.outlet),
      ...publishedSpan(facts.publishedAt.value),
      JSON.stringify(record),
    );
    for (const [kind, value] of tagsOf(record)) this.#tag.run(kind, value, n);
    const texts = [
      facts.title,
      facts.outlet,
      ...facts.topics,
      ...facts.speakers.map((s) => s.name),
    ];
    this.#text.run(n, foldWords(texts.join(' ')).join(' '));
  }
}
