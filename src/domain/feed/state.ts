import type { FeedFacts } from '../../../events/feed.ts';

/** A token that stands, or stood, in the address of a private feed. */
export interface FeedToken {
  /** SHA-256, lower-case hex. */
  readonly hash: string;
  readonly issuedAt: string;
  readonly expiresAt: string | null;
  /** When another took its place, or it was made void; null: it is the present one. */
  readonly endedAt: string | null;
  /** It works on until then; null: it was made void at once. Only of one that ended. */
  readonly graceUntil: string | null;
}

export interface NoFeed {
  readonly status: 'none';
}

/** How often what an address shows of the same meetings was made different, and when last. */
export interface Edition {
  readonly count: number;
  readonly at: string;
}

export interface SavedFeed {
  readonly status: 'saved';
  readonly facts: FeedFacts;
  /** Undefined: meetings are shown as when it was saved. */
  readonly edition?: Edition | undefined;
  /** Oldest first. */
  readonly tokens: readonly FeedToken[];
}
/** For ever: its id is not used again. */
export interface DeletedFeed {
  readonly status: 'deleted';
  readonly facts: FeedFacts;
}
export type FeedState = NoFeed | SavedFeed | DeletedFeed;

/** The token that is to be used now; undefined: all were revoked, or the feed is public. */
export const presentToken = ({ tokens }: SavedFeed): FeedToken | undefined =>
  tokens.find(({ endedAt }) => endedAt === null);

/** When a private feed expires, whatever its addresses are: each new token takes that over from the last one. */
export const expiryOf = ({ tokens }: Pick<SavedFeed, 'tokens'>): string | null =>
  tokens.at(-1)?.expiresAt ?? null;
