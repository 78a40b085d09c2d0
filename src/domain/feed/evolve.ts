import type { FeedEvent, FeedFacts } from '../../../events/feed.ts';
import type { FeedState, FeedToken, SavedFeed } from './state.ts';

export const initialState: FeedState = { status: 'none' };

/** An event with the instant at which it was recorded: a token's dates count from there. */
export type DatedFeedEvent = FeedEvent & { readonly meta: { readonly recordedAt: string } };

type Of<T extends FeedEvent['type']> = Extract<FeedEvent, { type: T }>;

/** The state after one more event. Total. */
export function evolve(state: FeedState, event: DatedFeedEvent): FeedState {
  if (event.type === 'FeedSaved') {
    return state.status === 'none' ? { status: 'saved', facts: event.data, tokens: [] } : state;
  }
  if (state.status !== 'saved') return state;
  const { recordedAt } = event.meta;
  switch (event.type) {
    case 'FeedChanged':
      return changed(state, event, recordedAt);
    case 'FeedTokenIssued':
      return { ...state, tokens: [...state.tokens, issued(event, recordedAt)] };
    case 'FeedTokenRevoked':
      return { ...state, tokens: state.tokens.map((token) => ended(token, event, recordedAt)) };
    case 'FeedDeleted':
      return { status: 'deleted', facts: state.facts };
    default:
      return event satisfies never;
  }
}

function changed(
  state: SavedFeed,
  { data: { expiresAt, ...facts } }: Of<'FeedChanged'>,
  at: string,
): SavedFeed {
  const given = Object.fromEntries(Object.entries(facts).filter(([, v]) => v !== undefined));
  const after = { ...state.facts, ...given };
  const { edition } = state;
  return {
    status: 'saved',
    facts: after,
    edition: saysTheSame(state.facts, after) ? edition : { count: (edition?.count ?? 0) + 1, at },
    tokens:
      expiresAt === undefined
        ? state.tokens
        : state.tokens.map((token, i, { length }) =>
            i === length - 1 ? { ...token, expiresAt } : token,
          ),
  };
}

/** Of what only leaves entries in or out, and of the name, the entries say nothing. */
const saysTheSame = (a: FeedFacts, b: FeedFacts): boolean =>
  a.ceiling === b.ceiling &&
  a.options.cancelled === b.options.cancelled &&
  a.options.postponed === b.options.postponed &&
  a.options.approx === b.options.approx;

const issued = ({ data }: Of<'FeedTokenIssued'>, issuedAt: string): FeedToken => ({
  hash: data.hash,
  issuedAt,
  expiresAt: data.expiresAt ?? null,
  endedAt: null,
  graceUntil: null,
});

// A later revocation may end a grace that an earlier one gave.
const ended = (token: FeedToken, { data }: Of<'FeedTokenRevoked'>, at: string): FeedToken =>
  token.hash === data.hash ? { ...token, endedAt: at, graceUntil: data.graceUntil ?? null } : token;
