import type { DatabaseSync } from 'node:sqlite';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Registry } from '../../events/registry.ts';
import type { Projection } from '../../projections/projection.ts';
import type { ViewDatabase } from '../../projections/view-database.ts';
import { openLive, openReader, transaction } from './database.ts';
import { isDatabaseFault, isForeignFile, messageOf, ViewBehind } from './errors.ts';
import { guarded } from './guarded-database.ts';
import { Intake } from './intake.ts';
import { type Checkpoint, Ledger, readDefinition } from './ledger.ts';

export interface LiveViewOptions {
  readonly projection: Projection;
  readonly cacheBytes: number;
  readonly types?: Registry | undefined;
  readonly onDeadLetter?: ((event: RecordedEvent, reason: string) => void) | undefined;
  /** What a read of a file failed with; returns what its caller is to have instead. */
  readonly onReadFault?: ((error: unknown, file: string) => unknown) | undefined;
}

/** One open view file: one handle that writes, one that reads. */
export class LiveView {
  readonly file: string;
  /** For queries. Sees every committed batch at once. */
  readonly reader: ViewDatabase;
  /** Of the last commit, for reading. */
  readonly ledger: Ledger;
  readonly #readHandle: DatabaseSync;
  readonly #writer: DatabaseSync;
  readonly #options: LiveViewOptions;
  #intake: Intake;

  private constructor(file: string, writer: DatabaseSync, options: LiveViewOptions) {
    this.file = file;
    this.#writer = writer;
    this.#options = options;
    this.#intake = this.#newIntake();
    this.#readHandle = openReader(file);
    const { onReadFault = (error) => error } = options;
    this.reader = guarded(this.#readHandle, (error) => onReadFault(error, file));
    this.ledger = new Ledger(this.reader);
  }

  /** Opens a file; undefined when it is damaged, no view, or of another definition. */
  static open(file: string, definition: string, options: LiveViewOptions): LiveView | undefined {
    let writer: DatabaseSync | undefined;
    try {
      writer = openLive(file);
      if (readDefinition(writer) === definition) return new LiveView(file, writer, options);
      writer.close();
      return undefined;
    } catch (error) {
      writer?.close();
      if (isForeignFile(error)) return undefined;
      throw error;
    }
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#intake.checkpoint;
  }

  /** Whether the rows or the ledger show the event; false, too, of a file that is found damaged just now. */
  has(eventId: string): boolean {
    if (this.checkpoint?.id === eventId) return true;
    try {
      if (this.ledger.isSetAside(eventId)) return true;
      return this.#options.projection.has?.(this.reader, eventId) ?? false;
    } catch (error) {
      // The view that is built in its place will say.
      if (error instanceof ViewBehind) return false;
      throw error;
    }
  }

  /**
   * Applies events in order, with their rows and the checkpoint in one transaction. When an event is to
   * blame for a failure, all are taken back and applied one by one, so that only this one is set aside.
   * @throws an SQLite error when the database is to blame; the checkpoint says how much was kept
   */
  apply(events: readonly RecordedEvent[]): void {
    try {
      this.#commit((intake) => {
        for (const event of events) intake.take(event);
      });
    } catch (error) {
      if (isDatabaseFault(error)) throw error;
      for (const event of events) this.#applyAlone(event);
    }
  }

  /** Lets go of the handle that writes; the one that reads stays. */
  stopWriting(): void {
    if (this.#writer.isOpen) this.#writer.close();
  }

  close(): void {
    if (this.#readHandle.isOpen) this.#readHandle.close();
    if (this.#writer.isOpen) this.#writer.close();
  }

  #applyAlone(event: RecordedEvent): void {
    try {
      this.#commit((intake) => intake.take(event));
    } catch (error) {
      if (isDatabaseFault(error)) throw error;
      const reason = messageOf(error);
      this.#commit((intake) => intake.setAside(event, reason));
      this.#options.onDeadLetter?.(event, reason);
    }
  }

  #commit(work: (intake: Intake) => void): void {
    try {
      transaction(this.#writer, () => {
        work(this.#intake);
        this.#intake.flush();
      });
    } catch (error) {
      // What it keeps in memory describes rows that were taken back.
      this.#intake = this.#newIntake();
      throw error;
    }
  }

  #newIntake(): Intake {
    const { projection, cacheBytes, types } = this.#options;
    return new Intake(this.#writer, projection, { build: false, cacheBytes }, types);
  }
}

/** The definition a file was built with and how many events it holds; undefined when it is no view of ours. */
export function describeFile(file: string): { definition: string; events: number } | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = openReader(file);
    const definition = readDefinition(db);
    if (definition === undefined) return undefined;
    const row = db.prepare('SELECT seq FROM view_checkpoint').get();
    return { definition, events: (row?.seq as number | undefined) ?? 0 };
  } catch (error) {
    if (isForeignFile(error)) return undefined;
    throw error;
  } finally {
    db?.close();
  }
}

/** How many events a view file has not applied; undefined when it cannot tell. */
export function deadLettersIn(file: string): number | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = openReader(file);
    return new Ledger(db).deadLetterCount();
  } catch (error) {
    if (isForeignFile(error)) return undefined;
    throw error;
  } finally {
    db?.close();
  }
}
