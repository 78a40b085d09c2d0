import type { Role } from '../../../events/token.ts';
import type { Classification } from '../../../events/values.ts';

/** What can be asked of a token. */
export type TokenCommand =
  | {
      readonly type: 'issue';
      readonly name: string;
      readonly role: Role;
      readonly ceiling: Classification;
      /** SHA-256 of the token, lower-case hex. */
      readonly hash: string;
      /** RFC 3339 UTC. */
      readonly expiresAt?: string | undefined;
    }
  | { readonly type: 'revoke' };
