import { Histogram, type Registry } from 'prom-client';

/** How long answers took, for Prometheus. */
export class Durations {
  readonly #histogram;
  // A series is looked up by a text made of its labels, which costs more than the observation.
  readonly #known = new Map<string, Histogram.Internal<string>>();

  constructor(registry: Registry) {
    this.#histogram = new Histogram({
      name: 'chancery_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
      registers: [registry],
    });
  }

  /**
   * `route` and not the address: ids would make a series each, and addresses may hold secrets.
   * @param ms milliseconds
   */
  observe(method: string, route: string, status: number, ms: number): void {
    const key = `${status} ${method} ${route}`;
    const series = this.#known.get(key) ?? this.#histogram.labels({ method, route, status });
    this.#known.set(key, series);
    series.observe(ms / 1_000);
  }
}
