import type { TokenEvent } from '../../../events/token.ts';
import type { TokenState } from './state.ts';

export const initialState: TokenState = { status: 'none' };

/** The state after one more event. Total. */
export function evolve(state: TokenState, event: TokenEvent): TokenState {
  switch (event.type) {
    case 'TokenIssued':
      return state.status === 'none' ? { status: 'issued', facts: event.data } : state;
    case 'TokenRevoked':
      return state.status === 'issued' ? { status: 'revoked', facts: state.facts } : state;
    default:
      return event satisfies never;
  }
}
