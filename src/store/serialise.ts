import type { NewEvent } from '../../events/envelope.ts';
import { type ExpectedRevision, InvalidEvent } from './event-store.ts';

/** What an append is checked against before anything is sent: the same on every adapter. */

export interface StoreLimits {
  /** Events in one append. */
  readonly eventsPerAppend: number;
  /** UTF-8 bytes of one event's data and meta, as JSON. */
  readonly bytesPerEvent: number;
  /** UTF-8 bytes of all data and meta of one append, as JSON. */
  readonly bytesPerAppend: number;
  /** Levels of nesting in data or meta. */
  readonly depth: number;
  /** Characters of a stream's name, an event's id or type. */
  readonly nameLength: number;
  /** Milliseconds for which a busy store is retried before StoreUnavailable. */
  readonly busyMs: number;
}

export const DEFAULT_LIMITS: StoreLimits = {
  eventsPerAppend: 1_000,
  bytesPerEvent: 256 * 1024,
  bytesPerAppend: 1024 * 1024,
  depth: 64,
  nameLength: 200,
  busyMs: 5_000,
};

/** An event ready to be written: `data` and `meta` are JSON texts. */
export interface SerialisedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly meta: string;
}

/**
 * Checks and serialises one append. What comes back from the store deeply equals what went in: so
 * anything that JSON would silently change is refused (NaN, Date, Map, undefined in a list). The one
 * exception: a property that is undefined counts as absent.
 * @throws {InvalidEvent} naming the event and the place in it
 */
export function serialise(
  stream: string,
  events: readonly NewEvent[],
  limits: StoreLimits,
): SerialisedEvent[] {
  checkName('the stream', stream, limits);
  if (events.length === 0) throw new InvalidEvent('an append needs at least one event');
  if (events.length > limits.eventsPerAppend) {
    throw new InvalidEvent(
      `${events.length} events in one append, ${limits.eventsPerAppend} are allowed: split it`,
    );
  }
  const rows = events.map((event) => serialiseEvent(event, limits));
  if (new Set(rows.map((row) => row.id)).size < rows.length) {
    throw new InvalidEvent('two events of one append have the same id: give each its own');
  }
  checkBytes(`an append to ${stream}`, total(rows), limits.bytesPerAppend);
  return rows;
}

/** An argument of the port that is a number. @throws {RangeError} it is none from `least` on */
export function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`${name} is ${value}: give a whole number from ${least}`);
}

/** The revision before the first event of the append: -1 for `none`. */
export function baseRevision(expected: ExpectedRevision): number {
  if (expected === 'none') return -1;
  if (Number.isSafeInteger(expected) && expected >= 0) return expected;
  throw new RangeError(`expected revision ${expected}: give a whole number from 0, or 'none'`);
}

function serialiseEvent(event: NewEvent, limits: StoreLimits): SerialisedEvent {
  checkName('the id of an event', event.id, limits);
  checkName(`the type of event ${event.id}`, event.type, limits);
  const row = {
    id: event.id,
    type: event.type,
    data: toJson(event, 'data', limits),
    meta: toJson(event, 'meta', limits),
  };
  checkBytes(`event ${event.id} (${event.type})`, total([row]), limits.bytesPerEvent);
  return row;
}

function toJson(event: NewEvent, part: 'data' | 'meta', limits: StoreLimits): string {
  const fault = jsonFault(event[part], part, limits.depth);
  if (fault === undefined) return JSON.stringify(event[part]);
  throw new InvalidEvent(`event ${event.id} (${event.type}) is not JSON: ${fault}`);
}

/** Why a value is not JSON, or undefined when it is. A cycle shows as too deep. */
function jsonFault(value: unknown, path: string, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`;
    case 'object':
      return value === null ? undefined : objectFault(value, path, depth);
    default:
      return `${path} is of type ${typeof value}`;
  }
}

function objectFault(value: object, path: string, depth: number): string | undefined {
  if (depth === 0) return `${path} is nested too deeply, or contains itself`;
  if (Array.isArray(value)) return listFault(value, path, depth);
  if (!isPlain(value)) return `${path} is a ${value.constructor?.name ?? 'special object'}`;
  for (const [key, child] of Object.entries(value)) {
    const fault = child === undefined ? undefined : jsonFault(child, `${path}.${key}`, depth - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function listFault(list: readonly unknown[], path: string, depth: number): string | undefined {
  // Iterated, because forEach and its kin skip the holes, which JSON turns into null.
  for (const [index, child] of list.entries()) {
    const fault = jsonFault(child, `${path}[${index}]`, depth - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  const plain = prototype === null || prototype === Object.prototype;
  return plain && typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}

function checkName(what: string, value: unknown, limits: StoreLimits): void {
  if (typeof value !== 'string' || value === '' || value.length > limits.nameLength) {
    throw new InvalidEvent(`${what} must be 1 to ${limits.nameLength} characters of text`);
  }
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) {
    throw new InvalidEvent(`${what} must be text without control characters`);
  }
}

function checkBytes(what: string, bytes: number, allowed: number): void {
  if (bytes > allowed) {
    throw new InvalidEvent(`${what} takes ${bytes} bytes, ${allowed} are allowed: make it smaller`);
  }
}

function total(rows: readonly SerialisedEvent[]): number {
  return rows.reduce(
    (sum, row) => sum + Buffer.byteLength(row.data) + Buffer.byteLength(row.meta),
    0,
  );
}
