import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import * as z from 'zod';
import type { TokenRow } from '../../../projections/tokens.ts';
import { tokenBody } from '../../tokens.ts';
import { requireRole } from '../auth.ts';
import type { Edge } from '../edge.ts';
import { keyOf, refuseIfMatch, repeatable } from '../idempotency.ts';
import { pageBefore } from '../newest-first.ts';
import { entryParams, noQuery, pageQuery, seenQuery } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { nextLink, problemContent } from '../read.ts';
import { SAFE_HEADERS, sendNow } from '../reply.ts';
import { listOf, newToken, token } from '../resources-admin.ts';

const LOST =
  'The token was shown in the first answer only: if it is lost, make another one and revoke this one.';

type Shown = (row: Omit<TokenRow, 'seq'>) => ReturnType<typeof view>;

/** /tokens: making, listing and revoking them, for admins. */
export function tokenRoutes(app: FastifyInstance, edge: Edge): void {
  const { tokens, clock } = edge.deps;
  const shown: Shown = (row) => view(row, tokens.lastUse(row.id), clock());
  for (const route of [
    issuing(edge, shown),
    listing(edge, shown),
    one(edge, shown),
    revoking(edge, shown),
  ]) {
    addRoute(app, edge, route);
  }
}

const issuing = (edge: Edge, shown: Shown): RouteOptions => ({
  method: 'POST',
  url: '/tokens',
  schema: {
    summary: 'Makes a token, and shows it this once',
    headers: repeatable,
    querystring: noQuery,
    body: tokenBody,
    response: { 201: newToken, default: problemContent },
  },
  handler: async (request, reply) => {
    const made = await edge.deps.tokens.issue(request.body, asked(edge, request));
    const body = shown({ ...made.token, stale: false });
    reply.headers({ location: edge.at(body.links.self), 'chancery-event': made.eventId });
    const { secret } = made;
    const told = secret === undefined ? { notice: LOST } : { token: secret };
    // It works with the answer, and is told once: so also when this node does not know it in time.
    await edge.deps.tokens.waitFor(made.eventId, edge.limits.writeWaitMs);
    return sendNow(reply, 201, { ...body, ...told });
  },
});

const listing = (edge: Edge, shown: Shown): RouteOptions => ({
  method: 'GET',
  url: '/tokens',
  schema: {
    summary: 'Tokens, the newest first',
    querystring: pageQuery,
    response: { 200: listOf(token), default: problemContent },
  },
  handler: async (request, reply) => {
    await known(edge, request);
    const { items, next } = pageBefore(request, edge.deps.tokens.list);
    const link = nextLink(edge, next);
    if (link !== undefined) reply.header('link', link);
    return sendNow(reply, 200, { items: items.map(shown), next });
  },
});

const one = (edge: Edge, shown: Shown): RouteOptions => ({
  method: 'GET',
  url: '/tokens/:id',
  schema: {
    summary: 'One token',
    params: entryParams,
    querystring: seenQuery,
    response: { 200: token, default: problemContent },
  },
  handler: async (request, reply) => {
    await known(edge, request);
    const { id } = request.params as z.output<typeof entryParams>;
    const row = edge.deps.tokens.one(id);
    if (row === undefined) throw new Problem('not-found', `there is no token ${id}: check the id`);
    return sendNow(reply, 200, shown(row));
  },
});

const revoking = (edge: Edge, shown: Shown): RouteOptions => ({
  method: 'DELETE',
  url: '/tokens/:id',
  schema: {
    summary: 'Revokes a token, for ever',
    headers: repeatable,
    params: entryParams,
    querystring: noQuery,
    response: {
      200: token,
      202: z.undefined().describe('Recorded; this node has not got there yet.'),
      default: problemContent,
    },
  },
  handler: async (request, reply) => {
    const { tokens } = edge.deps;
    const { id } = request.params as z.output<typeof entryParams>;
    const done = await tokens.revoke(id, asked(edge, request));
    reply.header('chancery-event', done.eventId);
    const body = shown({ ...done.token, stale: false });
    if (await tokens.waitFor(done.eventId, edge.limits.writeWaitMs)) {
      return sendNow(reply, 200, body);
    }
    const location = edge.at(body.links.self);
    return reply
      .code(202)
      .headers({ ...SAFE_HEADERS, location, 'cache-control': 'no-store' })
      .send();
  },
});

/** For admins; the actor and the key go with the request. */
function addRoute(app: FastifyInstance, edge: Edge, { schema, ...route }: RouteOptions): void {
  app.route({
    ...route,
    schema: { tags: ['Tokens'], security: [{ token: [] }], ...schema },
    onRequest: (request, _reply, done) => {
      requireRole(edge.callerOf(request), 'admin');
      if (route.method !== 'GET') refuseIfMatch(request);
      done();
    },
  });
}

const asked = (edge: Edge, request: FastifyRequest) => ({
  actor: edge.callerOf(request).actor ?? '',
  key: keyOf(request),
});

/** Waits for the event in `seen`. @throws {Problem} view-behind */
async function known({ seenByAccess, callerOf, deps }: Edge, request: FastifyRequest) {
  const { seen } = request.query as { seen?: string };
  // One of a token or feed is known here, whatever the calendar is at.
  if (seen === undefined || (await deps.tokens.waitFor(seen, 0))) return;
  await seenByAccess(seen, callerOf(request));
}

function view(row: Omit<TokenRow, 'seq'>, lastUsedMs: number | undefined, nowMs: number) {
  const { id, name, role, ceiling, createdAt, createdBy, expiresAt, revokedAt } = row;
  return {
    ...{ id, name, role, ceiling, status: statusOf(row, nowMs), createdAt, createdBy },
    ...{ expiresAt, revokedAt },
    lastUsedAt: lastUsedMs === undefined ? null : new Date(lastUsedMs).toISOString(),
    links: { self: `/tokens/${id}` },
  };
}

function statusOf({ revokedAt, stale, expiresAt }: Omit<TokenRow, 'seq'>, nowMs: number): string {
  if (revokedAt !== null) return 'revoked';
  if (stale) return 'stale';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'valid';
}
