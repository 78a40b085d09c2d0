import type { FeedRow } from '../../projections/feeds.ts';

/** For how long the addresses of a private feed work: none longer than the feed, a replaced one for its grace. */

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
  const expiresAt = expiryOf(tokens);
  if (isOver(expiresAt, nowMs)) return { kind: 'closed' };
  const { endedAt, graceUntil } = token;
  if (endedAt === null || graceUntil === null) return { kind: 'present' };
  if (isOver(graceUntil, nowMs)) return { kind: 'replaced' };
  return { kind: 'graced', since: endedAt, until: earlier(graceUntil, expiresAt) };
}

/** Until when an address works beside the present one; null: none does. */
export function graceOf(tokens: Tokens, nowMs: number): string | null {
  const graces = tokens.flatMap(({ graceUntil }) => graceUntil ?? []);
  const latest = graces.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  if (latest === undefined) return null;
  const until = earlier(latest, expiryOf(tokens));
  return isOver(until, nowMs) ? null : until;
}

/** When the feed expires: each new token takes that over from the last one. */
export const expiryOf = (tokens: Tokens): string | null => tokens.at(-1)?.expiresAt ?? null;

export const presentOf = (tokens: Tokens): Tokens[number] | undefined =>
  tokens.find(({ endedAt }) => endedAt === null);

const earlier = (instant: string, other: string | null): string =>
  other !== null && Date.parse(other) < Date.parse(instant) ? other : instant;

/** Revoking is told of the addresses that worked, and the newest of them: it ends those before as well. */
const isRevoked = (tokens: Tokens, at: number): boolean =>
  tokens.slice(at).some(({ endedAt, graceUntil }) => endedAt !== null && graceUntil === null);

export const isOver = (instant: string | null, nowMs: number): boolean =>
  instant !== null && Date.parse(instant) <= nowMs;
