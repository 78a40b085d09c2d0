import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import * as z from 'zod';
import { CLASSIFICATIONS } from '../../../events/values.ts';
import type { FeedReader } from '../../../projections/feeds.ts';
import { UnknownCursor } from '../../../projections/types.ts';
import { feedBody, feedChanges, rotation } from '../../feed-bodies.ts';
import type { FeedRequest, FeedResult } from '../../feeds.ts';
import { isEditor, requireRole } from '../auth.ts';
import type { Edge } from '../edge.ts';
import { askOf, seenFeeds } from '../feed-doors.ts';
import { feedView, privatePath, type Shown } from '../feed-view.ts';
import { keyOf, refuseIfMatch, repeatable } from '../idempotency.ts';
import { pageBefore } from '../newest-first.ts';
import { entryParams, noQuery, pageQuery, seenQuery } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { EITHER_WAY, nextLink, problemContent, representationOf } from '../read.ts';
import { SAFE_HEADERS, sendNow, sendRepresentation } from '../reply.ts';
import { listOf } from '../resources.ts';
import { feed, newFeed } from '../resources-feeds.ts';

const LOST =
  'The address was shown in the first answer only: if it is lost, rotate the feed to get another one.';
const LATER = z.undefined().describe('Recorded; this node has not got there yet.');

/** /feeds: saved feeds, which anyone may read of if they are public, and editors manage. */
export function feedRoutes(app: FastifyInstance, edge: Edge): void {
  for (const route of [listing(edge), one(edge)]) {
    app.route({ ...route, schema: { tags: ['Feeds'], security: EITHER_WAY, ...route.schema } });
  }
  const ending = ['revoke', 'remove'] as const;
  for (const route of [
    saving(edge),
    changing(edge),
    rotating(edge),
    ...ending.map(endingBy(edge)),
  ]) {
    app.route({
      ...route,
      schema: {
        tags: ['Feeds'],
        security: [{ token: [] }],
        querystring: noQuery,
        headers: repeatable,
        ...route.schema,
      },
      onRequest: (request, _reply, done) => {
        requireRole(edge.callerOf(request), 'editor');
        refuseIfMatch(request);
        done();
      },
    });
  }
}

const listing = (edge: Edge): RouteOptions => ({
  method: 'GET',
  url: '/feeds',
  schema: {
    summary: 'Saved feeds, the newest first; private ones for editors whose ceiling reaches theirs',
    querystring: pageQuery,
    response: { 200: listOf(feed), default: problemContent },
  },
  handler: async (request, reply) => {
    await seenFeeds(edge, request, edge.callerOf(request));
    const reader = readerOf(edge, request);
    const { feeds } = edge.deps;
    const find = (limit: number, before?: number) => feeds.list(reader, limit, before);
    const { items, next } = pageBefore(request, find, {
      // Its seq would tell how many events there are, hidden ones included.
      cursorOf: ({ id }) => id,
      seqOf: (id) => feeds.seqOf(reader, id) ?? noPlace(id),
    });
    const body = { items: items.map((row) => shown(edge, row, reader)), next };
    return answer(edge, request, reply, body, next);
  },
});

/** @throws {UnknownCursor} */
function noPlace(id: string): never {
  throw new UnknownCursor(`no feed ${id} is known here`);
}

const one = (edge: Edge): RouteOptions => ({
  method: 'GET',
  url: '/feeds/:id',
  schema: {
    summary: 'A saved feed: what it holds, how many meetings, and how to subscribe',
    params: entryParams,
    querystring: seenQuery,
    response: { 200: feed, default: problemContent },
  },
  handler: async (request, reply) => {
    await seenFeeds(edge, request, edge.callerOf(request));
    const { id } = request.params as z.output<typeof entryParams>;
    const reader = readerOf(edge, request);
    const row = edge.deps.feeds.one(reader, id);
    if (row === undefined) throw new Problem('not-found', `there is no feed ${id}: check the id`);
    const { count } = await edge.calendar(askOf(row), edge.deps.clock());
    return answer(edge, request, reply, shown(edge, row, reader, { count }));
  },
});

const saving = (edge: Edge): RouteOptions => ({
  method: 'POST',
  url: '/feeds',
  schema: {
    summary: 'Saves a feed; the address of a private one is shown this once',
    body: feedBody,
    response: { 201: newFeed, 202: LATER, default: problemContent },
  },
  handler: async (request, reply) =>
    written(
      edge,
      request,
      reply,
      201,
      await edge.deps.feeds.save(request.body, asked(edge, request)),
    ),
});

/** Does something to the feed in the path. */
const carriedOut =
  (
    edge: Edge,
    action: (id: string, body: unknown, by: FeedRequest) => Promise<FeedResult>,
  ): RouteOptions['handler'] =>
  async (request, reply) => {
    const { id } = request.params as z.output<typeof entryParams>;
    const done = await action(id, request.body, asked(edge, request));
    return written(edge, request, reply, 200, done);
  };

const changing = (edge: Edge): RouteOptions => ({
  method: 'PUT',
  url: '/feeds/:id',
  schema: {
    summary: 'Changes a feed, whose address stays',
    params: entryParams,
    body: feedChanges,
    response: { 200: newFeed, 202: LATER, default: problemContent },
  },
  handler: carriedOut(edge, (id, body, by) => edge.deps.feeds.change(id, body, by)),
});

const rotating = (edge: Edge): RouteOptions => ({
  method: 'POST',
  url: '/feeds/:id/rotate',
  schema: {
    summary: 'Gives a private feed another address; the old one works on for a while and says so',
    params: entryParams,
    body: rotation,
    response: { 200: newFeed, 202: LATER, default: problemContent },
  },
  handler: carriedOut(edge, (id, body, by) => edge.deps.feeds.rotate(id, body, by)),
});

const endingBy =
  (edge: Edge) =>
  (action: 'revoke' | 'remove'): RouteOptions => ({
    ...(action === 'revoke'
      ? { method: 'POST', url: '/feeds/:id/revoke' }
      : { method: 'DELETE', url: '/feeds/:id' }),
    schema: {
      summary:
        action === 'revoke'
          ? 'Ends every address of a private feed at once; the feed stays'
          : 'Deletes a feed for ever',
      params: entryParams,
      response: { 200: newFeed, 202: LATER, default: problemContent },
    },
    handler: carriedOut(edge, (id, _body, by) => edge.deps.feeds[action](id, by)),
  });

function readerOf(edge: Edge, request: FastifyRequest): FeedReader {
  const caller = edge.callerOf(request);
  return { level: caller.level, editor: isEditor(caller) };
}

function asked(edge: Edge, request: FastifyRequest) {
  const { actor, level } = edge.callerOf(request);
  return { actor: { id: actor ?? '', ceiling: CLASSIFICATIONS[level] }, key: keyOf(request) };
}

function shown(
  edge: Edge,
  row: Shown,
  { editor }: Pick<FeedReader, 'editor'>,
  more: { readonly count?: number; readonly secret?: string | undefined } = {},
) {
  const { publicUrl, clock, feeds } = edge.deps;
  return feedView(row, {
    ...{ publicUrl, editor },
    nowMs: clock(),
    use: feeds.use(row.id),
    ...more,
  });
}

function answer(
  edge: Edge,
  request: FastifyRequest,
  reply: FastifyReply,
  body: object,
  next: string | null = null,
): FastifyReply {
  const authorised = edge.callerOf(request).role !== 'anyone';
  return sendRepresentation(
    request,
    reply,
    representationOf({ body, link: nextLink(edge, next) }, authorised, false),
  );
}

/** What was recorded. A secret address is told once, so also when this node does not know it in time. */
async function written(
  edge: Edge,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  { feed: row, eventId, secret, repeated }: FeedResult,
): Promise<FastifyReply> {
  const body = shown(edge, row, { editor: true }, { secret });
  const self = edge.at(body.links.self);
  reply.header('chancery-event', eventId);
  if (status === 201) reply.header('location', self);
  const applied = await edge.deps.feeds.waitFor(eventId, edge.limits.writeWaitMs);
  if (!applied && secret === undefined) {
    const headers = { ...SAFE_HEADERS, location: self, 'cache-control': 'no-store' };
    return reply.code(202).headers(headers).send();
  }
  return sendNow(reply, status, { ...body, ...told(edge, request, body, secret, repeated) });
}

function told(
  { deps }: Edge,
  request: FastifyRequest,
  { private: hidden, links }: ReturnType<typeof feedView>,
  secret: string | undefined,
  repeated: boolean,
) {
  const base = deps.publicUrl ?? '';
  if (secret !== undefined) return { address: base + privatePath(secret) };
  const lost = repeated && request.method === 'POST' && !request.url.endsWith('/revoke');
  if (hidden) return lost ? { notice: LOST } : {};
  return links.ics === null ? {} : { address: base + links.ics };
}
