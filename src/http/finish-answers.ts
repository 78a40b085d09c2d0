import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Turns of the event loop without a connection or a request, after which what had arrived is read. */
const QUIET_TURNS = 3;
/**
 * So many are taken, however long they last: each may accept a single connection, and on a machine that stalls one can be
 * longer than all the time there is.
 */
const LEAST_TURNS = 100;
/** And for how long there are any, whatever comes: less than any server may take to stop. */
const MOST_MS = 50;

/** What a server does before it closes. */
export interface Finishing {
  begin(): void;
  /**
   * Settles when what has arrived is taken in: a connection that nobody has accepted, or whose request nobody has read,
   * would be reset.
   */
  takenIn(): Promise<void>;
}

/**
 * Makes a server that closes send its answers to the end, and say on each that the connection ends with it
 * (RFC 9112 §9.6). Node closes connections that it takes for idle: also those whose answer was written, but has
 * not left this process because its reader is slow.
 */
export function finishAnswers(server: Server): Finishing {
  const answers = new Map<ServerResponse, Socket>();
  let isClosing = false;
  let arrived = 0;
  server.on('connection', () => {
    arrived += 1;
  });
  server.prependListener('request', ({ socket }, response) => {
    arrived += 1;
    answers.set(response, socket);
    // After the last byte was given to the system, or when the connection is gone.
    response.once('close', () => answers.delete(response));
    if (isClosing) endsConnection(response);
  });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const busy = new Set(answers.values());
    for (const socket of busy) socket.destroy = () => socket;
    closeIdle();
    for (const socket of busy) Reflect.deleteProperty(socket, 'destroy');
  };
  return {
    begin: () => {
      isClosing = true;
      // One whose answer has begun is not kept for another request, either.
      server.keepAliveTimeout = 1;
      server.keepAliveTimeoutBuffer = 0;
      for (const response of answers.keys()) endsConnection(response);
    },
    takenIn: async () => {
      let quiet = 0;
      const until = performance.now() + MOST_MS;
      for (let turn = 0; turn < LEAST_TURNS || performance.now() < until; turn += 1) {
        const before = arrived;
        await nextTurn();
        quiet = arrived === before ? quiet + 1 : 0;
        if (quiet === QUIET_TURNS) return;
      }
    },
  };
}

function endsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
