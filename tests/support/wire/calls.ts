import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { grpc } from './driver.ts';

/** What servers of the tests do with calls and ports. */

const ENDS = ['close', 'finish', 'cancelled', 'error'] as const;

/** `then` is called when the call is over, in whichever way, and maybe more than once. */
export function whenOver(call: NodeJS.EventEmitter, then: () => void): void {
  for (const end of ENDS) call.once(end, then);
}

/** Ends a call with an error. */
export function fail(
  call: { emit(event: 'error', error: unknown): unknown },
  code: number,
  details: string,
  metadata = new grpc.Metadata(),
): void {
  call.emit('error', { code, details, metadata });
}

/** Listens on loopback. @returns the port, which was any that is free when 0 was asked for */
export function listen(
  server: Server,
  port: number,
  credentials: ServerCredentials,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}
