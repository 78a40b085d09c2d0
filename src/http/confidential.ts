import type { FastifyRequest } from 'fastify';
import type { CalendarQueries, Reader } from '../../projections/types.ts';
import type { Edge } from './edge.ts';

/** Which confidential entries an answer shows, and telling of who has read them. */

/** Only this level sees them. */
export const CONFIDENTIAL = 2;

/**
 * The confidential entries in the body of an answer, once each, as `meeting-<id>` and `announcement-<id>`: of a
 * meeting, an announcement, or a list of them, of changes or of slips; and those that an item names, as its sources,
 * its claims or what ended a date.
 */
export function confidentialIn(
  body: unknown,
  queries: CalendarQueries,
  reader: Reader,
): readonly string[] {
  if (reader.level < CONFIDENTIAL) return [];
  const { items = [body] } = body as { readonly items?: readonly unknown[] };
  const known = new Map<string, Entry>();
  for (const item of items as readonly Item[]) {
    for (const entry of entriesOf(item)) known.set(nameOf(entry), entry);
  }
  for (const item of items as readonly Item[]) {
    for (const entry of namedIn(item)) {
      if (!known.has(nameOf(entry))) known.set(nameOf(entry), entry);
    }
  }
  const open = openAmong([...known.values()], queries, { ...reader, level: 1 });
  return [...known].flatMap(([name, { confidential = !open.has(name) }]) =>
    confidential ? [name] : [],
  );
}

const nameOf = ({ kind, id }: Entry): string => `${kind}-${id}`;

/** Of entries that do not say how they are classified now: those that the level below sees. */
function openAmong(
  entries: readonly Entry[],
  queries: CalendarQueries,
  below: Reader,
): ReadonlySet<string> {
  const unsaid = entries.filter(({ confidential }) => confidential === undefined);
  const open = (['meeting', 'announcement'] as const).flatMap((kind) => {
    const ids = unsaid.filter((entry) => entry.kind === kind).map(({ id }) => id);
    return [...queries.visibleAmong(below, kind, ids)].map((id) => nameOf({ kind, id }));
  });
  return new Set(open);
}

interface Entry {
  readonly kind: 'meeting' | 'announcement';
  readonly id: string;
  /** Undefined: the item does not say. */
  readonly confidential?: boolean;
}

interface Item {
  readonly id?: string;
  readonly classification?: string;
  readonly outlet?: string;
  readonly meeting?: string;
  readonly announcement?: string;
  readonly sources?: readonly Cited[];
  readonly previousDates?: readonly Cited[];
  readonly about?: readonly string[];
  readonly claims?: readonly { readonly meeting: string }[];
  readonly mergedInto?: string | null;
}

interface Cited {
  readonly announcement: string | null;
}

/** What the item is, or is of. */
function entriesOf({ id, classification, outlet, meeting, announcement }: Item): readonly Entry[] {
  if (classification !== undefined && id !== undefined) {
    const kind = outlet === undefined ? 'meeting' : 'announcement';
    return [{ kind, id, confidential: classification === 'confidential' }];
  }
  if (meeting !== undefined) return [{ kind: 'meeting', id: meeting }];
  return announcement === undefined ? [] : [{ kind: 'announcement', id: announcement }];
}

/** Others that it tells of. */
function namedIn(item: Item): readonly Entry[] {
  const { sources = [], previousDates = [], about = [], claims = [], mergedInto } = item;
  const cited = [...sources, ...previousDates].map(({ announcement }) => announcement);
  const meetings = [...about, ...claims.map(({ meeting }) => meeting), mergedInto ?? null];
  const named = (kind: Entry['kind'], ids: readonly (string | null)[]) =>
    ids.filter((id) => id !== null).map((id) => ({ kind, id }));
  return [...named('announcement', cited), ...named('meeting', meetings)];
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
