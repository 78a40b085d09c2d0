import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Edge } from './edge.ts';
import { Problem } from './problem.ts';

/** What must answer when nothing else does: whether the process lives, and its numbers. */
const ANSWERED: ReadonlySet<string | undefined> = new Set(['/healthz', '/metrics']);

/** Refuses requests while memory is short, before the process suffers: what is under way may finish. */
export function addPressure(app: FastifyInstance, { limits }: Edge): void {
  const { heapBytes, rssBytes, pressureCheckMs } = limits;
  app.register(underPressure, {
    sampleInterval: pressureCheckMs,
    maxHeapUsedBytes: heapBytes,
    maxRssBytes: rssBytes,
    pressureHandler: (request) => {
      if (ANSWERED.has(request.routeOptions.url)) return;
      throw new Problem('overloaded', 'this server is short of memory: try again');
    },
  });
}
