import type { FeedRow } from '../../projections/feeds.ts';

/** For how long the addresses of a private feed work, from the tokens in them. */

type Tokens = FeedRow['tokens'];

/** What there is at an address; of one that was replaced, instants: since when, and until when it works. */
export type Life =
  | { readonly kind: 'present' | 'replaced' | 'closed' }
  | { readonly kind: 'graced'; readonly since: string; readonly until: string };

/** @param hash that of the token in the address */
export function lifeOf(tokens: Tokens, hash: string, nowMs: number): Life {
  const at = tokens.findIndex((token) => token.hash === hash);
  const token = tokens[at];
  if (token === undefined || isRevoked(tokens, at)) return { kind: 'closed' };
  if (isOver(token.expiresAt, nowMs)) return { kind: 'closed' };
  const { endedAt, graceUntil } = token;
  if (endedAt === null || graceUntil === null) return { kind: 'present' };
  if (isOver(graceUntil, nowMs)) return { kind: 'replaced' };
  return { kind: 'graced', since: endedAt, until: graceUntil };
}

/** Revoking is told of the addresses that worked, and the newest of them: it ends those before as well. */
const isRevoked = (tokens: Tokens, at: number): boolean =>
  tokens.slice(at).some(({ endedAt, graceUntil }) => endedAt !== null && graceUntil === null);

const isOver = (instant: string | null, nowMs: number): boolean =>
  instant !== null && Date.parse(instant) <= nowMs;
