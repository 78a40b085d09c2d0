import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Edge } from './edge.ts';
import { Problem } from './problem.ts';

/**
 * A client may send requests without waiting for answers (RFC 9112 §9.3.2). Each is carried out when the answer
 * before it has been taken: who asks and does not read costs one answer, and not as many as fit into a packet.
 */
export function addTurns(app: FastifyInstance, { limits }: Edge): void {
  const waiting = new WeakMap<Socket, number>();
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // There is nobody to answer, and no address any more for limits to count: a connection that was reset loses
    // it before it is closed.
    if (socket.destroyed || socket.remoteAddress === undefined) return void reply.hijack();
    // Node gives the connection to one answer after the other.
    if (reply.raw.socket !== null) return done();
    const before = waiting.get(socket) ?? 0;
    if (before >= limits.pipelined) return done(tooMany(limits.pipelined));
    waiting.set(socket, before + 1);
    reply.raw.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      done();
    });
  });
}

const tooMany = (most: number): Problem =>
  new Problem(
    'rate-limited',
    `more than ${most} requests wait on this connection: read their answers first`,
    {},
    { 'retry-after': '1' },
  );
