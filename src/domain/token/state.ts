import type { TokenEvent } from '../../../events/token.ts';

export type TokenFacts = Extract<TokenEvent, { type: 'TokenIssued' }>['data'];

export interface NoToken {
  readonly status: 'none';
}
export interface IssuedToken {
  readonly status: 'issued';
  readonly facts: TokenFacts;
}
/** For ever: a token is never taken up again. */
export interface RevokedToken {
  readonly status: 'revoked';
  readonly facts: TokenFacts;
}
export type TokenState = NoToken | IssuedToken | RevokedToken;
