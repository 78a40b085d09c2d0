import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { UnknownCursor } from '../../../projections/types.ts';
import { newsFeedId } from '../../ids.ts';
import { ATOM_TYPE, type AtomEntry, type AtomFeed, atomDocument } from '../atom.ts';
import { onceKnown } from '../cursor.ts';
import type { Edge } from '../edge.ts';
import { pageAddress } from '../next.ts';
import { changesQuery, meetingFiltersOf, newestChangesQuery, PAGE } from '../parameters.ts';
import { type Answer, addRead, type ReadContext } from '../read.ts';
import { changeList } from '../resources.ts';

type Context = ReadContext<z.output<typeof changesQuery>, unknown>;
type AtomContext = ReadContext<z.output<typeof newestChangesQuery>, unknown>;

/** GET /changes: what became visible, in order, from any event on; /changes.atom: the newest of it. */
export function changeRoutes(app: FastifyInstance, edge: Edge): void {
  addRead(app, edge, {
    url: '/changes',
    summary: 'Changes in order, with diffs',
    tag: 'Changes',
    query: changesQuery,
    response: changeList,
    answer: async (context) => {
      // A release that no event says yet has no place in the log that one could go on from.
      await edge.deps.released?.();
      const { query, reader } = context;
      return onceKnown(
        edge,
        query.after,
        () => page(edge, context),
        () => reader,
      );
    },
  });
  addRead(app, edge, {
    url: '/changes.atom',
    summary: 'The newest changes as an Atom feed',
    tag: 'Changes',
    query: newestChangesQuery,
    response: {
      description: 'RFC 4287',
      content: { [ATOM_TYPE]: { schema: z.string() } },
    },
    format: { type: ATOM_TYPE, text: (body) => atomDocument(body as AtomFeed) },
    answer: (context) => ({ body: atomFeed(edge, context) }),
  });
}

function page(edge: Edge, { reader, query, target }: Context): Answer | undefined {
  const { after, limit = PAGE.default } = query;
  try {
    const { items, cursor } = edge.queries().listChanges({
      reader,
      filters: meetingFiltersOf(query),
      limit,
      ...(after === undefined ? {} : { after }),
    });
    const next = pageAddress(target, { after: cursor });
    return { body: { items, next }, next };
  } catch (error) {
    if (error instanceof UnknownCursor && after !== undefined) return undefined;
    throw error;
  }
}

function atomFeed(edge: Edge, context: AtomContext): AtomFeed {
  const { queries, reader, query, target } = context;
  const filters = meetingFiltersOf(query);
  const changes = queries.newestChanges({ reader, filters, limit: edge.limits.atomEntries });
  return {
    id: newsFeedId(sortedFilters(target)),
    self: pageAddress(target, {}),
    base: edge.deps.publicUrl ?? '',
    entries: changes.map((change) => ({ change, ...entryOf(context, change) })),
  };
}

/** The filters as they were sent, in one order: the same filters are the same feed. */
const sortedFilters = (target: string): [string, string][] =>
  [...new URLSearchParams(pageAddress(target, {}).split('?')[1])].sort(([a, x], [b, y]) =>
    a === b ? order(x, y) : order(a, b),
  );

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** What changed, as it is called now. */
function entryOf(
  { queries, reader }: AtomContext,
  { meeting, announcement }: AtomEntry['change'],
): Pick<AtomEntry, 'title' | 'about'> {
  if (meeting === undefined) {
    const id = announcement ?? '';
    const title = queries.getAnnouncement(reader, id)?.title ?? id;
    return { title, about: `/announcements/${id}` };
  }
  const found = queries.getMeeting(reader, meeting);
  const title = found.kind === 'none' ? meeting : found.value.title;
  return { title, about: `/meetings/${meeting}` };
}
