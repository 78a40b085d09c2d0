import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { requireRole } from '../auth.ts';
import { tellReading } from '../confidential.ts';
import type { Edge } from '../edge.ts';
import { eventsQuery } from '../parameters.ts';
import { invalid } from '../problem.ts';
import { problemContent } from '../read.ts';
import { SAFE_HEADERS } from '../reply.ts';

/** What is written down when somebody reads all there is. */
const RAW_LOG = 'events';

/** GET /events: the raw log as NDJSON, for admins; anyone may replay it into views of their own. */
export function eventRoutes(app: FastifyInstance, edge: Edge): void {
  app.route({
    method: 'GET',
    url: '/events',
    schema: {
      summary: 'The raw log, one event a line, streamed',
      tags: ['Operation'],
      security: [{ token: [] }],
      querystring: eventsQuery,
      response: {
        200: {
          description: 'Newline-delimited JSON',
          content: { 'application/x-ndjson': { schema: z.string() } },
        },
        default: problemContent,
      },
    },
    onRequest: (request, _reply, done) => {
      requireRole(edge.callerOf(request), 'admin');
      done();
    },
    handler: (request, reply) => answerEvents(edge, request, reply),
  });
}

async function answerEvents(
  edge: Edge,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { after } = request.query as z.output<typeof eventsQuery>;
  // The first page before the headers: a store that is away is a 503 and not a broken stream.
  const first = await firstPage(edge, after);
  tellReading(edge, request, [RAW_LOG]);
  reply.headers({
    ...SAFE_HEADERS,
    'content-type': 'application/x-ndjson',
    'cache-control': 'private, no-store',
    vary: 'Authorization',
  });
  const pages = request.method === 'HEAD' ? [] : linesFrom(edge, first);
  return reply.send(Readable.from(pages, { objectMode: false }));
}

/** @throws {Problem} validation-failed: only the store knows what its positions look like */
async function firstPage(edge: Edge, after: string | undefined): Promise<RecordedEvent[]> {
  try {
    return await edge.deps.store.readAll({ after, limit: edge.limits.eventsPage });
  } catch (error) {
    if (error instanceof RangeError) throw invalid('after', error.message);
    throw error;
  }
}

/** Page after page, each read when the one before has left: memory stays flat however long the log is. */
async function* linesFrom(
  edge: Edge,
  first: readonly RecordedEvent[],
): AsyncGenerator<string, void> {
  let page = first;
  for (;;) {
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map((event) => `${JSON.stringify(event)}\n`).join('');
    // Ends broken off and not as if the log were complete.
    edge.closing.signal.throwIfAborted();
    page = await edge.deps.store.readAll({ after: last.position, limit: edge.limits.eventsPage });
  }
}
