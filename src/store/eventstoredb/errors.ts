import { AccessDeniedError, NotLeaderError, StreamDeletedError } from '@eventstore/db-client';
import { StoreInvalid, StoreUnavailable } from '../event-store.ts';

/** The driver's errors in our words. Codes: https://grpc.io/docs/guides/status-codes/ */

const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/** What OpenSSL and Node say when the two sides do not agree on TLS, or on who signed the certificate. */
const TLS_FAULT =
  /certificate|wrong version number|EPROTO|altnames|SSL routines|packet length too long/i;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const isDenied = (error: unknown): boolean =>
  error instanceof AccessDeniedError ||
  codeOf(error) === PERMISSION_DENIED ||
  codeOf(error) === UNAUTHENTICATED;

/** This node does not write; the driver has been told which one does, and turns to it. */
export const isNotLeader = (error: unknown): boolean => error instanceof NotLeaderError;

/**
 * @param shown the cluster's address without its password
 * @param outcome what a failed append may have left behind; of no meaning for a read
 * @returns StoreInvalid where somebody has to do something, else StoreUnavailable
 */
export function translate(
  error: unknown,
  shown: string,
  outcome: StoreUnavailable['outcome'] = 'not-written',
): StoreInvalid | StoreUnavailable {
  if (error instanceof StoreInvalid || error instanceof StoreUnavailable) return error;
  const cause = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (isDenied(error)) {
    return new StoreInvalid(
      `${shown} refuses the credentials: give a user that may read and write, as user:password@ in STORE_URL`,
      cause,
    );
  }
  if (error instanceof StreamDeletedError) {
    return new StoreInvalid(
      `${shown} has had the stream ${error.streamName} deleted by hand: choose another id, or restore a backup`,
      cause,
    );
  }
  if (TLS_FAULT.test(message)) {
    return new StoreInvalid(
      `${shown} and this program do not agree on TLS (${message}): check tls and tlsCAFile in STORE_URL`,
      cause,
    );
  }
  return new StoreUnavailable(`${shown} does not answer (${message}): try again`, outcome, cause);
}
