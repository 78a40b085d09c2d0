import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Edge } from './edge.ts';
import { problemOf } from './failure.ts';
import { framingFault } from './framing.ts';
import { Problem, problemBody } from './problem.ts';
import { parseQuery } from './query.ts';
import { SAFE_HEADERS, sendProblem } from './reply.ts';

/** How often a connection is asked whether its request takes too long, for each such time. */
const CHECKS = 4;

/** The server below the routes: what it takes in, and what it does with what is not a request. */
export function createServer({ limits, deps }: Edge): FastifyInstance {
  const app = fastify({
    loggerInstance: deps.log,
    // One logger for all: a child a request costs more than a cached answer.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.idleMs,
    // Never all: whoever is believed says where the request comes from.
    trustProxy: deps.trustProxy === undefined ? false : [...deps.trustProxy],
    http: {
      maxHeaderSize: limits.headerBytes,
      // Above that of the whole request, it would keep Node from looking at that one.
      headersTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.ceil(limits.requestMs / CHECKS),
    },
    // What still comes on an open connection is answered like the rest, and the connection ends with it.
    return503OnClosing: false,
    rewriteUrl: ({ url }) => originForm(url ?? '/'),
    routerOptions: {
      maxParamLength: limits.urlLength,
      querystringParser: parseQuery,
    },
    frameworkErrors: (error, request, reply) => {
      const fault = framingFault(request.raw);
      if (fault !== undefined) reply.header('connection', 'close');
      sendProblem(reply, fault ?? problemOf(error, limits));
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
  });
  app.server.maxConnections = limits.connections;
  app.server.on('request', remember);
  // Whether its body follows is the client's guess then: so nothing else is read from there.
  app.server.on('checkExpectation', (request, response) => {
    remember(request, response);
    response.writeHead(417, { ...SAFE_HEADERS, connection: 'close' }).end();
  });
  return app;
}

function remember(request: IncomingMessage, response: ServerResponse): void {
  const underWay = answers.get(request.socket) ?? new Set();
  answers.set(request.socket, underWay.add(response));
  const forget = () => {
    if (request.complete && response.closed) underWay.delete(response);
  };
  response.once('close', forget);
  request.once('end', forget);
}

/** Of a connection: answers that are not out yet, or whose request still comes in, which nobody reads. */
const answers = new WeakMap<Socket, Set<ServerResponse>>();

const ABSOLUTE = /^https?:\/\/[^/?#]*/i;

/** `http://any.host/meetings?q=x` → `/meetings?q=x` (RFC 9112 §3.2): the host is the caller's word only. */
function originForm(target: string): string {
  if (!ABSOLUTE.test(target)) return target;
  const rest = target.replace(ABSOLUTE, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** What is not HTTP never becomes a request: answer on the bare connection, and end it. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  const isGone = error.code === 'ECONNRESET';
  // It ends by itself when the last answer is out.
  if (!isGone && socket.writableEnded && !socket.writableFinished) return;
  if (isGone || !socket.writable) {
    socket.destroy();
  } else if (isLeftOver(socket)) {
    // What has been answered is still to arrive.
    socket.destroySoon();
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    socket.end(bareAnswer('408 Request Timeout'));
  } else {
    const cause =
      'the request is not HTTP/1.1, its method is not known, or its headers are too large';
    const body = JSON.stringify(problemBody(new Problem('validation-failed', cause)));
    socket.end(bareAnswer('400 Bad Request', body));
  }
}

/** What is written now would be taken for the answer to a whole request before it, or for a second one to this. */
const isLeftOver = (socket: Socket): boolean =>
  [...(answers.get(socket) ?? [])].some((answer) => answer.req.complete || answer.headersSent);

const bareAnswer = (status: string, body = ''): string =>
  [
    `HTTP/1.1 ${status}`,
    ...(body === '' ? [] : ['Content-Type: application/problem+json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
