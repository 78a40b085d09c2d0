import type { FastifyRequest } from 'fastify';
import type { CalendarQueries, Reader } from '../../projections/types.ts';
import type { Edge } from './edge.ts';

/** Which confidential entries an answer shows, and telling of who has read them. */

/** Only this level sees them. */
export const CONFIDENTIAL = 2;

/**
 * The confidential entries in the body of an answer, once each, as `meeting-<id>` and `announcement-<id>`: a
 * meeting, an announcement, or a list of them or of changes.
 */
export function confidentialIn(
  body: unknown,
  queries: CalendarQueries,
  reader: Reader,
): readonly string[] {
  if (reader.level < CONFIDENTIAL) return [];
  const { items = [body] } = body as { readonly items?: readonly unknown[] };
  const below: Reader = { ...reader, level: 1 };
  const known = new Map<string, boolean>();
  for (const item of items) {
    const entry = entryOf(item);
    if (entry === undefined) continue;
    const name = `${entry.kind}-${entry.id}`;
    if (!known.has(name)) known.set(name, entry.confidential ?? isHidden(queries, below, entry));
  }
  return [...known].filter(([, confidential]) => confidential).map(([name]) => name);
}

interface Entry {
  readonly kind: 'meeting' | 'announcement';
  readonly id: string;
  /** Undefined: the item does not say. */
  readonly confidential: boolean | undefined;
}

interface Item {
  readonly id?: string;
  readonly classification?: string;
  readonly outlet?: string;
  readonly cursor?: string;
  readonly meeting?: string;
  readonly announcement?: string;
}

function entryOf(item: unknown): Entry | undefined {
  const { id, classification, outlet, cursor, meeting, announcement } = item as Item;
  if (classification !== undefined && id !== undefined) {
    const kind = outlet === undefined ? 'meeting' : 'announcement';
    return { kind, id, confidential: classification === 'confidential' };
  }
  if (cursor === undefined) return undefined;
  if (meeting !== undefined) return { kind: 'meeting', id: meeting, confidential: undefined };
  if (announcement === undefined) return undefined;
  return { kind: 'announcement', id: announcement, confidential: undefined };
}

/** A change does not say how its entry is classified now: what the level below cannot see is confidential. */
function isHidden(queries: CalendarQueries, below: Reader, { kind, id }: Entry): boolean {
  if (kind === 'meeting') return queries.getMeeting(below, id).kind === 'none';
  return queries.getAnnouncement(below, id) === undefined;
}

/** Tells of a reading, unless there is nothing confidential in it. */
export function tellReading(
  edge: Edge,
  request: FastifyRequest,
  entries: readonly string[] = [],
): void {
  if (entries.length === 0) return;
  edge.deps.onReading({
    atMs: edge.deps.clock(),
    actor: edge.callerOf(request).actor ?? '',
    route: request.routeOptions.url ?? '',
    entries,
  });
}
