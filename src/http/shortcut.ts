import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { publicAge, unchangedHeaders } from './calendar-reply.ts';
import type { Durations } from './durations.ts';
import type { Edge } from './edge.ts';
import type { FeedAsks } from './feed-asks.ts';

/**
 * Nearly all requests for a feed come from programs that have it already. They get their 304 before the framework
 * takes the request up, whose hooks cost several times the answer. It is the answer that the route would give;
 * whatever needs more than the feed and its tag is left to the route.
 */
export interface Shortcut {
  readonly asks: FeedAsks;
  readonly durations: Durations;
  /** As in metrics. */
  readonly route: string;
  readonly disposition: string;
}

export function addShortcut(app: FastifyInstance, edge: Edge, shortcut: Shortcut): void {
  const { deps } = edge;
  // Either puts something into every answer.
  if (deps.exampleClock || (deps.corsOrigins ?? []).length > 0) return;
  const { server } = app;
  const framework = server.listeners('request') as ((...args: unknown[]) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const isOpen = !edge.closing.signal.aborted && deps.store.awaySince === undefined;
    if (isOpen && !app.isUnderPressure() && answered(edge, shortcut, request, response)) return;
    for (const listener of framework) listener.call(server, request, response);
  });
}

function answered(
  { deps }: Edge,
  { asks, durations, route, disposition }: Shortcut,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const begun = performance.now();
  const { method = '' } = request;
  if (!isBareRead(request)) return false;
  const ask = asks.known(request.url ?? '');
  const nowMs = deps.clock();
  const text = ask && deps.calendars()?.unchanged(ask, nowMs);
  const headers = text && unchangedHeaders(request.headers, text, disposition);
  if (headers === undefined) return false;
  response.writeHead(304, { 'cache-control': publicAge(nowMs), ...headers });
  response.end();
  durations.observe(method, route, 304, performance.now() - begun);
  return true;
}

/** Reads without a body, that name what they have. */
const isBareRead = ({ method, headers }: IncomingMessage): boolean =>
  headers['if-none-match'] !== undefined &&
  (method === 'GET' || method === 'HEAD') &&
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined;
