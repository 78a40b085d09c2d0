import { randomBytes } from 'node:crypto';
import type { FeedEvent, FeedFacts } from '../events/feed.ts';
import { type Classification, id as idSchema } from '../events/values.ts';
import { checkBody } from './commands.ts';
import {
  decide,
  evolve,
  type FeedCommand,
  type FeedState,
  type FeedToken,
  initialState,
} from './domain/feed/index.ts';
import { levelOf } from './domain/visibility.ts';
import {
  feedBody,
  feedChanges,
  requireCeiling,
  requireFilters,
  requireKind,
  requirePublic,
  rotation,
} from './feed-bodies.ts';
import { IdTaken, NotFound } from './handle/errors.ts';
import { type RecordDependencies, type Recorded, record, requireKey } from './handle/record.ts';
import { commandId, generatedId, requestHash, sha256 } from './ids.ts';

/** Saving, changing and closing feeds, over HTTP and from the command line. */

/** A feed as its stream tells of it. */
export interface FeedRecord {
  readonly id: string;
  readonly facts: FeedFacts;
  readonly tokens: readonly FeedToken[];
  readonly deleted: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly changedAt: string;
}

export interface FeedResult {
  readonly feed: FeedRecord;
  readonly eventId: string;
  /** The token in the address; undefined when none is made here, or it was shown before. Kept nowhere. */
  readonly secret: string | undefined;
  /** It was carried out before. */
  readonly repeated: boolean;
}

export interface FeedRequest {
  readonly actor: { readonly id: string; readonly ceiling: Classification };
  readonly key?: string | undefined;
}

/**
 * Every method takes the body as sent and throws InvalidInput, Forbidden, Rejected and StoreUnavailable; and
 * NotFound for a feed that is not there, or that the actor cannot see.
 */
export interface FeedHandler {
  /** @throws {IdTaken} */
  save(body: unknown, request: FeedRequest): Promise<FeedResult>;
  change(id: string, body: unknown, request: FeedRequest): Promise<FeedResult>;
  rotate(id: string, body: unknown, request: FeedRequest): Promise<FeedResult>;
  revoke(id: string, request: FeedRequest): Promise<FeedResult>;
  remove(id: string, request: FeedRequest): Promise<FeedResult>;
}

export interface FeedDependencies extends RecordDependencies {
  readonly randomUuid: () => string;
  /** A new secret of 256 bits for an address; default from the system. */
  readonly secret?: () => string;
}

/** The path that stands for a feed without an id in command ids. */
const COLLECTION = '/feeds';
const newSecret = (): string => randomBytes(32).toString('base64url');

export function createFeedHandler(deps: FeedDependencies): FeedHandler {
  const makeSecret = deps.secret ?? newSecret;
  const on = (action: string, id: string, body: unknown, request: FeedRequest) => ({
    id,
    ...identityOf(deps, action, `feed-${id}`, body, request),
  });
  return {
    save: (body, request) => save(deps, body, request, makeSecret()),
    change: async (id, body, request) => {
      const { private: hidden, ...given } = checkBody(feedChanges, body);
      const expiresAt = given.expiresAt;
      const { name, filters, options, ceiling } = given;
      requireFilters(filters);
      requireCeiling(ceiling, request.actor.ceiling);
      const changes = { name, filters, options, ceiling };
      const command: FeedCommand = { type: 'change', changes, expiresAt };
      return run(deps, on('change', id, body, request), request, (facts) => {
        requireKind(facts, hidden, ceiling);
        return command;
      });
    },
    rotate: async (id, body, request) => {
      const { graceDays } = checkBody(rotation, body);
      const secret = makeSecret();
      const hash = sha256(secret);
      const identity = { ...on('rotate', id, body, request), secretHash: hash };
      const done = await run(deps, identity, request, () => ({ type: 'rotate', hash, graceDays }));
      return { ...done, secret: done.repeated ? undefined : secret };
    },
    revoke: (id, request) =>
      run(deps, on('revoke', id, {}, request), request, () => ({ type: 'revoke' })),
    remove: (id, request) =>
      run(deps, on('delete', id, {}, request), request, () => ({ type: 'delete' })),
  };
}

function identityOf(
  { randomUuid }: FeedDependencies,
  action: string,
  target: string,
  body: unknown,
  { actor, key }: FeedRequest,
) {
  requireKey(key);
  const command = key === undefined ? randomUuid() : commandId(actor.id, target, key);
  return { actor: actor.id, commandId: command, requestHash: requestHash(action, body ?? {}) };
}

async function save(
  deps: FeedDependencies,
  body: unknown,
  request: FeedRequest,
  secret: string,
): Promise<FeedResult> {
  const { id: chosen, private: hidden, expiresAt, ...given } = checkBody(feedBody, body);
  requireFilters(given.filters);
  requireCeiling(given.ceiling, request.actor.ceiling);
  if (!hidden) requirePublic(given.ceiling, expiresAt);
  const facts: FeedFacts = {
    name: given.name,
    filters: given.filters,
    options: given.options,
    visibility: hidden ? 'private' : 'public',
    ceiling: hidden ? (given.ceiling ?? 'internal') : 'public',
  };
  const target = chosen === undefined ? COLLECTION : `feed-${chosen}`;
  const identity = identityOf(deps, 'save', target, body, request);
  const id = chosen ?? generatedId(identity.commandId);
  const hash = hidden ? sha256(secret) : undefined;
  const recorded = await record<FeedState, FeedEvent>(deps, {
    ...{ kind: 'feed', id, initial: initialState, evolve, ...identity, secretHash: hash },
    requireSeen: (state) => requireSeen(id, state, request),
    decide: (state, now) => {
      if (state.status !== 'none') {
        throw new IdTaken(`The id ${id} was used before: choose another, or leave it out.`);
      }
      return decide({ type: 'save', facts, hash, expiresAt }, state, { now });
    },
  });
  return { ...shown(id, recorded), secret: hidden && !recorded.repeated ? secret : undefined };
}

async function run(
  deps: FeedDependencies,
  { id, ...identity }: { readonly id: string } & ReturnType<typeof identityOf>,
  request: FeedRequest,
  commandOf: (facts: FeedFacts) => FeedCommand,
): Promise<FeedResult> {
  if (!idSchema.safeParse(id).success) throw unknownFeed(id);
  const recorded = await record<FeedState, FeedEvent>(deps, {
    ...{ kind: 'feed', id, initial: initialState, evolve, ...identity },
    requireSeen: (state) => requireSeen(id, state, request),
    decide: (state, now) => {
      if (state.status !== 'saved') throw unknownFeed(id);
      requireSeen(id, state, request);
      return decide(commandOf(state.facts), state, { now });
    },
  });
  return shown(id, recorded);
}

const unknownFeed = (id: string): NotFound =>
  new NotFound(`There is no feed ${id}: look for its id in the list of feeds.`);

/** @throws {NotFound} of a private feed of what the actor may not see */
function requireSeen(id: string, state: FeedState, { actor }: FeedRequest): void {
  if (state.status === 'none') return;
  const { visibility, ceiling } = state.facts;
  const hidden = visibility === 'private' && levelOf(ceiling) > levelOf(actor.ceiling);
  if (hidden) throw unknownFeed(id);
}

function shown(id: string, recorded: Recorded<FeedState>): FeedResult {
  const { state, createdAt, createdBy, changedAt, eventId, repeated } = recorded;
  if (state.status === 'none') throw new TypeError(`feed ${id} has no facts`);
  const tokens = state.status === 'saved' ? state.tokens : [];
  const deleted = state.status === 'deleted';
  const feed = { id, facts: state.facts, tokens, deleted, createdAt, createdBy, changedAt };
  return { feed, eventId, secret: undefined, repeated };
}
