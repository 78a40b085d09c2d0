import type { FeedEvent, FeedFacts } from '../../../events/feed.ts';
import { futureExpiry } from '../checks.ts';
import { DAY_MS, instantMs, isoInstant } from '../date/index.ts';
import { Rejected } from '../rules.ts';
import { changedFields, compact } from '../values.ts';
import { levelOf } from '../visibility.ts';
import type { FeedCommand } from './commands.ts';
import { expiryOf, type FeedState, type FeedToken, presentToken, type SavedFeed } from './state.ts';

export interface FeedContext {
  /** The clock, epoch ms. */
  readonly now: number;
}

type Command<T extends FeedCommand['type']> = Extract<FeedCommand, { type: T }>;

/**
 * The events that a command makes of a state.
 * @throws {Rejected} a rule refuses it; see RULES
 */
export function decide(command: FeedCommand, state: FeedState, { now }: FeedContext): FeedEvent[] {
  if (command.type === 'save') return save(command, state, now);
  if (state.status !== 'saved') {
    throw new Rejected('wrong-status', 'There is no such feed, or no longer: save another one.');
  }
  switch (command.type) {
    case 'change':
      return [change(command, state, now)];
    case 'rotate':
      return rotate(command, state, now);
    case 'revoke':
      return revoke(state, now);
    case 'delete':
      return [{ type: 'FeedDeleted', data: {} }];
    default:
      return command satisfies never;
  }
}

function save(
  { facts, hash, expiresAt }: Command<'save'>,
  state: FeedState,
  now: number,
): FeedEvent[] {
  if (state.status !== 'none') {
    throw new Rejected('wrong-status', 'The feed exists already: change it, or save another one.');
  }
  const saved: FeedEvent = { type: 'FeedSaved', data: facts };
  if (hash === undefined) return [saved];
  const until = expiresAt === undefined ? undefined : futureExpiry(expiresAt, now);
  return [saved, { type: 'FeedTokenIssued', data: compact({ hash, expiresAt: until }) }];
}

function change(
  { changes, expiresAt }: Command<'change'>,
  state: SavedFeed,
  now: number,
): FeedEvent {
  if (expiresAt !== undefined) requirePrivate(state);
  requireNoLower(changes.ceiling, state);
  const until = typeof expiresAt === 'string' ? futureExpiry(expiresAt, now) : expiresAt;
  const moves = until !== undefined && until !== expiryOf(state);
  const facts = changedFields(changes, state.facts);
  if (Object.keys(facts).length === 0 && !moves) {
    throw new Rejected('nothing-changes', 'The feed is so already.');
  }
  return { type: 'FeedChanged', data: { ...facts, ...(moves ? { expiresAt: until } : {}) } };
}

/**
 * Calendars keep an entry that they were shown until one with a higher SEQUENCE comes (RFC 5545 §3.8.7.4), and lower
 * levels count fewer changes: what is to be hidden would stay there.
 * @throws {Rejected} ceiling-lowered
 */
function requireNoLower(ceiling: FeedFacts['ceiling'] | undefined, { facts }: SavedFeed): void {
  if (ceiling === undefined || levelOf(ceiling) >= levelOf(facts.ceiling)) return;
  throw new Rejected(
    'ceiling-lowered',
    'Calendars that have this address would keep what it has shown: save another feed with the lower ceiling, and delete this one.',
  );
}

/** @throws {Rejected} public-feed */
function requirePrivate({ facts }: SavedFeed): void {
  if (facts.visibility === 'private') return;
  throw new Rejected(
    'public-feed',
    'The address of a public feed has no token: to close it, delete the feed.',
  );
}

/**
 * The expiry goes on to the new token: another address is no longer life.
 * @throws {Rejected} public-feed, expiry-passed
 */
function rotate(
  { hash, graceDays }: Command<'rotate'>,
  state: SavedFeed,
  now: number,
): FeedEvent[] {
  requirePrivate(state);
  const old = presentToken(state);
  const expiresAt = expiryOf(state) ?? undefined;
  if (expiresAt !== undefined && instantMs(expiresAt) <= now) throw expired(expiresAt);
  const issued: FeedEvent = { type: 'FeedTokenIssued', data: compact({ hash, expiresAt }) };
  if (old === undefined) return [issued];
  const graceUntil = isoInstant(now + graceDays * DAY_MS);
  return [{ type: 'FeedTokenRevoked', data: { hash: old.hash, graceUntil } }, issued];
}

const expired = (at: string): Rejected =>
  new Rejected(
    'expiry-passed',
    `The feed expired at ${at}, so no address of it would work: change its expiry first.`,
  );

/** Also those that still have their grace: somebody who should not read it has the address. */
function revoke(state: SavedFeed, now: number): FeedEvent[] {
  requirePrivate(state);
  const working = state.tokens.filter((token) => works(token, now));
  if (working.length === 0) {
    throw new Rejected('nothing-changes', 'No address of the feed works: rotate it to make one.');
  }
  return working.map(({ hash }) => ({ type: 'FeedTokenRevoked', data: { hash } }));
}

const works = ({ endedAt, graceUntil }: FeedToken, now: number): boolean =>
  endedAt === null || (graceUntil !== null && instantMs(graceUntil) > now);
