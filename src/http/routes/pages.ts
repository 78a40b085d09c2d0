import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { ANYONE } from '../auth.ts';
import type { Edge } from '../edge.ts';
import { entityTag } from '../etag.ts';
import { type HomeContent, homePage } from '../home.ts';
import { escaped, PAGE_POLICY, page } from '../html.ts';
import { noQuery, seenQuery } from '../parameters.ts';
import { isProblemCode, PROBLEMS, Problem, type ProblemCode } from '../problem.ts';
import { problemContent } from '../read.ts';
import { representation, sendRepresentation } from '../reply.ts';

const UPCOMING_SHOWN = 12;
const PAST_SHOWN = 6;

const html = {
  200: { description: 'A page', content: { 'text/html; charset=utf-8': { schema: z.string() } } },
  default: problemContent,
};

/** GET / and /problems/{code}: pages for people. */
export async function pageRoutes(app: FastifyInstance, edge: Edge): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: PAGE_POLICY },
    hsts: edge.deps.publicUrl?.startsWith('https:') ?? false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.route({
    method: 'GET',
    url: '/',
    schema: { summary: 'What this is', tags: ['Pages'], querystring: seenQuery, response: html },
    handler: async (request, reply) => {
      await edge.seen((request.query as z.output<typeof seenQuery>).seen, ANYONE);
      return sendPage(request, reply, homePage(homeContent(edge)));
    },
  });
  app.route({
    method: 'GET',
    url: '/problems/:code',
    schema: {
      summary: 'What a problem means',
      tags: ['Pages'],
      querystring: noQuery,
      params: z.strictObject({ code: z.string() }),
      response: html,
    },
    handler: (request, reply) => {
      const { code } = request.params as { code: string };
      if (!isProblemCode(code))
        throw new Problem('not-found', 'there is no such problem: `code` of a problem is one');
      return sendPage(request, reply, problemPage(code, edge.deps.rules));
    },
  });
}

function homeContent(edge: Edge): HomeContent {
  const { publicUrl, exampleClock, clock } = edge.deps;
  return {
    publicUrl,
    at: edge.at,
    exampleClock: exampleClock ? new Date(clock()).toISOString() : undefined,
    meetings: homeMeetings(edge),
  };
}

function homeMeetings(edge: Edge): HomeContent['meetings'] {
  const queries = edge.deps.queries();
  if (queries === undefined) return undefined;
  const nowMs = edge.deps.clock();
  const reader = { level: 0, editor: false, clockMs: nowMs } as const;
  const side = (name: 'upcoming' | 'past', limit: number) =>
    queries.listMeetings({ reader, nowMs, side: name, filters: {}, limit }).items;
  return { upcoming: side('upcoming', UPCOMING_SHOWN), past: side('past', PAST_SHOWN) };
}

function problemPage(code: ProblemCode, rules: Readonly<Record<string, string>>): Buffer {
  const { title, status, cure } = PROBLEMS[code];
  const words = escaped(cure).replace(/`([^`]+)`/g, '<code>$1</code>');
  const list = Object.entries(rules).map(
    ([rule, meaning]) =>
      `<dt id="${escaped(rule)}">${escaped(rule)}</dt><dd>${escaped(meaning)}</dd>`,
  );
  const listed = code === 'rejected' ? `<h2>Rules</h2>\n<dl>${list.join('\n')}</dl>` : '';
  return page(
    title,
    `<h1>${escaped(title)}</h1>\n<p class="soft">${status} · <code>${code}</code></p>\n<p>${words}</p>\n${listed}`,
  );
}

const sendPage = (request: FastifyRequest, reply: FastifyReply, bytes: Buffer): FastifyReply =>
  sendRepresentation(
    request,
    reply,
    representation(bytes, entityTag(bytes), {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, no-cache',
    }),
  );
