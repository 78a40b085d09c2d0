import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import * as z from 'zod';
import { UnknownCursor } from '../../../projections/types.ts';
import { addressOf } from '../caller-address.ts';
import { beginning, type ChangeFilters } from '../change-reader.ts';
import { ChangeStreams } from '../change-streams.ts';
import { CONFIDENTIAL, tellReading } from '../confidential.ts';
import { onceKnown } from '../cursor.ts';
import type { Edge } from '../edge.ts';
import { EventStream, placeText } from '../event-stream.ts';
import { changeStreamQuery, meetingFiltersOf } from '../parameters.ts';
import { EITHER_WAY, problemContent } from '../read.ts';
import { SAFE_HEADERS, withOwn } from '../reply.ts';

const EVENT_STREAM = 'text/event-stream';

const HEADERS = {
  ...SAFE_HEADERS,
  'content-type': EVENT_STREAM,
  'cache-control': 'no-store',
  vary: 'Authorization',
  // Read by nginx, which else keeps events back until a buffer is full.
  'x-accel-buffering': 'no',
} as const;

const resuming = z.object({
  'Last-Event-ID': z.string().optional().describe('The id of the last event that you have.'),
});

/** GET /changes/stream: changes as they become visible, as server-sent events (WHATWG HTML §9.2). */
export function changeStreamRoutes(app: FastifyInstance, edge: Edge): void {
  const streams = new ChangeStreams(edge);
  addStreamMetrics(edge, streams);
  app.route({
    method: 'GET',
    url: '/changes/stream',
    schema: {
      summary: 'Changes as they happen, as server-sent events',
      description:
        'Each event has the id of the event that made the change as `id`, and the change as `data`. `Last-Event-ID` goes before `after`.',
      tags: ['Changes'],
      security: EITHER_WAY,
      headers: resuming,
      querystring: changeStreamQuery,
      response: {
        200: {
          description: 'Server-sent events (WHATWG HTML)',
          content: { [EVENT_STREAM]: { schema: z.string() } },
        },
        default: problemContent,
      },
    },
    handler: (request, reply) => answerStream(edge, streams, request, reply),
  });
}

async function answerStream(
  edge: Edge,
  streams: ChangeStreams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = request.query as z.output<typeof changeStreamQuery>;
  const filters = meetingFiltersOf(query);
  const readerNow = () => edge.reader(edge.callerNow(request));
  const place = streams.reserve(edge.callerOf(request).actor ?? addressOf(request));
  try {
    await edge.seen(query.seen, edge.callerOf(request));
    await edge.deps.released?.();
    const given = lastEventId(request.headers) ?? query.after;
    const beginAt = () => begin(edge, readerNow, filters, given);
    const { after } = await onceKnown(edge, given, beginAt, readerNow);
    if (request.method === 'HEAD') {
      place.release();
      return reply.headers(HEADERS).send(Readable.from([]));
    }
    if (readerNow().level === CONFIDENTIAL) tellReading(edge, request, ['changes']);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, withOwn(reply, HEADERS));
    raw.flushHeaders();
    const stream = new EventStream(raw, edge.limits.streamBufferBytes);
    stream.send(placeText(after));
    streams.follow({ stream, filters, after, reader: readerNow }, place);
    return reply;
  } catch (error) {
    place.release();
    throw error;
  }
}

/** WHATWG HTML §9.2.3: where a client that comes again left off. An empty one is none. */
function lastEventId(headers: IncomingHttpHeaders): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** Undefined while the event is unknown. */
function begin(
  edge: Edge,
  reader: () => Parameters<typeof beginning>[1],
  filters: ChangeFilters,
  given: string | undefined,
): { after: string } | undefined {
  try {
    return { after: beginning(edge.queries(), reader(), filters, given) };
  } catch (error) {
    if (error instanceof UnknownCursor) return undefined;
    throw error;
  }
}

function addStreamMetrics({ deps }: Edge, streams: ChangeStreams): void {
  const registers = [deps.metrics];
  new Gauge({
    name: 'chancery_streams_open',
    help: 'Streams of changes that are open.',
    registers,
    collect() {
      this.set(streams.open);
    },
  });
  new Gauge({
    name: 'chancery_streams_waiting_bytes',
    help: 'What is kept for readers of streams that have not taken it yet.',
    registers,
    collect() {
      this.set(streams.waiting);
    },
  });
  new Counter({
    name: 'chancery_streams_dropped_total',
    help: 'Streams that were ended because their reader did not keep up.',
    registers,
    collect() {
      this.reset();
      this.inc(streams.dropped);
    },
  });
}
