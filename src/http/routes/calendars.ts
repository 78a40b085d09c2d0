import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Calendars, CalendarText } from '../deps.ts';
import type { Edge } from '../edge.ts';
import { prefersGzip } from '../encoding.ts';
import { gzipTag } from '../etag.ts';
import { entryParams, seenQuery } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { problemContent } from '../read.ts';
import {
  type Described,
  described,
  isKnown,
  SAFE_HEADERS,
  sendChunks,
  sendUnchanged,
} from '../reply.ts';

const DAY_MS = 86_400_000;
const MOST_AGE_SECONDS = 300;

const EVERYTHING = '/calendar.ics';
const INLINE = 'inline; filename="calendar.ics"';

const calendarContent = {
  description: 'RFC 5545',
  content: { 'text/calendar; charset=utf-8': { schema: z.string() } },
};

/** GET /calendar.ics and /meetings/{id}.ics. Both are public: Authorization is not even looked at. */
export function calendarRoutes(app: FastifyInstance, edge: Edge): void {
  app.route({
    method: 'GET',
    url: EVERYTHING,
    schema: {
      summary: 'The feed of everything public',
      tags: ['Calendars'],
      querystring: seenQuery,
      response: { 200: calendarContent, default: problemContent },
    },
    // Nearly all requests are for what was sent before: they need neither queries nor turns to wait.
    onRequest: (request, reply, done) => {
      const nowMs = edge.deps.clock();
      const text =
        request.raw.url === EVERYTHING ? edge.deps.calendars()?.unchanged(nowMs) : undefined;
      const answer = text && made.get(text)?.get(INLINE)?.[encodingFor(request)];
      if (answer === undefined) return done();
      send(request, reply, answer, nowMs);
    },
    handler: async (request, reply) => {
      await edge.seen((request.query as { seen?: string }).seen);
      const nowMs = edge.deps.clock();
      const text = await calendars(edge).everything(nowMs);
      return send(request, reply, await encoded(text, encodingFor(request), INLINE), nowMs);
    },
  });
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
      await edge.seen((request.query as { seen?: string }).seen);
      const nowMs = edge.deps.clock();
      const { id } = request.params as { id: string };
      const text = await calendars(edge).one(id, nowMs);
      if (text === undefined) throw new Problem('not-found', `there is no public meeting ${id}`);
      if (typeof text === 'string') throw new Problem('not-found', text);
      const attachment = `attachment; filename="${id}.ics"`;
      return send(request, reply, await encoded(text, encodingFor(request), attachment), nowMs);
    },
  });
}

function calendars(edge: Edge): Calendars {
  const made = edge.deps.calendars();
  if (made !== undefined) return made;
  throw new Problem('view-behind', 'the views are being built: try again in a few seconds');
}

interface Encoded extends Described {
  readonly chunks: readonly Buffer[];
}

interface Encodings {
  readonly plain: Encoded;
  readonly gzip: Encoded;
}

/** Headers are made once for each text and disposition; the text is the same object while nothing changed. */
const made = new WeakMap<CalendarText, Map<string, Partial<Encodings>>>();

async function encoded(
  text: CalendarText,
  encoding: keyof Encodings,
  disposition: string,
): Promise<Encoded> {
  const byDisposition = made.get(text) ?? new Map<string, Partial<Encodings>>();
  made.set(text, byDisposition);
  const kept = byDisposition.get(disposition)?.[encoding];
  if (kept !== undefined) return kept;
  const answer = await encode(text, encoding, disposition);
  byDisposition.set(disposition, { ...byDisposition.get(disposition), [encoding]: answer });
  return answer;
}

async function encode(
  text: CalendarText,
  encoding: keyof Encodings,
  disposition: string,
): Promise<Encoded> {
  const zipped = encoding === 'gzip';
  const tags = [text.etag, gzipTag(text.etag)] as const;
  const headers = {
    ...SAFE_HEADERS,
    'content-type': 'text/calendar; charset=utf-8',
    'content-disposition': disposition,
    vary: 'Accept-Encoding',
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  };
  const chunks = zipped ? await text.gzip() : text.chunks;
  const length = zipped ? chunks.reduce((sum, chunk) => sum + chunk.length, 0) : text.length;
  // A client may hold either encoding: each is as fresh as the other.
  return { chunks, ...described(length, tags[zipped ? 1 : 0], headers, tags) };
}

const encodingFor = ({ headers }: FastifyRequest): keyof Encodings =>
  prefersGzip(headers['accept-encoding']) ? 'gzip' : 'plain';

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Encoded,
  nowMs: number,
): FastifyReply {
  reply.header('cache-control', `public, max-age=${maxAge(nowMs)}`);
  if (isKnown(request, answer)) return sendUnchanged(reply, answer);
  return sendChunks(reply, answer, answer.chunks);
}

/** Windows move at midnight UTC: nothing is fresh beyond it. */
const maxAge = (nowMs: number): number =>
  Math.min(MOST_AGE_SECONDS, Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1_000));
