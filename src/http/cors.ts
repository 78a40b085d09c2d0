import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Edge } from './edge.ts';
import { SAFE_HEADERS } from './reply.ts';

/**
 * Scripts of other sites may read (Fetch, CORS protocol), if the operator has said which; they never write, and
 * no cookie or other credential of the browser plays a part.
 */

const READABLE = 'ETag, Link, Location, Retry-After, Chancery-Clock, Chancery-Degraded';
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'Authorization, If-None-Match, Last-Event-ID',
  'access-control-max-age': '600',
} as const;

export function addCors(app: FastifyInstance, { deps }: Edge): void {
  const { corsOrigins = [] } = deps;
  if (corsOrigins.length === 0) return;
  const anyone = corsOrigins.includes('*');
  const isAllowed = (origin: string) => anyone || corsOrigins.includes(origin);
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    // Also where nobody asked: what a cache keeps is given to scripts of any site (Fetch, CORS protocol and HTTP caches).
    const allowed = anyone ? '*' : origin;
    if (allowed === undefined || !isAllowed(allowed)) return done();
    if (isPreflight(request)) return void answerPreflight(reply, allowed);
    if (READS.has(request.method)) {
      reply.header('access-control-allow-origin', allowed);
      reply.header('access-control-expose-headers', READABLE);
    }
    done();
  });
  if (!anyone) addVary(app);
}

/** What is sent depends on the origin, also where it is not allowed. */
function addVary(app: FastifyInstance): void {
  // For answers that are written by hand.
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('vary', ORIGIN);
    done();
  });
  // The others put what they vary by in its place.
  app.addHook('onSend', (_request, reply, payload, done) => {
    const vary = String(reply.getHeader('vary') || ORIGIN);
    reply.header('vary', vary.includes(ORIGIN) ? vary : `${vary}, ${ORIGIN}`);
    done(null, payload);
  });
}

const ORIGIN = 'Origin';
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

const answerPreflight = (reply: FastifyReply, origin: string): FastifyReply =>
  reply
    .code(204)
    .headers({ ...SAFE_HEADERS, ...PREFLIGHT, 'access-control-allow-origin': origin })
    .send();
