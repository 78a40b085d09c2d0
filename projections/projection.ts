import type { RecordedEvent, StreamKind } from '../events/envelope.ts';
import type { DomainEvent, DomainEventType } from '../events/registry.ts';
import type { ViewDatabase } from './view-database.ts';

/** What the engine in src/views runs: one projection fills one view file. */

/** An event as a projection sees it: known type, upcast to the version written today. A union on `type`. */
export type ProjectedEvent = {
  [T in DomainEventType]: RecordedEvent<Extract<DomainEvent, { type: T }>>;
}[DomainEventType];

export interface OpenOptions {
  /**
   * True while a file is built from zero: it holds no rows yet, has no indexes and cannot roll back, so
   * rows may wait in a cache over many flushes. False on a live view: every flush writes all rows.
   */
  readonly build: boolean;
  /** Upper bound of what the applier keeps in memory, in bytes (an estimate is enough). */
  readonly cacheBytes: number;
}

export interface Projection {
  /** Lower-case letters; also the first part of the view's file names. */
  readonly name: string;
  /** Raise it whenever the same log would give other rows: views of another number are rebuilt. */
  readonly definition: number;
  /** The kinds of stream that apply sees; events of others are passed over. */
  readonly kinds: readonly StreamKind[];
  /**
   * Whether the engine keeps the ids of the events that apply did not see, so that waiting for one of
   * them ends after a restart too. Only for a view that passes over few.
   */
  readonly rememberSkipped?: boolean;
  /** CREATE TABLE statements. Names must not start with `view_`: those are the engine's. */
  readonly tables: string;
  /** CREATE INDEX and the like: run at the end of a build, when the rows are there. */
  readonly indexes: string;
  open(db: ViewDatabase, options: OpenOptions): Applier;
  /**
   * Whether the rows show that this event was applied: answers waits for events that were applied before
   * the process started. Without it such a wait runs out.
   */
  has?(db: ViewDatabase, eventId: string): boolean;
}

/**
 * Turns events into rows. Lives as long as its file stays open and no database error occurs; after one it is
 * dropped and another opened, so nothing may be kept that cannot be read back from the rows.
 */
export interface Applier {
  /**
   * Folds one event in. `seq` is the view's own order: 1 for the log's first event, counting every event,
   * also those passed over.
   *
   * Compute before you mutate: apply throws before it has changed its state or the database, or not at
   * all. An event that throws becomes a dead letter and the stream's later events are set aside, while
   * what this batch did before stays.
   */
  apply(event: ProjectedEvent, seq: number): void;
  /**
   * Writes the rows that were touched since the last flush; the engine commits them together with the
   * checkpoint right after. In a build, rows may stay in the cache within its bound.
   */
  flush(): void;
  /** End of a build, before the indexes are made: writes what is still cached, fills derived tables. */
  finish?(): void;
  /** The stream has a dead letter: mark its last good rows stale. Called once a stream, before a flush. */
  quarantine(stream: string): void;
  /**
   * A later event of a stream that has a dead letter. Applied to the last good rows all the same if all it does is
   * to show them to fewer. @returns whether it was; false: nothing has changed, and the event is set aside
   */
  restrict?(event: ProjectedEvent, seq: number): boolean;
}
