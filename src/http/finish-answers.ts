import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Makes a server that closes send its answers to the end, and say on each that the connection ends with it
 * (RFC 9112 §9.6). Node closes connections that it takes for idle: also those whose answer was written, but has
 * not left this process because its reader is slow.
 */
export function finishAnswers(server: Server): { readonly begin: () => void } {
  const answers = new Map<ServerResponse, Socket>();
  let isClosing = false;
  server.prependListener('request', ({ socket }, response) => {
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
  };
}

function endsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
