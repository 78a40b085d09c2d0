import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseStream, type RecordedEvent } from '../../events/envelope.ts';
import type { TokenEvent } from '../../events/token.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { evolve, initialState, type TokenState } from '../domain/token/index.ts';
import { lastUses } from '../local/export.ts';
import { eachEvent } from '../store/each-event.ts';
import type { EventStore } from '../store/event-store.ts';
import { createTokenHandler, type TokenHandler } from '../tokens.ts';
import { EXIT } from './failure.ts';
import { withOptions } from './options.ts';
import { openExistingStore, openStore } from './store.ts';
import { oneLine } from './terminal.ts';

/** Tokens from the command line: written to the store, which every server on it follows. */

export interface TokenOptions {
  readonly name: string;
  readonly role: string;
  readonly ceiling?: string | undefined;
  readonly expires?: string | undefined;
}

/** Makes a token. It is the one line on standard output, so that a script can keep it; the rest goes beside. */
export async function createToken(config: Config, options: TokenOptions): Promise<number> {
  const { name, role, ceiling, expires } = options;
  const body = {
    ...{ name, role },
    ...(ceiling === undefined ? {} : { ceiling }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  };
  const { token, secret } = await withTokens(await openStore(config), (tokens) =>
    tokens.issue(body, { actor: 'cli' }),
  );
  const what = `${token.role}, ceiling ${token.ceiling}, expires ${token.expiresAt ?? 'never'}`;
  process.stderr.write(`Token ${token.id} (${what}), shown only this once:\n`);
  process.stdout.write(`${secret}\n`);
  return EXIT.fine;
}

/** Makes a token void for ever, on every server as soon as its view has the event. */
export async function revokeToken(config: Config, id: string): Promise<number> {
  const { token } = await withTokens(await openExistingStore(config), (tokens) =>
    tokens.revoke(id, { actor: 'cli' }),
  );
  process.stdout.write(`${token.id} is revoked\n`);
  return EXIT.fine;
}

async function withTokens<T>(
  store: EventStore,
  work: (tokens: TokenHandler) => Promise<T>,
): Promise<T> {
  try {
    const tokens = createTokenHandler({ store, now: systemClock, randomUuid: randomUUID });
    return await withOptions(() => work(tokens));
  } finally {
    await store.close();
  }
}

interface Listed {
  state: TokenState;
  readonly createdAt: string;
}

/** Lists every token with what it may do and when it was last used on this machine, the oldest first. */
export async function listTokens(config: Config): Promise<number> {
  const store = await openExistingStore(config);
  let tokens: ReadonlyMap<string, Listed>;
  try {
    tokens = await readTokens(store);
  } finally {
    await store.close();
  }
  const file = join(config.dataDir, 'local.db');
  const uses = existsSync(file) ? lastUses(file) : new Map<string, number>();
  for (const [id, listed] of tokens) process.stdout.write(`${lineOf(id, listed, uses.get(id))}\n`);
  return EXIT.fine;
}

/** Folds the log and not a view, which may be absent, or behind the last revocation. */
async function readTokens(store: EventStore): Promise<ReadonlyMap<string, Listed>> {
  const tokens = new Map<string, Listed>();
  for await (const event of eachEvent(store)) fold(tokens, event);
  return tokens;
}

const TYPES: ReadonlySet<string> = new Set<TokenEvent['type']>(['TokenIssued', 'TokenRevoked']);

function fold(tokens: Map<string, Listed>, event: RecordedEvent): void {
  const name = parseStream(event.stream);
  if (name?.kind !== 'token' || !TYPES.has(event.type)) return;
  const createdAt = event.meta.recordedAt;
  const listed = tokens.get(name.id) ?? { state: initialState, createdAt };
  listed.state = evolve(listed.state, event as RecordedEvent & TokenEvent);
  tokens.set(name.id, listed);
}

function lineOf(id: string, { state, createdAt }: Listed, usedMs: number | undefined): string {
  if (state.status === 'none') return oneLine(`${id}  unknown`);
  const { name, role, ceiling, expiresAt } = state.facts;
  const expired = expiresAt !== undefined && Date.parse(expiresAt) <= systemClock();
  const status = state.status === 'issued' ? (expired ? 'expired' : 'valid') : state.status;
  const until = expiresAt === undefined ? '' : `, until ${expiresAt}`;
  const used = usedMs === undefined ? 'not used here' : `used ${new Date(usedMs).toISOString()}`;
  return oneLine(
    `${id}  ${status}  ${role}, ${ceiling}${until}  made ${createdAt}, ${used}  ${name}`,
  );
}
