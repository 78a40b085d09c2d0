import type { AnnouncementEvent, AnnouncementFacts as Facts } from '../events/announcement.ts';
import { endOfUtcDayMs, instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import { type AnnouncementFacts, announcementFactsAfter } from './announcement-telling.ts';
import { type Named, tokenOf, wordsOf } from './description.ts';
import { foldText } from './fold.ts';
import type { KeptEvent } from './journal.ts';
import { levelColumns, releaseMsOf } from './levels.ts';
import { rowWriter } from './row-writer.ts';
import type { Plot, Story } from './story.ts';
import { TextRows } from './text-rows.ts';
import { TimeRows, timesIndex, timesOf, timesTable } from './times.ts';
import type { ViewDatabase } from './view-database.ts';

/** Columns of both tables that lists of announcements are read from: their order, and what they filter by. */
const ORDER = ['published'] as const;
const MOMENTS = ['published_last'] as const;

/**
 * The table of announcements; vis and rec columns and words as in meetings.ts. Order is by publication:
 * first and last epoch ms it can be, a date being a UTC day.
 */
export const ANNOUNCEMENT_TABLES = `
CREATE TABLE announcements (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, seq INTEGER NOT NULL,
  vis0 INTEGER, vis1 INTEGER, vis2 INTEGER, rec0 INTEGER, rec1 INTEGER, rec2 INTEGER,
  kind TEXT NOT NULL, outlet TEXT NOT NULL, published INTEGER NOT NULL, published_last INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE announcement_text USING fts5(
  words, detail=none, columnsize=0, tokenize='ascii'
);
CREATE UNIQUE INDEX announcements_id ON announcements (id);
${timesTable('announcement_times', ORDER, MOMENTS)}`;

export const ANNOUNCEMENT_INDEXES = `
CREATE INDEX announcements_published ON announcements (published, id);
CREATE INDEX announcements_embargo ON announcements (vis0) WHERE vis0 > 0;
${timesIndex('announcement_times', ORDER, MOMENTS)}`;

/** First and last moment (epoch ms) of a date or instant: dates and instants sort together. */
export const publishedSpan = (value: string): [number, number] =>
  value.includes('T')
    ? [instantMs(value), instantMs(value)]
    : [instantMs(`${value}T00:00:00Z`), endOfUtcDayMs(value)];

/** The meetings an announcement speaks of: named in `about` or claimed on. */
export const mentions = (facts: Facts): readonly string[] => [
  ...new Set([...facts.about, ...facts.claims.map((c) => c.meeting)]),
];

/** What a speaker is found by: their party, and their name folded. */
export const speakersOf = (facts: Facts): readonly string[] =>
  facts.speakers.flatMap((s) => [foldText(s.name), ...(s.party === undefined ? [] : [s.party])]);

/** Everything that `q` finds an announcement by. */
export const announcementTexts = ({ title, outlet, topics, speakers }: Facts): string[] => [
  title,
  outlet,
  ...topics,
  ...speakers.map((s) => s.name),
];

function tokensOf(facts: Facts): string[] {
  const tokens: string[] = [];
  for (const meeting of mentions(facts)) tokens.push(tokenOf('meeting', meeting));
  for (const topic of facts.topics) tokens.push(tokenOf('topic', topic));
  for (const speaker of speakersOf(facts)) tokens.push(tokenOf('speaker', speaker));
  tokens.push(tokenOf('kind', facts.kind), tokenOf('outlet', foldText(facts.outlet)));
  return tokens;
}

const named = (facts: Facts): Named => ({
  tokens: tokensOf(facts),
  texts: announcementTexts(facts),
});

/** As meetingParts; all of it when any of it is new. */
const announcementParts = (
  before: AnnouncementFacts | undefined,
  after: AnnouncementFacts,
): Facts | undefined => (before?.state.facts === after.state.facts ? undefined : after.state.facts);

export const ANNOUNCEMENT_PLOT: Plot<KeptEvent<AnnouncementEvent>, AnnouncementFacts, Facts> = {
  after: announcementFactsAfter,
  key: ({ state }) => publishedSpan(state.facts.publishedAt.value),
  alike: (a, b) => a.state.facts.publishedAt.value === b.state.facts.publishedAt.value,
  statedAt: ({ statedAt }) => statedAt,
  parts: announcementParts,
  ever: () => 0,
  slip: () => undefined,
};

export type AnnouncementStory = Story<AnnouncementFacts, Facts>;

/** Reads and writes announcement rows of one database. */
export class AnnouncementRows {
  readonly #get;
  readonly #id;
  readonly #rows;
  readonly #update;
  readonly #text;
  readonly #times;

  constructor(db: ViewDatabase) {
    this.#get = db.prepare('SELECT record FROM announcements WHERE id = ?');
    this.#id = db.prepare('SELECT id FROM announcements WHERE n = ?');
    this.#rows = rowWriter(db, 'announcements');
    this.#update = db.prepare('UPDATE announcements SET seq = ?, record = ? WHERE n = ?');
    this.#text = new TextRows(db, 'announcement_text');
    this.#times = new TimeRows(db, 'announcement_times', ORDER.length);
  }

  load(id: string): AnnouncementRow | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : (JSON.parse(row.record as string) as AnnouncementRow);
  }

  /** The id of a row that is there. */
  idAt(n: number): string {
    return this.#id.get(n)?.id as string;
  }

  /** Writes a row that no event of its own changed. */
  update(row: AnnouncementRow): void {
    this.#update.run(row.seq, JSON.stringify(row), row.n);
  }

  /** As MeetingRows.write. */
  write(
    row: AnnouncementRow,
    story: AnnouncementStory,
    events: () => readonly KeptEvent<AnnouncementEvent>[],
    stored: boolean,
  ): void {
    const { n, id } = row;
    const { marks, parts } = story;
    const { facts } = story.facts.state;
    const columns = [
      ...[n, id, row.seq, ...levelColumns(row)],
      ...[facts.kind, foldText(facts.outlet), ...publishedSpan(facts.publishedAt.value)],
      JSON.stringify(row),
    ];
    this.#rows.write(columns, stored);
    this.#text.write(n, wordsOf(parts, named), stored);
    const timed = { marks, course: ANNOUNCEMENT_PLOT, events };
    this.#times.write(n, id, timesOf(timed, row.sights, releaseMsOf(row)), stored);
  }
}
