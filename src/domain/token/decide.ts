import type { TokenEvent } from '../../../events/token.ts';
import { futureExpiry } from '../checks.ts';
import { InvalidInput, Rejected } from '../rules.ts';
import { compact } from '../values.ts';
import { levelOf } from '../visibility.ts';
import type { TokenCommand } from './commands.ts';
import type { TokenState } from './state.ts';

export interface TokenContext {
  /** The clock, epoch ms. */
  readonly now: number;
}

type Command<T extends TokenCommand['type']> = Extract<TokenCommand, { type: T }>;

/**
 * The events that a command makes of a state.
 * @throws {Rejected} a rule refuses it; see RULES
 * @throws {InvalidInput} the ceiling does not fit the role
 */
export function decide(
  command: TokenCommand,
  state: TokenState,
  { now }: TokenContext,
): TokenEvent[] {
  switch (command.type) {
    case 'issue':
      return [issue(command, state, now)];
    case 'revoke':
      return [revoke(state)];
    default:
      return command satisfies never;
  }
}

function issue(
  { type: _, ...facts }: Command<'issue'>,
  state: TokenState,
  now: number,
): TokenEvent {
  if (state.status !== 'none') {
    throw new Rejected('wrong-status', 'The token exists already: make another one.');
  }
  requireCeiling(facts);
  const { expiresAt: given } = facts;
  const expiresAt = given === undefined ? undefined : futureExpiry(given, now);
  return { type: 'TokenIssued', data: compact({ ...facts, expiresAt }) };
}

/** What a role can do reaches down to some level, whatever its ceiling says. */
const LOWEST = { reader: 'public', editor: 'internal', admin: 'confidential' } as const;

function requireCeiling({ role, ceiling }: Pick<Command<'issue'>, 'role' | 'ceiling'>): void {
  const lowest = LOWEST[role];
  if (levelOf(ceiling) >= levelOf(lowest)) return;
  const message = `the ceiling of role ${role} is at least ${lowest}`;
  throw new InvalidInput([{ path: '/ceiling', message }]);
}

function revoke(state: TokenState): TokenEvent {
  if (state.status === 'issued') return { type: 'TokenRevoked', data: {} };
  throw new Rejected('nothing-changes', 'The token is revoked already.');
}
