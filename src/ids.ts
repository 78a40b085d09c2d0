import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { v5 } from 'uuid';

/**
 * Every id that is derived from something. The namespaces are fixed for ever: a retry, another node and a
 * rebuild must come to the same id, and a calendar client knows an entry by its UID alone.
 */
const NAMESPACES = {
  command: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e01',
  event: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e02',
  stream: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e03',
  release: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e04',
  entry: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e05',
  news: '7c9d6f0e-3c1b-5a54-9d0e-5f6a2b8c1e06',
} as const;

/** UUIDv5 (RFC 9562 §5.5) of a list of strings, as JSON so that no two lists run together. */
const derived = (space: keyof typeof NAMESPACES, parts: readonly (string | number)[]): string =>
  v5(JSON.stringify(parts), NAMESPACES[space]);

/** SHA-256 of UTF-8 text, lower-case hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Canonical JSON (RFC 8785): the same text for the same value, whatever the order of keys.
 * @throws {Error} a string that is not well-formed Unicode, or a value that is not JSON
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('not a JSON value');
  return text;
}

/** The id of a command sent with an idempotency key. `target`: the stream, or the collection's path. */
export const commandId = (actor: string, target: string, key: string): string =>
  derived('command', [actor, target, key]);

/** Tells two requests with one key apart: SHA-256 of the action and the body as sent. */
export const requestHash = (action: string, body: unknown): string =>
  sha256(canonicalJson([action, body]));

/**
 * The id of a command's `index`-th event: the same when the command is sent again. `secretHash`: of the secret that the
 * event tells of, which every try makes anew, so that two tries never pass for one.
 */
export const eventId = (
  command: string,
  request: string,
  index: number,
  secretHash?: string,
): string =>
  derived('event', [command, request, index, ...(secretHash === undefined ? [] : [secretHash])]);

/** The id of a stream whose maker chose none. */
export const generatedId = (command: string): string => derived('stream', [command]);

/** The id of the one event that ends an embargo, whichever node writes it. */
export const releaseId = (stream: string, embargoUntil: string): string =>
  derived('release', [stream, embargoUntil]);

/** The UID of a meeting's calendar entry (RFC 5545 §3.8.4.7): one per stream for ever. */
export const entryUid = (stream: string): string => v5(stream, NAMESPACES.entry);

/** The id of the Atom feed of changes, by its filters: the same on every server and under every address. */
export const newsFeedId = (filters: readonly (readonly [name: string, value: string])[]): string =>
  derived('news', filters.flat());
