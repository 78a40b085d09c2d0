import type { ChangeDraft } from './levels.ts';
import type { ProjectedEvent } from './projection.ts';
import type { ViewDatabase } from './view-database.ts';

/**
 * One row a visible change. `n` = seq × 4 + k orders them. Levels lo..hi see it; known_lo..hi once did, so
 * that a cursor goes on working after a restriction. `since`, of `removed` rows only: the seq from which
 * the losing levels saw the entry. Rows without a body say nothing but that.
 */
export const CHANGE_TABLES = `
CREATE TABLE changes (
  n INTEGER PRIMARY KEY, event TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
  lo INTEGER NOT NULL, hi INTEGER NOT NULL, known_lo INTEGER NOT NULL, since INTEGER,
  type TEXT NOT NULL, recorded_at TEXT NOT NULL, actor TEXT NOT NULL, revision INTEGER NOT NULL,
  body TEXT
) STRICT;
`;

const CHANGES_BY_ENTITY = 'CREATE INDEX IF NOT EXISTS changes_entity ON changes (entity, kind, n);';
export const CHANGE_INDEXES = `
CREATE INDEX changes_event ON changes (event);
${CHANGES_BY_ENTITY}
`;

/** Rows per event that `n` leaves room for. */
export const CHANGES_PER_EVENT = 4;

export type EntityKind = 'meeting' | 'announcement';

/** What a change row's body holds: the draft without its levels and type. */
export type ChangeBody = Required<
  Pick<ChangeDraft, 'sentence' | 'diffs' | 'cites' | 'statedAt'>
> & {
  readonly reason: string | null;
  readonly into?: string;
};

/** Levels below `above` lost sight of an entry by the event whose first row is `n`. */
interface Loss {
  readonly kind: EntityKind;
  readonly entity: string;
  readonly above: number;
  readonly n: number;
}

/** Writes change rows of one database. */
export class ChangeRows {
  readonly #db: ViewDatabase;
  readonly #insert;
  readonly #hide;
  readonly #build: boolean;
  readonly #losses: Loss[] = [];

  /** `build`: the index by entity is not there yet, so what entries lost waits for `finish`. */
  constructor(db: ViewDatabase, build: boolean) {
    this.#db = db;
    this.#build = build;
    this.#insert = db.prepare('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#hide = db.prepare(
      "UPDATE changes SET lo = ?1 WHERE entity = ?2 AND kind = ?3 AND n < ?4 AND lo < ?1 AND type <> 'removed'",
    );
  }

  /** Appends an event's changes; where levels lose sight, their earlier rows stop existing for them. */
  write(
    kind: EntityKind,
    entity: string,
    event: ProjectedEvent,
    seq: number,
    drafts: readonly ChangeDraft[],
  ): void {
    const removed = drafts.filter((d) => d.type === 'removed');
    if (removed.length > 0) {
      const above = Math.max(...removed.map((d) => d.hi)) + 1;
      this.#lose({ kind, entity, above, n: seq * CHANGES_PER_EVENT });
    }
    drafts.forEach((draft, k) => {
      const { lo, hi, type, known = lo, since, ...body } = draft;
      this.#insert.run(
        seq * CHANGES_PER_EVENT + k,
        event.id,
        kind,
        entity,
        lo,
        hi,
        known,
        since ?? null,
        type,
        event.meta.recordedAt,
        event.meta.actor,
        event.revision,
        body.sentence === undefined ? null : JSON.stringify(body),
      );
    });
  }

  /** End of a build: hides the rows that later losses hide. */
  finish(): void {
    if (this.#losses.length === 0) return;
    this.#db.exec(CHANGES_BY_ENTITY);
    for (const loss of this.#losses.splice(0)) this.#hideRows(loss);
  }

  #lose(loss: Loss): void {
    if (this.#build) this.#losses.push(loss);
    else this.#hideRows(loss);
  }

  #hideRows({ kind, entity, above, n }: Loss): void {
    this.#hide.run(above, entity, kind, n);
  }
}
