import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { invalid, type Problem } from './problem.ts';

/** What Node's parser lets pass of a request that nobody can be sure where it ends, or whom it is for. */

/** RFC 3986 §3.2.2 and §3.2.3, loosely: what no host and port can have. */
const NO_HOST = /[^\w\-.~%!$&'()*+,;=:[\]]/;

/** Refuses it before anything else, and ends the connection (RFC 9112 §3.2 and §6.3); but see framingFault. */
export function refuseFraming(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const fault = framingFault(request.raw);
    if (fault === undefined) return done();
    reply.header('connection', 'close');
    return done(fault);
  });
}

/** What is wrong with how a request is framed: for where no hook is asked. */
export function framingFault({ headers, rawHeaders }: IncomingMessage): Problem | undefined {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return invalid('Transfer-Encoding', 'must be chunked, or left out');
  }
  const { host = '' } = headers;
  return NO_HOST.test(host) || hostsIn(rawHeaders) > 1
    ? invalid('Host', 'must be one host, with its port or without')
    : undefined;
}

/** Names and values take turns. */
function hostsIn(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') count += 1;
  }
  return count;
}
