import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type AppendResult, PartialAppend, RevisionConflict } from '../event-store.ts';
import type { SerialisedEvent } from '../serialise.ts';
import { isUniqueViolation } from './errors.ts';

/** One append, checked and serialised. `base` is the expected revision, -1 for a stream without events. */
export interface Append {
  readonly stream: string;
  readonly base: number;
  readonly rows: readonly SerialisedEvent[];
}

/** What became of an append, once the transaction around it is committed. */
export type Outcome =
  | { readonly kind: 'done'; readonly result: AppendResult }
  | { readonly kind: 'refused'; readonly error: RevisionConflict | PartialAppend };

interface Place {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** Writes appends inside a transaction that its caller begins and commits. */
export class Writer {
  readonly #lastRevision: StatementSync;
  readonly #place: StatementSync;
  readonly #insert: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;

  constructor(db: DatabaseSync) {
    this.#lastRevision = db.prepare(
      'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
    );
    this.#place = db.prepare('SELECT stream, revision, position FROM events WHERE id = ?');
    this.#insert = db.prepare(
      'INSERT INTO events (stream, revision, id, type, data, meta) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#savepoint = db.prepare('SAVEPOINT one_append');
    this.#release = db.prepare('RELEASE one_append');
    this.#rollback = db.prepare('ROLLBACK TO one_append');
  }

  /**
   * Writes all events of the append or none, whatever else the transaction holds.
   * @throws the driver's error, which fails the whole transaction
   */
  write(append: Append): Outcome {
    const actual = this.#revisionOf(append.stream);
    if (actual !== append.base) return this.#repeatOrRefuse(append, actual);
    this.#savepoint.run();
    try {
      const position = this.#insertAll(append);
      this.#release.run();
      return done(append, position);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      this.#rollback.run();
      this.#release.run();
      return this.#refuse(append);
    }
  }

  #revisionOf(stream: string): number {
    return (this.#lastRevision.get(stream)?.revision as number | undefined) ?? -1;
  }

  #insertAll({ stream, base, rows }: Append): number {
    let position = 0;
    let revision = base;
    for (const { id, type, data, meta } of rows) {
      revision += 1;
      const { lastInsertRowid } = this.#insert.run(stream, revision, id, type, data, meta);
      position = Number(lastInsertRowid);
    }
    return position;
  }

  #repeatOrRefuse(append: Append, actual: number): Outcome {
    const places = this.#places(append);
    if (places.every((place) => place === undefined)) return conflict(append, actual);
    const first = places[0];
    const last = places.at(-1);
    if (first === undefined || last === undefined || !inOrder(append.stream, first, places)) {
      return this.#refuse(append);
    }
    // Written as a whole, but elsewhere: by another who met the same conflict and decided again.
    if (first.revision !== append.base + 1) return conflict(append, actual);
    return done(append, last.position);
  }

  #refuse(append: Append): Outcome {
    const places = this.#places(append);
    const index = places.findIndex((place) => place !== undefined);
    const place = places[index];
    const message =
      `event ${append.rows[index]?.id} is already written, at revision ${place?.revision} of ${place?.stream}, ` +
      'and not as part of this append: repeat an append with exactly its first events, or give new ids';
    return { kind: 'refused', error: new PartialAppend(message) };
  }

  #places(append: Append): (Place | undefined)[] {
    return append.rows.map((row) => this.#place.get(row.id) as Place | undefined);
  }
}

function inOrder(stream: string, first: Place, places: readonly (Place | undefined)[]): boolean {
  return places.every(
    (place, index) => place?.stream === stream && place.revision === first.revision + index,
  );
}

function done({ base, rows }: Append, position: number): Outcome {
  return { kind: 'done', result: { revision: base + rows.length, position: String(position) } };
}

function conflict({ stream, base }: Append, actual: number): Outcome {
  const name = (revision: number) => (revision < 0 ? 'none' : revision);
  return { kind: 'refused', error: new RevisionConflict(stream, name(base), name(actual)) };
}
