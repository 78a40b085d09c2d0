import type { Reader } from '../../projections/types.ts';
import type { Access } from '../access.ts';
import { sha256 } from '../ids.ts';
import { Problem } from './problem.ts';

/** Who asks. */
export interface Caller {
  readonly level: Reader['level'];
  readonly role: 'anyone' | 'reader' | 'editor' | 'admin';
  /** The token's id; null without a token. */
  readonly actor: string | null;
}

export const ANYONE: Caller = { level: 0, role: 'anyone', actor: null };

/** `Bearer <token>` (RFC 6750 §2.1); the scheme's case does not count. */
const BEARER = /^Bearer +([\w\-.~+/]+=*) *$/i;
const TOKEN_LENGTH = 1_000;

const SEND = 'send `Authorization: Bearer <token>`';
const INVALID = `the token is not valid: ${SEND} with one that is neither revoked nor expired, or leave the header out to read what is public`;

/**
 * Who an Authorization header stands for; without one, anyone. The token is looked up by its SHA-256, so the
 * time taken tells nothing about it.
 * @throws {Problem} unauthenticated
 */
export function callerOf(access: Access, header: string | undefined): Caller {
  if (header === undefined) return ANYONE;
  const token = header.length > TOKEN_LENGTH ? undefined : BEARER.exec(header)?.[1];
  const holder = token === undefined ? undefined : access.lookup(sha256(token));
  if (holder === undefined) throw unauthenticated(INVALID, 'invalid_token');
  return holder;
}

/** Whether they get `revision` and `actor`. */
export const isEditor = ({ role }: Caller): boolean => role === 'editor' || role === 'admin';

/** @throws {Problem} unauthenticated, forbidden */
export function requireRole(caller: Caller, role: 'editor' | 'admin'): void {
  if (caller.role === 'anyone')
    throw unauthenticated(`this needs a token of role ${role}: ${SEND}`);
  const enough = role === 'editor' ? isEditor(caller) : caller.role === 'admin';
  if (!enough) throw forbidden(`this needs a token of role ${role}: ask an admin for one`);
}

/** The token is good and does not reach that far (RFC 6750 §3.1). */
export const forbidden = (detail: string): Problem =>
  new Problem('forbidden', detail, {}, challenge('insufficient_scope'));

/** RFC 6750 §3: no error code when no token was sent. */
const unauthenticated = (detail: string, error?: string): Problem =>
  new Problem('unauthenticated', detail, {}, challenge(error));

const challenge = (error?: string) => ({
  'www-authenticate': `Bearer realm="chancery"${error === undefined ? '' : `, error="${error}"`}`,
});
