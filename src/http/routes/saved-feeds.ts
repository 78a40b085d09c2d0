import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { ANYONE } from '../auth.ts';
import { privateAge, publicAge, send } from '../calendar-reply.ts';
import type { Edge } from '../edge.ts';
import { type Door, FeedDoors, seenFeeds } from '../feed-doors.ts';
import { FeedRates } from '../feed-rates.ts';
import { entryParams, seenQuery } from '../parameters.ts';
import { problemContent } from '../read.ts';
import { calendarContent } from './calendars.ts';

/** 256 bits in base64url are 43 characters; whatever else is asked for opens nothing. */
const tokenParams = z.strictObject({ token: z.string().min(1).max(200) });

/** GET /feeds/{id}.ics and /feeds/private/{token}.ics. Authorization is not even looked at. */
export function savedFeedRoutes(app: FastifyInstance, edge: Edge): void {
  const doors = new FeedDoors(edge);
  const rates = new FeedRates(edge.limits.feedRate);
  app.route({
    method: 'GET',
    url: '/feeds/:id.ics',
    schema: {
      summary: 'A saved public feed',
      tags: ['Feeds'],
      params: entryParams,
      querystring: seenQuery,
      response: { 200: calendarContent, default: problemContent },
    },
    handler: async (request, reply) => {
      await seenFeeds(edge, request, ANYONE);
      const { id } = request.params as { id: string };
      const open = () => doors.byId(id);
      return answer(edge, rates, { request, reply, open, caching: publicAge, file: `${id}.ics` });
    },
  });
  app.route({
    method: 'GET',
    url: '/feeds/private/:token.ics',
    schema: {
      summary: 'A private feed, for whoever has its address',
      tags: ['Feeds'],
      params: tokenParams,
      querystring: seenQuery,
      response: { 200: calendarContent, default: problemContent },
    },
    handler: async (request, reply) => {
      // Also on what is refused: nobody is to index or to pass on the address.
      reply.header('x-robots-tag', 'noindex');
      const { token } = request.params as { token: string };
      await seenFeeds(edge, request, ANYONE, token);
      const open = () => doors.byToken(token);
      const file = 'calendar.ics';
      return answer(edge, rates, { request, reply, open, caching: privateAge, file });
    },
  });
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whoever waited may have been shut out meanwhile. */
  readonly open: () => Door;
  readonly caching: (nowMs: number) => string;
  readonly file: string;
}

async function answer(edge: Edge, rates: FeedRates, asked: Asked): Promise<FastifyReply> {
  const { request, reply, open, caching, file } = asked;
  const { door, nowMs, text } = await edge.patience.until(request, async () => {
    const door = open();
    const nowMs = edge.deps.clock();
    return { door, nowMs, text: await edge.calendar(door.ask, nowMs) };
  });
  edge.deps.feeds.used(door.feed, request.headers['user-agent'] ?? '');
  return send(request, reply, {
    ...{ text, disposition: `inline; filename="${file}"`, caching: caching(nowMs) },
    admit: () => rates.admit(door.feed, request, nowMs),
  });
}
