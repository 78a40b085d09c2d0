import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { IPV6_PREFIX, isLocal } from './caller-address.ts';
import type { Rate } from './deps.ts';
import type { Edge } from './edge.ts';
import { Problem } from './problem.ts';

/** Requests a minute: of each token, and of each address that comes without a valid one. */

const MINUTE_MS = 60_000;
/** Addresses and tokens counted at once; beyond it the ones that were quiet longest begin anew. */
const COUNTED = 10_000;
/** What tells whether the process is well must not be refused to whoever watches it. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Fetched for thousands of readers from few addresses: they have a limit each of their own. */
const FEEDS: ReadonlySet<string | undefined> = new Set([
  '/calendar.ics',
  '/feeds/:id.ics',
  '/feeds/private/:token.ics',
]);

type Check = ReturnType<FastifyInstance['createRateLimit']>;

/** Registers the limits before every route. */
export function addRates(app: FastifyInstance, edge: Edge): void {
  const { addressRate, tokenRate } = edge.limits;
  let byAddress: Check;
  let byToken: Check;
  app.register(rateLimit, { global: false, cache: COUNTED, ipv6Subnet: IPV6_PREFIX });
  app.after(() => {
    const timeWindow = MINUTE_MS;
    byAddress = app.createRateLimit({ max: addressRate.requests, timeWindow });
    const keyGenerator = (request: FastifyRequest) => actorOf(edge, request) ?? '';
    byToken = app.createRateLimit({ max: tokenRate.requests, timeWindow, keyGenerator });
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions;
    if (PROBES.has(url) || FEEDS.has(url)) return done();
    const named = actorOf(edge, request) !== undefined;
    if (!applies(named ? tokenRate : addressRate, request)) return done();
    refuseIfExceeded(named ? byToken : byAddress, request).then(() => done(), done);
  });
}

/** Who comes from this machine is limited only if the operator has said so. */
export const applies = ({ local }: Rate, request: FastifyRequest): boolean =>
  local || !isLocal(request);

/** The id of a valid token; undefined: none was sent, or one that is not taken, which counts for the address. */
function actorOf(edge: Edge, request: FastifyRequest): string | undefined {
  if (request.headers.authorization === undefined) return undefined;
  try {
    return edge.callerOf(request).actor ?? undefined;
  } catch {
    return undefined;
  }
}

/** @throws {Problem} rate-limited */
async function refuseIfExceeded(check: Check, request: FastifyRequest): Promise<void> {
  const result = await check(request);
  if (result.isAllowed || !result.isExceeded) return;
  const detail = `more than ${result.max} requests in a minute: wait ${result.ttlInSeconds} seconds`;
  throw new Problem('rate-limited', detail, {}, { 'retry-after': String(result.ttlInSeconds) });
}
