import { type RecordedEvent, streamOf } from '../events/envelope.ts';
import { UpcastError } from '../events/registry.ts';
import { commandId, eventId, requestHash } from './ids.ts';
import { type Redacted, RedactionRefused, redact } from './redact.ts';
import type { SourceLog } from './redacted-log.ts';
import { eachEvent } from './store/each-event.ts';

/** What is to be taken out of which events, worked out before anything is copied. */

export interface RedactionOrder {
  /** Where it stands in the file, from 1. */
  readonly line: number;
  /** An event's id. */
  readonly event: string;
  /** Paths in its data, or `meta.actor`. */
  readonly fields: readonly string[];
  readonly reason: string;
}

export interface RedactionFault {
  readonly line: number;
  readonly reason: string;
}

export interface RedactionPlan {
  /** Event id → the event as it is from now on. */
  readonly events: ReadonlyMap<string, RecordedEvent>;
  /** The EventRedacted, in the order of the file; their positions are nobody's. */
  readonly facts: readonly RecordedEvent[];
  /** Texts that are gone from those events. */
  readonly words: ReadonlySet<string>;
  /** Stream → ids of parties that are gone from events of it. */
  readonly parties: ReadonlyMap<string, ReadonlySet<string>>;
  /** Fields that are redacted. */
  readonly fields: number;
  /** What cannot be done: then nothing is. */
  readonly faults: readonly RedactionFault[];
}

export interface RedactionStores {
  readonly source: SourceLog;
  /** An earlier run may have begun to fill it. */
  readonly target: SourceLog;
  readonly now: () => number;
}

/**
 * Fields that the source has lost before are passed over, so one file serves a store and its older copies.
 * @throws what the stores throw
 */
export async function planRedactions(
  orders: readonly RedactionOrder[],
  stores: RedactionStores,
): Promise<RedactionPlan> {
  const plan = new Plan();
  const found = await eventsOf(stores.source, new Set(orders.map(({ event }) => event)));
  const lines = new Map<string, number>();
  for (const order of orders) {
    const event = found.get(order.event);
    const twice = lines.get(order.event);
    lines.set(order.event, order.line);
    if (twice !== undefined)
      plan.refuse(order, `is in line ${twice} already: name all fields in one`);
    else if (event === undefined) plan.refuse(order, 'is not in the source: check its id');
    else await plan.add(order, event, stores);
  }
  for (const order of orders) {
    if (repeats(order.reason, plan.words))
      plan.refuse(order, 'has a reason that repeats a redacted text: say it in other words');
  }
  return plan;
}

/** Characters of a text that is looked for: a shorter one stands everywhere. */
export const SHORTEST = 4;

/** The reason stays in the log for ever. */
function repeats(reason: string, words: ReadonlySet<string>): boolean {
  const said = reason.toLowerCase();
  return [...words].some((word) => word.length >= SHORTEST && said.includes(word.toLowerCase()));
}

async function eventsOf(
  source: SourceLog,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, RecordedEvent>> {
  const found = new Map<string, RecordedEvent>();
  for await (const event of eachEvent(source)) if (ids.has(event.id)) found.set(event.id, event);
  return found;
}

class Plan implements RedactionPlan {
  readonly events = new Map<string, RecordedEvent>();
  readonly facts: RecordedEvent[] = [];
  readonly words = new Set<string>();
  readonly parties = new Map<string, Set<string>>();
  readonly faults: RedactionFault[] = [];
  readonly #names = new Map<string, string>();
  fields = 0;

  refuse({ line, event }: RedactionOrder, why: string): void {
    this.faults.push({ line, reason: `${event} ${why}` });
  }

  async add(
    order: RedactionOrder,
    event: RecordedEvent,
    { source, target, now }: RedactionStores,
  ): Promise<void> {
    const stream = streamOf('redaction', event.id);
    const before = await source.readStream(stream);
    const gone = new Set(before.flatMap(({ data }) => (data as { fields: string[] }).fields));
    const fields = [...new Set(order.fields)].filter((field) => !gone.has(field));
    if (fields.length === 0) return;
    const redacted = this.#try(order, event, fields);
    if (redacted === undefined) return;
    this.#keep(event, redacted, fields.length);
    const [there] = await target.readStream(stream, { from: before.length, limit: 1 });
    const fact = factOf({ ...order, fields }, stream, before, now());
    // Begun before: what was written then, with its time.
    this.facts.push(there?.id === fact.id ? { ...fact, meta: there.meta } : fact);
  }

  #try(order: RedactionOrder, event: RecordedEvent, fields: string[]): Redacted | undefined {
    try {
      return redact(event, fields, (party) => this.#nameOf(party, event));
    } catch (error) {
      if (!(error instanceof RedactionRefused || error instanceof UpcastError)) throw error;
      this.faults.push({ line: order.line, reason: error.message });
      return undefined;
    }
  }

  #keep(event: RecordedEvent, redacted: Redacted, fields: number): void {
    this.events.set(event.id, redacted.event);
    this.fields += fields;
    for (const word of redacted.words) this.words.add(word);
    if (redacted.parties.length === 0) return;
    const known = this.parties.get(event.stream) ?? [];
    this.parties.set(event.stream, new Set([...known, ...redacted.parties]));
  }

  /** One id for a party in every event; of the event that names it first, so that no two runs choose the same. */
  #nameOf(party: string, event: RecordedEvent): string {
    const name = this.#names.get(party) ?? `redacted-${event.id.slice(0, 8)}-${this.#names.size}`;
    this.#names.set(party, name);
    return name;
  }
}

/** The same id whenever the same is asked for, so that a copy can be gone on with. */
function factOf(
  { event, fields, reason }: RedactionOrder,
  stream: string,
  before: readonly RecordedEvent[],
  nowMs: number,
): RecordedEvent {
  const data = { event, fields: [...fields], reason };
  const hash = requestHash('redact', data);
  const command = commandId('cli', stream, hash);
  const recordedMs = Math.max(nowMs, ...before.map(({ meta }) => Date.parse(meta.recordedAt)));
  const recordedAt = new Date(recordedMs).toISOString();
  return {
    ...{ id: eventId(command, hash, 0), stream, revision: before.length, position: '' },
    ...{ type: 'EventRedacted', data },
    meta: {
      ...{ recordedAt, statedAt: recordedAt, actor: 'cli', commandId: command, requestHash: hash },
      ...{ correlationId: command, causationId: command, schema: 1 },
    },
  };
}
