import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { instant } from '../../../events/values.ts';
import { requireRole } from '../auth.ts';
import { COUNTED, type Lag } from '../deps.ts';
import type { Edge } from '../edge.ts';
import { noQuery } from '../parameters.ts';
import { EITHER_WAY, problemContent } from '../read.ts';
import { SAFE_HEADERS, sendNow } from '../reply.ts';

const health = z.strictObject({ status: z.literal('ok') });
const readiness = z.strictObject({
  status: z.enum(['ready', 'not-ready']),
  view: z.record(z.string(), z.unknown()).optional().describe('Admins only.'),
  access: z.record(z.string(), z.unknown()).optional().describe('Admins only.'),
  store: z
    .strictObject({
      available: z.boolean(),
      behind: z.boolean().nullable(),
      head: z
        .strictObject({ position: z.string(), id: z.string(), recordedAt: instant })
        .nullable(),
    })
    .optional()
    .describe('Admins only.'),
  lag: z
    .strictObject({ events: z.int(), seconds: z.number(), stalled: z.boolean() })
    .optional()
    .describe(`Admins only. Of events, ${COUNTED} are counted at most.`),
  clock: z
    .strictObject({ behindLogSeconds: z.number(), warning: z.string().nullable() })
    .optional()
    .describe('Admins only. Whether the last event was recorded in what is the future here.'),
  rebuild: z.record(z.string(), z.unknown()).optional().describe('Admins only.'),
});

const common = { tags: ['Operation'], querystring: noQuery };

/** GET /healthz, /readyz, /metrics. */
export function operationRoutes(app: FastifyInstance, edge: Edge): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    schema: { ...common, summary: 'Alive', response: { 200: health, default: problemContent } },
    handler: (_request, reply) => sendNow(reply, 200, { status: 'ok' }),
  });
  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      ...common,
      summary: 'Ready to answer, with details for admins',
      security: EITHER_WAY,
      response: { 200: readiness, 503: readiness, default: problemContent },
    },
    handler: async (request, reply) => {
      const admin = edge.callerOf(request).role === 'admin';
      const lag = await edge.deps.lag.look();
      const ready = isReadable(edge) && !lag.stalled;
      if (!ready) reply.header('retry-after', String(edge.limits.retryAfterSeconds));
      const status = ready ? 'ready' : 'not-ready';
      return sendNow(reply, ready ? 200 : 503, { status, ...(admin ? details(edge, lag) : {}) });
    },
  });
  metricsRoute(app, edge);
}

function isReadable({ deps: { queries, views, tokens } }: Edge): boolean {
  return queries() !== undefined && views.status().readable && tokens.status().readable;
}

function metricsRoute(app: FastifyInstance, edge: Edge): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      ...common,
      summary: 'Prometheus, for admins',
      security: [{ token: [] }],
      response: {
        200: {
          description: 'Prometheus text format',
          content: { [edge.deps.metrics.contentType]: { schema: z.string() } },
        },
        default: problemContent,
      },
    },
    handler: async (request, reply) => {
      requireRole(edge.callerOf(request), 'admin');
      const text = await edge.deps.metrics.metrics();
      return reply
        .headers({
          ...SAFE_HEADERS,
          'cache-control': 'no-store',
          'content-type': edge.deps.metrics.contentType,
        })
        .send(Buffer.from(text));
    },
  });
}

function details({ deps }: Edge, { available, head, events, seconds, stalled }: Lag): object {
  const view = deps.views.status();
  const access = deps.tokens.status();
  const behind = available
    ? [view, access].some(({ checkpoint }) => head?.id !== checkpoint?.id)
    : null;
  return {
    view,
    access,
    store: { available, behind, head: head ?? null },
    lag: { events, seconds, stalled },
    clock: clockOf(deps.clock(), head?.recordedAt),
    rebuild: deps.rebuilds.status,
  };
}

/** Seconds that two machines' clocks may be apart without a word. */
const CLOCK_TOLERANCE_S = 5;

function clockOf(nowMs: number, recordedAt: string | undefined): object {
  const aheadMs = recordedAt === undefined ? 0 : Date.parse(recordedAt) - nowMs;
  const behindLogSeconds = Math.max(0, aheadMs / 1_000);
  const warning =
    behindLogSeconds <= CLOCK_TOLERANCE_S
      ? null
      : 'the last event lies in the future of this clock: set the clocks of all nodes, for example with NTP';
  return { behindLogSeconds, warning };
}
