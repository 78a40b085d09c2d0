import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { checkBody } from '../../commands.ts';
import type { RebuildStatus } from '../../views/rebuild.ts';
import { requireRole } from '../auth.ts';
import type { Edge } from '../edge.ts';
import { pageBefore } from '../newest-first.ts';
import { noQuery, pageQuery } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { nextLink, problemContent } from '../read.ts';
import { sendNow } from '../reply.ts';
import { deadLetter, listOf, rebuildStatus, verification } from '../resources-admin.ts';

const rebuildBody = z.strictObject({
  skip: z
    .boolean()
    .optional()
    .describe('Set events aside that cannot be applied, instead of failing.'),
});

type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly summary: string;
  readonly status: 200 | 202;
  readonly answer: z.ZodType;
  readonly body?: z.ZodType;
  readonly query?: z.ZodObject;
  readonly handler: Handler;
}

/** /admin/…: what an operator does with the views. */
export function adminRoutes(app: FastifyInstance, edge: Edge): void {
  const { rebuilds } = edge.deps;
  const rebuild = { url: '/admin/rebuild', answer: rebuildStatus };
  const routes: readonly AdminRoute[] = [
    {
      ...{ ...rebuild, method: 'POST', status: 202, body: rebuildBody },
      summary: 'Builds the views anew while they serve',
      handler: (request, reply) => {
        rebuilds.start({ skip: skipOf(request.body) });
        return sendNow(reply.header('location', edge.at(rebuild.url)), 202, shown(rebuilds.status));
      },
    },
    {
      ...{ ...rebuild, method: 'GET', status: 200 },
      summary: 'How the last rebuild goes, or went',
      handler: (_request, reply) => sendNow(reply, 200, shown(rebuilds.status)),
    },
    {
      ...{ ...rebuild, method: 'DELETE', status: 202 },
      summary: 'Cancels a running rebuild; the views stay as they are',
      handler: (_request, reply) => {
        if (!rebuilds.cancel()) throw new Problem('not-found', 'no rebuild is running');
        return sendNow(reply, 202, shown(rebuilds.status));
      },
    },
    {
      ...{ method: 'POST', url: '/admin/verify', status: 200, answer: verification },
      summary: 'Folds the log anew and compares it with the views, row by row',
      handler: async (request, reply) => {
        // It may take minutes, in which nothing goes over the connection.
        request.raw.setTimeout(0);
        return sendNow(reply, 200, await edge.deps.verify());
      },
    },
    {
      ...{ method: 'GET', url: '/admin/dead-letters', status: 200, answer: listOf(deadLetter) },
      summary: 'Events that were not applied, the newest first',
      query: pageQuery.omit({ seen: true }),
      handler: (request, reply) => {
        const page = deadLetters(edge, request);
        const link = nextLink(edge, page.next);
        if (link !== undefined) reply.header('link', link);
        return sendNow(reply, 200, page);
      },
    },
  ];
  for (const route of routes) addAdmin(app, edge, route);
}

function addAdmin(app: FastifyInstance, edge: Edge, route: AdminRoute): void {
  app.route({
    method: route.method,
    url: route.url,
    schema: {
      summary: route.summary,
      tags: ['Operation'],
      security: [{ token: [] }],
      querystring: route.query ?? noQuery,
      ...(route.body === undefined ? {} : { body: route.body }),
      response: { [route.status]: route.answer, default: problemContent },
    },
    onRequest: (request, _reply, done) => {
      requireRole(edge.callerOf(request), 'admin');
      done();
    },
    handler: route.handler,
  });
}

function skipOf(body: unknown): boolean {
  return checkBody(rebuildBody, body).skip === true;
}

const instant = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

const shown = ({ startedAt, finishedAt, ...status }: RebuildStatus): object => ({
  ...status,
  startedAt: instant(startedAt),
  finishedAt: instant(finishedAt),
});

/** What fails meanwhile comes in front and shifts nothing. */
function deadLetters(edge: Edge, request: FastifyRequest) {
  return pageBefore(request, (limit, before) => edge.deps.deadLetters(limit, before));
}
