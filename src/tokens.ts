import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { TokenEvent } from '../events/token.ts';
import { role } from '../events/token.ts';
import {
  type Classification,
  classification,
  id as idSchema,
  instant,
  LIMITS,
  line,
} from '../events/values.ts';
import { checkBody } from './commands.ts';
import { Rejected } from './domain/rules.ts';
import {
  decide,
  evolve,
  initialState,
  type TokenCommand,
  type TokenState,
} from './domain/token/index.ts';
import { NotFound } from './handle/errors.ts';
import { type RecordDependencies, type Recorded, record, requireKey } from './handle/record.ts';
import { commandId, generatedId, requestHash, sha256 } from './ids.ts';

/** Making and revoking tokens, over HTTP and from the command line. */

/** The body of POST /tokens. */
export const tokenBody = z.strictObject({
  name: line(LIMITS.name).describe('Who or what it is for.'),
  role: role.default('reader'),
  ceiling: classification
    .optional()
    .describe('The highest classification it sees; default internal, of an admin confidential.'),
  expiresAt: instant.optional().describe('From then on it is not valid; default never.'),
});

const DEFAULT_CEILING = {
  reader: 'internal',
  editor: 'internal',
  admin: 'confidential',
} as const satisfies Record<z.output<typeof role>, Classification>;

/** A token as its stream tells of it. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: z.output<typeof role>;
  readonly ceiling: Classification;
  readonly createdAt: string;
  /** Id of a token, or `env` or `cli`. */
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface TokenResult {
  readonly token: TokenRecord;
  readonly eventId: string;
  /** The token itself; undefined when it was shown before, or is not made here. Kept nowhere. */
  readonly secret: string | undefined;
}

export interface TokenRequest {
  /** Id of the token that asks, or `env` or `cli`. */
  readonly actor: string;
  readonly key?: string | undefined;
}

export interface TokenHandler {
  /**
   * Makes a token. A repeated request gives the token without its secret.
   * @param body as sent
   * @throws {InvalidInput} {Rejected} {StoreUnavailable}
   */
  issue(body: unknown, request: TokenRequest): Promise<TokenResult>;
  /**
   * Makes a token void for ever.
   * @throws {NotFound} {Rejected} nothing-changes, {StoreUnavailable}
   */
  revoke(id: string, request: TokenRequest): Promise<TokenResult>;
  /**
   * Makes the first admin token where there is none. It is the first event of one stream, so of two nodes
   * that start at once one wins, and the other has nothing to say.
   * @returns undefined when there was one
   */
  issueFirst(): Promise<TokenResult | undefined>;
}

export interface TokenDependencies extends RecordDependencies {
  readonly randomUuid: () => string;
  /** A new secret of 256 bits; default from the system. */
  readonly secret?: () => string;
}

/** The path that stands for a token without an id in command ids. */
const COLLECTION = '/tokens';
const BOOTSTRAP = 'bootstrap';

const newSecret = (): string => `chancery_${randomBytes(32).toString('base64url')}`;

export function createTokenHandler(deps: TokenDependencies): TokenHandler {
  const { randomUuid, secret: makeSecret = newSecret } = deps;
  const idFor = (actor: string, target: string, key: string | undefined): string =>
    key === undefined ? randomUuid() : commandId(actor, target, key);
  return {
    issue: async (body, { actor, key }) => {
      requireKey(key);
      const { ceiling, ...given } = checkBody(tokenBody, body);
      const facts = { ...given, ceiling: ceiling ?? DEFAULT_CEILING[given.role] };
      const command = idFor(actor, COLLECTION, key);
      const request = { actor, commandId: command, requestHash: requestHash('issue', body) };
      return issue(deps, generatedId(command), facts, request, makeSecret());
    },
    revoke: async (id, { actor, key }) => {
      requireKey(key);
      if (!idSchema.safeParse(id).success) throw unknownToken(id);
      const command = idFor(actor, `token-${id}`, key);
      const request = { actor, commandId: command, requestHash: requestHash('revoke', {}) };
      const decideOn = (state: TokenState, now: number) => {
        if (state.status === 'none') throw unknownToken(id);
        return decide({ type: 'revoke' }, state, { now });
      };
      const recorded = await record(deps, { ...stream(id), ...request, decide: decideOn });
      return { token: shown(id, recorded), eventId: recorded.eventId, secret: undefined };
    },
    issueFirst: async () => {
      const facts = { name: 'First admin token', role: 'admin', ceiling: 'confidential' } as const;
      const request = {
        actor: 'cli',
        commandId: randomUuid(),
        requestHash: requestHash('issue', {}),
      };
      try {
        return await issue(deps, BOOTSTRAP, facts, request, makeSecret());
      } catch (error) {
        if (error instanceof Rejected && error.rule === 'wrong-status') return undefined;
        throw error;
      }
    },
  };
}

const unknownToken = (id: string): NotFound =>
  new NotFound(`There is no token ${id}: look for its id in the list of tokens.`);

const stream = (id: string) => ({ kind: 'token', id, initial: initialState, evolve }) as const;

type Issue = Omit<Extract<TokenCommand, { type: 'issue' }>, 'type' | 'hash'>;
type Identity = {
  readonly actor: string;
  readonly commandId: string;
  readonly requestHash: string;
};

async function issue(
  deps: TokenDependencies,
  id: string,
  facts: Issue,
  identity: Identity,
  secret: string,
): Promise<TokenResult> {
  const hash = sha256(secret);
  const recorded = await record<TokenState, TokenEvent>(deps, {
    ...stream(id),
    ...identity,
    secretHash: hash,
    decide: (state, now) => decide({ type: 'issue', ...facts, hash }, state, { now }),
  });
  const { repeated, eventId } = recorded;
  return { token: shown(id, recorded), eventId, secret: repeated ? undefined : secret };
}

function shown(id: string, recorded: Recorded<TokenState>): TokenRecord {
  const { state, createdAt, createdBy, changedAt } = recorded;
  if (state.status === 'none') throw new TypeError(`token ${id} has no facts`);
  const { name, role: holds, ceiling, expiresAt = null } = state.facts;
  const revokedAt = state.status === 'revoked' ? changedAt : null;
  return { id, name, role: holds, ceiling, createdAt, createdBy, expiresAt, revokedAt };
}
