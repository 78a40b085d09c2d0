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

export const CHANGE_INDEXES = `
CREATE INDEX changes_event ON changes (event);
CREATE INDEX changes_entity ON changes (entity, kind, n);
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

/** Writes change rows of one database. */
export class ChangeRows {
  readonly #insert;
  readonly #hide;

  constructor(db: ViewDatabase) {
    this.#insert = db.prepare('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#hide = db.prepare(
      "UPDATE changes SET lo = ? WHERE entity = ? AND kind = ? AND lo < ? AND type <> 'removed'",
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
      this.#hide.run(above, entity, kind, above);
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
}
