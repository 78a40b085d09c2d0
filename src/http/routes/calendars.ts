import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { ANYONE } from '../auth.ts';
import { publicAge, send, sendAtOnce } from '../calendar-reply.ts';
import { addressOf } from '../caller-address.ts';
import type { CalendarText, FeedAsk } from '../deps.ts';
import type { Durations } from '../durations.ts';
import { calendarsOf, type Edge } from '../edge.ts';
import { EVERYTHING, FeedAsks } from '../feed-asks.ts';
import { FeedRates } from '../feed-rates.ts';
import { entryParams, feedQuery, seenQuery } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { problemContent } from '../read.ts';
import { addShortcut } from '../shortcut.ts';

const INLINE = 'inline; filename="calendar.ics"';

export const calendarContent = {
  description: 'RFC 5545',
  content: { 'text/calendar; charset=utf-8': { schema: z.string() } },
};

/** GET /calendar.ics and /meetings/{id}.ics. Both are public: Authorization is not even looked at. */
export function calendarRoutes(app: FastifyInstance, edge: Edge, durations: Durations): void {
  addFeed(app, edge, durations);
  addEntry(app, edge);
}

function addFeed(app: FastifyInstance, edge: Edge, durations: Durations): void {
  const asks = new FeedAsks();
  addShortcut(app, edge, { asks, durations, route: EVERYTHING, disposition: INLINE });
  const rates = new FeedRates(edge.limits.feedRate);
  const answerOf = (request: FastifyRequest, ask: FeedAsk, text: CalendarText, nowMs: number) => ({
    ...{ text, disposition: INLINE, caching: publicAge(nowMs) },
    admit: () => rates.admit(ask.path ?? '', request, nowMs),
  });
  app.route({
    method: 'GET',
    url: EVERYTHING,
    schema: {
      summary: 'The feed of everything public, or of what filters leave of it',
      tags: ['Calendars'],
      querystring: feedQuery,
      response: { 200: calendarContent, default: problemContent },
    },
    // Nearly all requests are for what was sent before: they need neither queries nor turns to wait.
    onRequest: (request, reply, done) => {
      const ask = asks.known(request.raw.url ?? '');
      const nowMs = edge.deps.clock();
      const text = ask && edge.deps.calendars()?.unchanged(ask, nowMs);
      if (ask === undefined || text === undefined) return done();
      if (!sendAtOnce(request, reply, answerOf(request, ask, text, nowMs))) done();
    },
    handler: async (request, reply) => {
      const query = request.query as z.output<typeof feedQuery>;
      await edge.seen(query.seen, ANYONE);
      const ask = asks.of(request.raw.url ?? '', query);
      const from = ask.path === EVERYTHING ? undefined : addressOf(request);
      const { nowMs, text } = await edge.patience.until(request, async () => {
        const nowMs = edge.deps.clock();
        return { nowMs, text: await edge.calendar(ask, nowMs, from) };
      });
      return send(request, reply, answerOf(request, ask, text, nowMs));
    },
  });
}

function addEntry(app: FastifyInstance, edge: Edge): void {
  app.route({
    method: 'GET',
    url: '/meetings/:id.ics',
    schema: {
      summary: 'One public meeting as a calendar entry',
      tags: ['Calendars'],
      querystring: seenQuery,
      params: entryParams,
      response: { 200: calendarContent, default: problemContent },
    },
    handler: async (request, reply) => {
      await edge.seen((request.query as { seen?: string }).seen, ANYONE);
      const { id } = request.params as { id: string };
      const { nowMs, text } = await edge.patience.until(request, async () => {
        const nowMs = edge.deps.clock();
        return { nowMs, text: await calendarsOf(edge.deps).one(id, nowMs) };
      });
      if (text === undefined) throw new Problem('not-found', `there is no public meeting ${id}`);
      if (typeof text === 'string') throw new Problem('not-found', text);
      const disposition = `attachment; filename="${id}.ics"`;
      return send(request, reply, { text, disposition, caching: publicAge(nowMs) });
    },
  });
}
