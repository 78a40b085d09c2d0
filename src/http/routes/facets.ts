import type { FastifyInstance } from 'fastify';
import type { Facet, Page, Reader } from '../../../projections/types.ts';
import { UnknownCursor } from '../../../projections/types.ts';
import { CONFIDENTIAL } from '../confidential.ts';
import type { Edge } from '../edge.ts';
import { PAGE, pageQuery } from '../parameters.ts';
import { addRead } from '../read.ts';
import { facet, listOf } from '../resources.ts';
import { pageAnswer } from './meetings.ts';

const FACETS = {
  parties: 'Parties, the values of `participant`; `speaker` takes them too',
  tracks: 'Tracks, the values of `track`',
  topics: 'Topics, the values of `topic`',
  places: 'Places, the values of `place`',
} as const;

/** GET /parties, /tracks, /topics, /places: the values that filters take. */
export function facetRoutes(app: FastifyInstance, edge: Edge): void {
  for (const name of Object.keys(FACETS) as (keyof typeof FACETS)[]) {
    addRead(app, edge, {
      url: `/${name}`,
      summary: FACETS[name],
      tag: 'Filters',
      query: pageQuery,
      response: listOf(facet),
      answer: ({ queries, reader, query, target }) => {
        const page = facetPage(queries[name](reader), query);
        // What is counted more often than one level below is counted in confidential entries.
        const below = reader.level < CONFIDENTIAL ? [] : queries[name]({ ...reader, level: 1 });
        return { ...pageAnswer(page, target), confidential: told(name, page, below, reader) };
      },
    });
  }
}

/** The list itself is what was read: it names values, and no entry. */
function told(name: string, { items }: Page<Facet>, below: readonly Facet[], { level }: Reader) {
  if (level < CONFIDENTIAL) return [];
  const known = new Set(below.map((facet) => JSON.stringify(facet)));
  return items.every((facet) => known.has(JSON.stringify(facet))) ? [] : [name];
}

/** A page by value; the cursor is the last value, so what is added between pages shifts nothing. */
function facetPage(
  facets: readonly Facet[],
  { limit = PAGE.default, cursor }: { limit?: number | undefined; cursor?: string | undefined },
): Page<Facet> {
  const after = cursor === undefined ? undefined : lastValueOf(cursor);
  const ordered = facets
    .filter(({ value }) => after === undefined || value > after)
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  const items = ordered.slice(0, limit);
  const last = items.at(-1);
  const more = last !== undefined && ordered.length > limit;
  return { items, next: more ? Buffer.from(last.value).toString('base64url') : null };
}

function lastValueOf(cursor: string): string {
  const value = Buffer.from(cursor, 'base64url');
  if (value.toString('base64url') !== cursor) throw new UnknownCursor('not a cursor of this list');
  return value.toString();
}
