import type { FastifyInstance } from 'fastify';
import type * as z from 'zod';
import { UnknownCursor } from '../../../projections/types.ts';
import type { Edge } from '../edge.ts';
import { pageAddress } from '../next.ts';
import { changesQuery, meetingFiltersOf, PAGE } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { type Answer, addRead, type ReadContext } from '../read.ts';
import { changeList } from '../resources.ts';

type Context = ReadContext<z.output<typeof changesQuery>, unknown>;

/** GET /changes: what became visible, in order, from any event on. */
export function changeRoutes(app: FastifyInstance, edge: Edge): void {
  addRead(app, edge, {
    url: '/changes',
    summary: 'Changes in order, with diffs',
    tag: 'Changes',
    query: changesQuery,
    response: changeList,
    answer: (context) => answerChanges(edge, context),
  });
}

/** An unknown cursor may be one that has not been applied here yet: wait for it while we are behind. */
async function answerChanges(edge: Edge, context: Context): Promise<Answer> {
  const known = page(edge, context);
  if (known !== undefined) return known;
  const behind = await isBehind(edge);
  if (behind) await edge.deps.views.waitFor(context.query.after ?? '', edge.limits.seenWaitMs);
  const applied = page(edge, context);
  if (applied !== undefined) return applied;
  if (behind && (await isBehind(edge))) {
    throw new Problem('view-behind', 'the event in `after` may not have been applied here yet');
  }
  throw new Problem('gone', '`after` is no event that you may know: start again without it');
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
    const next = pageAddress(target, { after: cursor ?? undefined });
    return { body: { items, next }, next };
  } catch (error) {
    if (error instanceof UnknownCursor && after !== undefined) return undefined;
    throw error;
  }
}

/** Whether the store holds events that this node has not applied. */
async function isBehind(edge: Edge): Promise<boolean> {
  const head = await edge.deps.store.head();
  return head !== undefined && head.id !== edge.deps.views.status().checkpoint?.id;
}
