import type { RecordedEvent } from '../events/envelope.ts';
import type { RedactionPlan } from './redaction-plan.ts';
import type {
  EventStore,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
} from './store/event-store.ts';

/** What a copy reads. */
export type SourceLog = Pick<EventStore, 'readAll' | 'readStream'>;

/** Behind every position of the source. */
const FACT = 'redaction:';

/**
 * A log as it is to be from now on: the source's events in their places, without what is redacted, and the
 * EventRedacted after the last of them.
 */
export class RedactedLog implements SourceLog {
  readonly #source: SourceLog;
  readonly #plan: RedactionPlan;
  readonly #facts: readonly RecordedEvent[];
  readonly #ended: boolean;

  /** @param ended the source takes no more events, so that what comes behind them can be told */
  constructor(source: SourceLog, plan: RedactionPlan, ended = false) {
    this.#source = source;
    this.#plan = plan;
    this.#facts = plan.facts.map((fact, index) => ({ ...fact, position: `${FACT}${index}` }));
    this.#ended = ended;
  }

  ended(): RedactedLog {
    return new RedactedLog(this.#source, this.#plan, true);
  }

  async readAll({ after, limit }: ReadAllOptions): Promise<RecordedEvent[]> {
    const facts = this.#ended ? this.#facts : [];
    const next = nextFact(after);
    if (next !== undefined) return facts.slice(next, next + limit);
    const page = (await this.#source.readAll({ after, limit })).map(this.#without);
    return [...page, ...facts.slice(0, limit - page.length)];
  }

  async readStream(stream: string, options?: ReadStreamOptions): Promise<RecordedEvent[]> {
    const events = (await this.#source.readStream(stream, options)).map(this.#without);
    const { from = 0, limit = Number.MAX_SAFE_INTEGER } = options ?? {};
    const facts = this.#facts.filter((fact) => fact.stream === stream && fact.revision >= from);
    return [...events, ...facts].slice(0, limit);
  }

  readonly #without = (event: RecordedEvent): RecordedEvent => {
    const redacted = this.#plan.events.get(event.id);
    return redacted ?? event;
  };
}

const nextFact = (after: Position | undefined): number | undefined =>
  after?.startsWith(FACT) ? Number(after.slice(FACT.length)) + 1 : undefined;
