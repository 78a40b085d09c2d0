import type { RecordedEvent } from '../events/envelope.ts';
import { registry, upcast } from '../events/registry.ts';
import { issueOf } from './log-check.ts';

/** Takes words out of an event so that it stays an event of its type, with its id and its place. */

export const REDACTED = '[redacted]';

/** The event cannot lose this field. The message says why, and what can be named instead. */
export class RedactionRefused extends Error {
  override readonly name = 'RedactionRefused';
}

/** Words, which no rule and no order depends on. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['title', 'name', 'venue', 'as', 'outlet', 'paraphrase', 'reason', 'requestedBy', 'outcome'],
  ...['phrase', 'attributedTo', 'actor'],
]);
/** What is claimed of a title; of another field its schema refuses it. */
const CLAIMED = /^claims\.\d+\.value$/;
/** Optional, of another form than words: left out. None on which a date, an access or an expiry depends. */
const LEFT_OUT: ReadonlySet<string> = new Set(['url', 'geo', 'online', 'anchor', 'country']);
/** Ids, often made of a person's name: another id, the same wherever the party is named. */
const PARTIES: ReadonlySet<string> = new Set(['party', 'delegation']);

export const ACTOR = 'meta.actor';

export interface Redacted {
  readonly event: RecordedEvent;
  /** The words that are gone; those of `meta.actor` and other values left out. */
  readonly words: readonly string[];
  /** The ids of parties that were replaced. */
  readonly parties: readonly string[];
}

/**
 * The event without the words of these fields.
 * @param fields paths in its data (`participants.0.name`), or `meta.actor`
 * @param nameOf the id that stands for a party from now on
 * @throws {RedactionRefused} the event has no such field, or must keep it
 */
export function redact(
  event: RecordedEvent,
  fields: readonly string[],
  nameOf: (party: string) => string,
): Redacted {
  const copy = structuredClone(event);
  const words: string[] = [];
  const parties: string[] = [];
  for (const field of fields) {
    const found = find(copy, field);
    const kind = kindOf(field, found.value);
    if (kind === undefined) {
      throw refused(event, field, 'is not a text, nor one that may be left out');
    }
    if (kind === 'party') parties.push(found.value as string);
    takeOut(found, kind, nameOf);
    if (typeof found.value === 'string' && field !== ACTOR) words.push(found.value);
  }
  requireValid(event, copy, fields);
  return { event: copy, words, parties };
}

type Kind = 'text' | 'party' | 'optional';

function takeOut({ holder, key, value }: Found, kind: Kind, nameOf: (party: string) => string) {
  if (kind === 'optional') delete holder[key];
  else holder[key] = kind === 'party' ? nameOf(value as string) : REDACTED;
}

interface Found {
  readonly holder: Record<string, unknown>;
  readonly key: string;
  readonly value: unknown;
}

function find(event: RecordedEvent, field: string): Found {
  const path = field === ACTOR ? ['meta', 'actor'] : ['data', ...field.split('.')];
  let value: unknown = event;
  let holder: Record<string, unknown> = {};
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      throw refused(event, field, 'is not in it');
    }
    holder = value as Record<string, unknown>;
    value = holder[key];
  }
  return { holder, key: path.at(-1) as string, value };
}

function kindOf(path: string, value: unknown): Kind | undefined {
  const key = path.slice(path.lastIndexOf('.') + 1);
  if (LEFT_OUT.has(key)) return 'optional';
  if (typeof value !== 'string') return undefined;
  if (PARTIES.has(key)) return 'party';
  return TEXTS.has(key) || CLAIMED.test(path) ? 'text' : undefined;
}

/** What the event has that can be redacted, as paths. */
export function redactable(event: RecordedEvent): string[] {
  const actor = Object.hasOwn(event.meta, 'actor') ? [ACTOR] : [];
  return [...leaves(event.data, ''), ...actor].filter((field) => canLose(event, field));
}

function canLose(event: RecordedEvent, field: string): boolean {
  try {
    redact(event, [field], () => 'redacted');
    return true;
  } catch (error) {
    if (error instanceof RedactionRefused) return false;
    throw error;
  }
}

function* leaves(value: unknown, path: string): Generator<string> {
  if (kindOf(path, value) !== undefined) yield path;
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      yield* leaves(item, path === '' ? name : `${path}.${name}`);
    }
  }
}

function refused(event: RecordedEvent, field: string, why: string): RedactionRefused {
  const named = `field ${field} of ${event.id} (${event.type}) ${why}`;
  return new RedactionRefused(`${named}; it has ${redactable(event).join(', ')}`);
}

/** What could be read before must be readable after: else a view would set its stream aside. */
function requireValid(
  before: RecordedEvent,
  after: RecordedEvent,
  fields: readonly string[],
): void {
  const issue = problemOf(after);
  if (issue === undefined || problemOf(before) !== undefined) return;
  throw new RedactionRefused(
    `${before.id} (${before.type}) would be no valid event without ${fields.join(', ')} (${issue}): name fewer fields`,
  );
}

/** Why the event's data does not fit its type; undefined: it does, or its type is a newer writer's. */
function problemOf(event: RecordedEvent): string | undefined {
  const issue = issueOf(registry.get(event.type)?.schema.safeParse(upcast(event)?.data).error);
  return issue && `${issue.path.join('.') || 'data'}: ${issue.message}`;
}
