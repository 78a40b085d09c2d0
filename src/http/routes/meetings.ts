import type { FastifyInstance } from 'fastify';
import type * as z from 'zod';
import type { MeetingView, Page } from '../../../projections/types.ts';
import type { Edge } from '../edge.ts';
import { pageAddress } from '../next.ts';
import {
  entryParams,
  entryQuery,
  historyQuery,
  meetingFiltersOf,
  meetingListQuery,
  PAGE,
} from '../parameters.ts';
import { Problem } from '../problem.ts';
import { type Answer, addRead, type ReadContext } from '../read.ts';
import { change, listOf, meeting } from '../resources.ts';
import { isPast, nowOf, pastOf, pastOfList } from '../time-travel.ts';

type ListContext = ReadContext<z.output<typeof meetingListQuery>, unknown>;

const LISTS = [
  ['/schedule/upcoming', 'Meetings that lie ahead, the next one first', 'upcoming'],
  ['/schedule/past', 'Meetings that are over, the last one first', 'past'],
  ['/meetings', 'All meetings', undefined],
] as const;

/** GET /schedule/…, /meetings and what hangs below it. */
export function meetingRoutes(app: FastifyInstance, edge: Edge): void {
  for (const [url, summary, side] of LISTS) {
    addRead(app, edge, {
      url,
      summary,
      tag: 'Meetings',
      query: meetingListQuery,
      response: listOf(meeting),
      answer: (context) => listAnswer(context, side),
    });
  }
  addRead(app, edge, {
    url: '/meetings/:id',
    summary: 'One meeting',
    tag: 'Meetings',
    query: entryQuery,
    params: entryParams,
    response: meeting,
    answer: ({ queries, reader, params, query }) => {
      const found = queries.getMeeting(reader, params.id, pastOf(query));
      return oneAnswer(found, params.id, isPast(query));
    },
  });
  addRead(app, edge, {
    url: '/meetings/:id/history',
    summary: 'What happened to a meeting, in order',
    tag: 'Meetings',
    query: historyQuery,
    params: entryParams,
    response: listOf(change),
    answer: ({ queries, reader, params, query, target }) =>
      pageAnswer(
        queries.meetingHistory(reader, params.id, pageOf(query), pastOf(query)) ??
          notFound('meeting', params.id),
        target,
      ),
  });
}

function listAnswer(context: ListContext, side: 'upcoming' | 'past' | undefined): Answer {
  const { queries, reader, query, target } = context;
  // Lists of the present have stayed the same since nowMs; what lay ahead on another day has not.
  const parts = side !== undefined && isPast(query);
  const nowMs = nowOf(query, parts ? reader.clockMs : context.nowMs);
  const page: Page<MeetingView> = queries.listMeetings({
    reader,
    nowMs,
    filters: meetingFiltersOf(query),
    past: pastOfList(query),
    ...(side === undefined ? {} : { side }),
    ...(query.sort === undefined ? {} : { sort: query.sort }),
    ...pageOf(query),
  });
  const uncacheable = parts && query.now === undefined && nowMs === reader.clockMs;
  return { ...pageAnswer(page, target, nowMs), uncacheable };
}

/** `limit` and `cursor` as the queries take them. */
export const pageOf = (query: {
  limit?: number | undefined;
  cursor?: string | undefined;
}): { limit: number; cursor?: string } => ({
  limit: query.limit ?? PAGE.default,
  ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
});

/** One page; `next` pins the instant, so that no page can lose or repeat what stayed the same. */
export function pageAnswer(page: Page<unknown>, target: string, nowMs?: number): Answer {
  const now = nowMs === undefined ? undefined : new Date(nowMs).toISOString();
  const next = page.next === null ? null : pageAddress(target, { now, cursor: page.next });
  return { body: { items: page.items, next }, next };
}

/** @throws {Problem} not-found */
export function notFound(kind: 'meeting' | 'announcement', id: string): never {
  throw new Problem('not-found', `there is no ${kind} ${id}: check the id`);
}

function oneAnswer(
  found: ReturnType<ReturnType<Edge['queries']>['getMeeting']>,
  id: string,
  past: boolean,
): Answer {
  // Another day's answer is nothing that If-Match could be about.
  if (found.kind === 'found') {
    return { body: found.value, revision: past ? undefined : found.value.revision };
  }
  if (found.kind === 'none') return notFound('meeting', id);
  throw goneMeeting(found.status, found.into, id);
}

function goneMeeting(status: 'merged' | 'withdrawn', into: string | null, id: string): Problem {
  if (into === null) return new Problem('gone', `meeting ${id} was ${status}`);
  return new Problem('gone', `meeting ${id} was ${status}: see /meetings/${into}`, {
    into,
    links: { into: `/meetings/${into}` },
  });
}
