import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { COUNTED } from '../lag.ts';
import { Durations } from './durations.ts';
import type { Edge } from './edge.ts';

/**
 * What Prometheus is told, on the registry of the composition root.
 * @returns where those tell of an answer who give it without the framework
 */
export function addMetrics(app: FastifyInstance, edge: Edge): Durations {
  const durations = new Durations(edge.deps.metrics);
  addDurations(app, edge, durations);
  addViewGauges(edge);
  addLagGauges(edge);
  addBuildGauges(edge);
  return durations;
}

const WRITING: ReadonlySet<string> = new Set(['POST', 'PUT', 'DELETE']);

/** Whether it appends events, as against work on the views. */
const isWrite = ({ method, routeOptions: { url = '' } }: FastifyRequest): boolean =>
  WRITING.has(method) && !url.startsWith('/admin/');

function addDurations(app: FastifyInstance, edge: Edge, durations: Durations): void {
  const writes = new Counter({
    name: 'chancery_http_writes_total',
    help: 'Writes that were carried out, repeated ones included.',
    registers: [edge.deps.metrics],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const { statusCode, elapsedTime } = reply;
    durations.observe(method, request.routeOptions.url ?? 'unknown', statusCode, elapsedTime);
    if (isWrite(request) && statusCode < 300) writes.inc();
    done();
  });
}

function gauge(
  { deps }: Edge,
  name: string,
  help: string,
  value: () => number | Promise<number>,
): void {
  new Gauge({
    name,
    help,
    registers: [deps.metrics],
    async collect() {
      this.set(await value());
    },
  });
}

function addViewGauges(edge: Edge): void {
  const { views, tokens, clock } = edge.deps;
  gauge(edge, 'chancery_view_readable', '1 when the views can be read.', () =>
    Number(views.status().readable && tokens.status().readable),
  );
  gauge(
    edge,
    'chancery_view_events',
    'Events the view has seen: its checkpoint.',
    () => views.status().checkpoint?.seq ?? 0,
  );
  gauge(
    edge,
    'chancery_view_applied_age_seconds',
    'Since the view last applied something; 0 before it has, since the start.',
    () => (clock() - (views.status().appliedAt ?? clock())) / 1_000,
  );
  gauge(
    edge,
    'chancery_view_dead_letters',
    'Events that were not applied.',
    () => views.status().deadLetters + tokens.status().deadLetters,
  );
  gauge(edge, 'chancery_http_cache_bytes', 'Answers kept.', () => edge.answers.bytes);
}

function addLagGauges(edge: Edge): void {
  const { lag } = edge.deps;
  gauge(
    edge,
    'chancery_view_lag_events',
    `Events of the log that the view has not seen; ${COUNTED} at most.`,
    async () => (await lag.look()).events,
  );
  gauge(
    edge,
    'chancery_view_lag_seconds',
    'How long the view has lacked what the log has; 0 when it lacks nothing.',
    async () => (await lag.look()).seconds,
  );
  gauge(
    edge,
    'chancery_view_stalled',
    '1 when the view stands still while the log goes on.',
    async () => Number((await lag.look()).stalled),
  );
  gauge(edge, 'chancery_store_available', '1 when the event store answers.', async () =>
    Number((await lag.look()).available),
  );
  gauge(
    edge,
    'chancery_store_head_timestamp_seconds',
    "When the log's last event was recorded, since 1970; 0 for an empty log.",
    async () => Date.parse((await lag.look()).head?.recordedAt ?? EPOCH) / 1_000,
  );
}

const EPOCH = new Date(0).toISOString();

const UNDER_WAY: ReadonlySet<string> = new Set(['building', 'catching-up']);

/** The build that is under way: an operator's rebuild, or the one at the start. */
function addBuildGauges(edge: Edge): void {
  const { deps } = edge;
  const progress = () => {
    const { state, progress: rebuilt = { done: 0, rate: 0 } } = deps.rebuilds.status;
    return UNDER_WAY.has(state) ? rebuilt : deps.views.status().build;
  };
  gauge(edge, 'chancery_build_running', '1 while views are being built.', () =>
    Number(progress() !== undefined),
  );
  gauge(
    edge,
    'chancery_build_events',
    'Events that the build under way has read.',
    () => progress()?.done ?? 0,
  );
  gauge(
    edge,
    'chancery_build_events_expected',
    'Events that it will read, as far as that is known; else 0.',
    () => progress()?.total ?? 0,
  );
  gauge(
    edge,
    'chancery_build_events_per_second',
    'How fast it reads.',
    () => progress()?.rate ?? 0,
  );
}
