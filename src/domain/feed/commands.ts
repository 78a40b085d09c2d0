import type { FeedFacts } from '../../../events/feed.ts';

/** What can be asked of a feed. */
export type FeedCommand =
  | {
      readonly type: 'save';
      readonly facts: FeedFacts;
      /** Of the token in its address, if it is private: SHA-256, lower-case hex. */
      readonly hash?: string | undefined;
      readonly expiresAt?: string | undefined;
    }
  | {
      readonly type: 'change';
      /** Undefined: as it is. */
      readonly changes: Omit<FeedFacts, 'visibility' | 'ceiling'> & {
        readonly ceiling?: FeedFacts['ceiling'] | undefined;
      };
      /** Of the present token; undefined: as it is; null: never. */
      readonly expiresAt?: string | null | undefined;
    }
  | {
      readonly type: 'rotate';
      readonly hash: string;
      /** Days for which the old address works on. */
      readonly graceDays: number;
    }
  | { readonly type: 'revoke' }
  | { readonly type: 'delete' };
