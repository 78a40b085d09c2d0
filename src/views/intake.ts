import type { DatabaseSync } from 'node:sqlite';
import { kindOf, type RecordedEvent, type StreamKind } from '../../events/envelope.ts';
import { type Registry, registry, upcast } from '../../events/registry.ts';
import type {
  Applier,
  OpenOptions,
  ProjectedEvent,
  Projection,
} from '../../projections/projection.ts';
import { isDatabaseFault } from './errors.ts';
import { type Checkpoint, Ledger } from './ledger.ts';

/**
 * The way of every event into a view, live and in a build: order it, pass over what the projection does not
 * want, upcast, apply or set aside. Holds state that a rollback would falsify, so after one it is dropped
 * and a new one reads the file.
 */
export class Intake {
  readonly ledger: Ledger;
  readonly applier: Applier;
  readonly #projection: Projection;
  readonly #kinds: ReadonlySet<StreamKind | undefined>;
  readonly #types: Registry;
  readonly #quarantined: Set<string>;
  #unknown = new Map<string, number>();
  #checkpoint: Checkpoint | undefined;

  constructor(
    db: DatabaseSync,
    projection: Projection,
    options: OpenOptions,
    types: Registry = registry,
  ) {
    this.ledger = new Ledger(db);
    this.applier = projection.open(db, options);
    this.#projection = projection;
    this.#kinds = new Set(projection.kinds);
    this.#types = types;
    this.#quarantined = new Set(this.ledger.quarantined());
    this.#checkpoint = this.ledger.checkpoint();
  }

  /** The last event taken in; it is in the file once the transaction is committed. */
  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  /** Folds one event in. Throws what upcasting or the projection throws, and then has not moved. */
  take(event: RecordedEvent): void {
    const seq = this.#nextSeq();
    if (!this.#types.has(event.type)) {
      this.#unknown.set(event.type, (this.#unknown.get(event.type) ?? 0) + 1);
      this.#skip(event, seq);
    } else if (!this.#kinds.has(kindOf(event.stream))) {
      this.#skip(event, seq);
    } else if (this.#quarantined.size > 0 && this.#quarantined.has(event.stream)) {
      if (!this.#restricts(event, seq)) this.ledger.addDeadLetter(event, seq, null);
    } else {
      this.applier.apply(upcast(event, this.#types) as ProjectedEvent, seq);
    }
    this.#moveTo(event, seq);
  }

  /** Lists an event that could not be applied, and quarantines its stream. */
  setAside(event: RecordedEvent, reason: string): void {
    const seq = this.#nextSeq();
    this.ledger.addDeadLetter(event, seq, reason);
    this.#quarantined.add(event.stream);
    this.applier.quarantine(event.stream);
    this.#moveTo(event, seq);
  }

  /** Writes everything that a commit must contain. */
  flush(): void {
    this.applier.flush();
    for (const [type, count] of this.#unknown) this.ledger.addUnknown(type, count);
    this.#unknown = new Map();
    if (this.#checkpoint !== undefined) this.ledger.moveTo(this.#checkpoint);
  }

  /** What keeps an entry from sight does so, whatever else of it is not known. */
  #restricts(event: RecordedEvent, seq: number): boolean {
    try {
      const projected = upcast(event, this.#types) as ProjectedEvent;
      return this.applier.restrict?.(projected, seq) ?? false;
    } catch (error) {
      if (isDatabaseFault(error)) throw error;
      return false;
    }
  }

  #skip(event: RecordedEvent, seq: number): void {
    if (this.#projection.rememberSkipped === true) this.ledger.addSkipped(event.id, seq);
  }

  #nextSeq(): number {
    return (this.#checkpoint?.seq ?? 0) + 1;
  }

  #moveTo({ position, id, stream, revision }: RecordedEvent, seq: number): void {
    this.#checkpoint = { position, id, stream, revision, seq };
  }
}
