import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Edge } from './edge.ts';

/** What Prometheus is told, on the registry of the composition root. */
export function addMetrics(app: FastifyInstance, edge: Edge): void {
  addDurations(app, edge);
  addViewGauges(edge);
}

function addDurations(app: FastifyInstance, edge: Edge): void {
  const registers = [edge.deps.metrics];
  const durations = new Histogram({
    name: 'chancery_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const writes = new Counter({
    name: 'chancery_http_writes_total',
    help: 'Writes that were carried out, repeated ones included.',
    registers,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    // The route and not the address: ids would make a series each, and addresses may hold secrets.
    const route = request.routeOptions.url ?? 'unknown';
    durations.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    if (method === 'POST' && reply.statusCode < 300) writes.inc();
    done();
  });
}

function addViewGauges(edge: Edge): void {
  const { views, clock, metrics } = edge.deps;
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(value());
      },
    });
  gauge('chancery_view_readable', '1 when the views can be read.', () =>
    views.status().readable ? 1 : 0,
  );
  gauge(
    'chancery_view_events',
    'Events the view has seen: its checkpoint.',
    () => views.status().checkpoint?.seq ?? 0,
  );
  gauge(
    'chancery_view_lag_seconds',
    'Since the last batch, while the log is ahead; else 0.',
    () => {
      const { caughtUp, appliedAt } = views.status();
      return caughtUp ? 0 : Math.max(0, (clock() - (appliedAt ?? clock())) / 1_000);
    },
  );
  gauge(
    'chancery_view_dead_letters',
    'Events that were not applied.',
    () => views.status().deadLetters,
  );
  gauge('chancery_http_cache_bytes', 'Answers kept.', () => edge.answers.bytes);
}
