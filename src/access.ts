import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type NewEvent, streamOf } from '../events/envelope.ts';
import type { Role, TokenEvent } from '../events/token.ts';
import { type Level, levelOf } from './domain/visibility.ts';
import { type EventStore, RevisionConflict } from './store/event-store.ts';

/** Who a token stands for. */
export interface Holder {
  /** The token's id, or `env` for ADMIN_TOKEN. */
  readonly actor: string;
  readonly role: Role;
  readonly level: Level;
}

export interface Access {
  /** By the SHA-256 of the token, lower-case hex; undefined: unknown or revoked. */
  lookup(tokenHash: string): Holder | undefined;
}

const BOOTSTRAP = streamOf('token', 'bootstrap');
const ADMIN_LEVEL: Level = levelOf('confidential');

export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('hex');

/**
 * Makes the first admin token where there is none. It is the first event of one stream, so of two nodes that
 * start at once one wins, and the other has nothing to say.
 * @returns the token, which is kept nowhere and cannot be shown again; undefined when there was one
 * @throws {StoreUnavailable}
 */
export async function issueFirstToken(
  store: EventStore,
  nowMs: number,
): Promise<string | undefined> {
  const [first] = await store.readStream(BOOTSTRAP, { limit: 1 });
  if (first !== undefined) return undefined;
  const token = `chancery_${randomBytes(32).toString('base64url')}`;
  try {
    await store.append(BOOTSTRAP, [tokenIssued(hashToken(token), nowMs)], 'none');
    return token;
  } catch (error) {
    if (error instanceof RevisionConflict) return undefined;
    throw error;
  }
}

function tokenIssued(hash: string, nowMs: number): NewEvent<TokenEvent> {
  const recordedAt = new Date(nowMs).toISOString();
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: 'TokenIssued',
    data: { name: 'First admin token', role: 'admin', ceiling: 'confidential', hash },
    meta: {
      recordedAt,
      statedAt: recordedAt,
      actor: 'cli',
      commandId,
      requestHash: createHash('sha256').update(`first-token ${hash}`).digest('hex'),
      correlationId: commandId,
      causationId: commandId,
      schema: 1,
    },
  };
}

/**
 * The tokens that are valid: the first admin token of the store, and ADMIN_TOKEN, which never becomes an
 * event. Tokens are compared by their hash, so the time it takes tells nothing about a token.
 * @throws {StoreUnavailable}
 */
export async function openAccess(
  store: EventStore,
  adminToken: string | undefined,
): Promise<Access> {
  const holders = new Map<string, Holder>();
  for (const event of (await store.readStream(BOOTSTRAP)) as readonly TokenEvent[]) {
    if (event.type === 'TokenRevoked') holders.clear();
    if (event.type !== 'TokenIssued') continue;
    const { hash, role, ceiling } = event.data;
    holders.set(hash, { actor: 'bootstrap', role, level: levelOf(ceiling) });
  }
  if (adminToken !== undefined) {
    holders.set(hashToken(adminToken), { actor: 'env', role: 'admin', level: ADMIN_LEVEL });
  }
  return { lookup: (tokenHash) => holders.get(tokenHash) };
}
