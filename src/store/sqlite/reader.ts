import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { type Head, type Position, StoreInvalid } from '../event-store.ts';

/**
 * Pages of events by key. Every statement is run to its end at once: one left open across an await would
 * keep the write-ahead log from being copied back, and it would grow without bound.
 */

type Row = readonly [
  position: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  data: string,
  meta: string,
];

const SELECT = 'SELECT position, stream, revision, id, type, data, meta FROM events';

export class Reader {
  readonly #file: string;
  readonly #streamForwards: StatementSync;
  readonly #streamBackwards: StatementSync;
  readonly #allForwards: StatementSync;
  readonly #allBackwards: StatementSync;
  readonly #last: StatementSync;
  readonly #dataVersion: StatementSync;

  constructor(db: DatabaseSync, file: string) {
    const prepare = (rest: string) => db.prepare(`${SELECT} ${rest}`, { returnArrays: true });
    this.#file = file;
    this.#streamForwards = prepare('WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
    this.#streamBackwards = prepare(
      'WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?',
    );
    this.#allForwards = prepare('WHERE position > ? ORDER BY position LIMIT ?');
    this.#allBackwards = prepare('WHERE position < ? ORDER BY position DESC LIMIT ?');
    this.#last = db.prepare(
      'SELECT position, id, stream, revision, meta FROM events ORDER BY position DESC LIMIT 1',
    );
    this.#dataVersion = db.prepare('PRAGMA data_version');
  }

  /** Events of a stream from a revision on, inclusive. */
  stream(stream: string, from: number, limit: number, backwards: boolean): RecordedEvent[] {
    const statement = backwards ? this.#streamBackwards : this.#streamForwards;
    return this.#events(statement.all(stream, from, limit));
  }

  /** Events after a position, exclusive; before it when backwards. */
  all(after: number, limit: number, backwards = false): RecordedEvent[] {
    const statement = backwards ? this.#allBackwards : this.#allForwards;
    return this.#events(statement.all(after, limit));
  }

  head(): Head | undefined {
    const row = this.#last.get();
    if (row === undefined) return undefined;
    const { position, stream, revision } = row as { [name: string]: unknown } & Place;
    const { recordedAt } = this.#parse(row.meta as string, { position, stream, revision }) as {
      recordedAt: string;
    };
    return { position: String(position), id: row.id as string, recordedAt };
  }

  /** 0 for an empty store. */
  lastPosition(): number {
    return (this.#last.get()?.position as number | undefined) ?? 0;
  }

  /** Changes when another connection has committed: https://sqlite.org/pragma.html#pragma_data_version */
  dataVersion(): number {
    return this.#dataVersion.get()?.data_version as number;
  }

  #events(rows: unknown[]): RecordedEvent[] {
    return (rows as Row[]).map(([position, stream, revision, id, type, data, meta]) => ({
      id,
      stream,
      revision,
      position: String(position),
      type,
      data: this.#parse(data, { position, stream, revision }),
      meta: this.#parse(meta, { position, stream, revision }) as RecordedEvent['meta'],
    }));
  }

  #parse(text: string, { position, stream, revision }: Place): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      const place = `position ${position}, revision ${revision} of ${stream}`;
      const message = `${this.#file} holds an event that is not JSON (${place}): restore it from a backup`;
      throw new StoreInvalid(message, { cause });
    }
  }
}

interface Place {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
}

/**
 * @returns the number behind a position of this store
 * @throws {RangeError} it is none
 */
export function parsePosition(position: Position): number {
  if (/^\d{1,15}$/.test(position)) return Number(position);
  throw new RangeError(`'${position}' is not a position of this store: use one that it gave out`);
}
