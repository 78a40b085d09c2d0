import { randomBytes, randomUUID } from 'node:crypto';
import { type NewEvent, type RecordedEvent, streamOf } from '../events/envelope.ts';
import type { Role, TokenEvent } from '../events/token.ts';
import { instantMs, isoInstant } from './domain/date/index.ts';
import { type Level, levelOf } from './domain/visibility.ts';
import { sha256 } from './ids.ts';
import { type EventStore, RevisionConflict, StoreUnavailable } from './store/event-store.ts';

/** Who a token stands for. */
export interface Holder {
  /** The token's id, or `env` for ADMIN_TOKEN. */
  readonly actor: string;
  readonly role: Role;
  readonly level: Level;
}

export interface Access {
  /** By the SHA-256 of the token, lower-case hex; undefined: unknown, revoked or expired. */
  lookup(tokenHash: string): Holder | undefined;
}

/** Access that follows the log. */
export interface FollowingAccess extends Access {
  /** Looks again, when one of these events is of a token. */
  seen(events: readonly Pick<RecordedEvent, 'stream'>[]): Promise<void>;
  /** Makes the first admin token where there is none, as issueFirstToken, and knows it from then on. */
  issueFirst(): Promise<string | undefined>;
}

const BOOTSTRAP = streamOf('token', 'bootstrap');
const ADMIN_LEVEL: Level = levelOf('confidential');
/** Tries of an append whose outcome is unknown. */
const TRIES = 5;

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
  const won = await appendFirst(store, tokenIssued(sha256(token), nowMs));
  return won ? token : undefined;
}

/** Again with the same id while nobody knows whether it was written: else the token would be lost. */
async function appendFirst(store: EventStore, event: NewEvent, left = TRIES): Promise<boolean> {
  try {
    await store.append(BOOTSTRAP, [event], 'none');
    return true;
  } catch (error) {
    if (error instanceof RevisionConflict) return false;
    const unknown = error instanceof StoreUnavailable && error.outcome === 'unknown';
    if (!unknown || left <= 1) throw error;
    return appendFirst(store, event, left - 1);
  }
}

function tokenIssued(hash: string, nowMs: number): NewEvent<TokenEvent> {
  const recordedAt = isoInstant(nowMs);
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
      requestHash: sha256(`first-token ${hash}`),
      correlationId: commandId,
      causationId: commandId,
      schema: 1,
    },
  };
}

interface Issued extends Holder {
  /** Epoch ms. */
  readonly expiresMs: number;
}

/**
 * The tokens that are valid: the first admin token of the store, and those given here, which never become
 * events. Tokens are compared by their hash, so the time it takes tells nothing about a token.
 * @param given token → who it stands for
 * @throws {StoreUnavailable}
 */
export async function openAccess(
  store: EventStore,
  given: ReadonlyMap<string, Holder>,
  now: () => number,
): Promise<FollowingAccess> {
  const own = new Map([...given].map(([token, holder]) => [sha256(token), holder]));
  let issued = await issuedTokens(store);
  const reload = async () => {
    issued = await issuedTokens(store);
  };
  return {
    lookup: (tokenHash) => {
      const known = own.get(tokenHash);
      if (known !== undefined) return known;
      const token = issued.get(tokenHash);
      return token === undefined || token.expiresMs <= now() ? undefined : token;
    },
    seen: async (events) => {
      // Without events, everything may be different: the view is another one.
      if (events.length === 0 || events.some(({ stream }) => stream === BOOTSTRAP)) await reload();
    },
    issueFirst: async () => {
      const token = await issueFirstToken(store, now());
      if (token !== undefined) await reload();
      return token;
    },
  };
}

/** The holder behind ADMIN_TOKEN and behind commands of this machine. */
export const admin = (actor: 'env' | 'cli'): Holder => ({
  actor,
  role: 'admin',
  level: ADMIN_LEVEL,
});

async function issuedTokens(store: EventStore): Promise<ReadonlyMap<string, Issued>> {
  const holders = new Map<string, Issued>();
  for (const event of (await store.readStream(BOOTSTRAP)) as readonly TokenEvent[]) {
    if (event.type === 'TokenRevoked') holders.clear();
    if (event.type !== 'TokenIssued') continue;
    const { hash, role, ceiling, expiresAt } = event.data;
    const expiresMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : instantMs(expiresAt);
    holders.set(hash, { actor: 'bootstrap', role, level: levelOf(ceiling), expiresMs });
  }
  return holders;
}
