import type { Role } from '../events/token.ts';
import type { TokenQueries } from '../projections/tokens.ts';
import { instantMs } from './domain/date/index.ts';
import { type Level, levelOf } from './domain/visibility.ts';
import { sha256 } from './ids.ts';

/** Who a token stands for. */
export interface Holder {
  /** The token's id, or `env` for ADMIN_TOKEN. */
  readonly actor: string;
  readonly role: Role;
  readonly level: Level;
}

export interface Access {
  /**
   * By the SHA-256 of the token, lower-case hex; undefined: unknown, revoked or expired.
   * @throws {ViewBehind} the tokens are not known here yet
   * @throws {OutOfTouch} they were known too long ago: one of them may be revoked
   */
  lookup(tokenHash: string): Holder | undefined;
}

/** The access view, as far as it is asked here. */
export interface TokenSource {
  /** @throws {ViewBehind} */
  tokens(): Pick<TokenQueries, 'valid'>;
  /** Calls the listener when a token was made or revoked, or everything may be different. */
  onChange(listener: () => void): void;
  /** Whether the view may have missed a revocation for longer than is allowed. */
  isStale(): boolean;
}

interface Issued extends Holder {
  /** Epoch ms. */
  readonly expiresMs: number;
}

/**
 * The tokens that are valid: those of the access view, and those given here, which never become events.
 * A token is looked up by its SHA-256, so the time it takes tells nothing about a token.
 * @param given token → who it stands for
 * @param used hears of every token of the view that came in, by its id
 */
export function openAccess(
  source: TokenSource,
  given: ReadonlyMap<string, Holder>,
  now: () => number,
  used: (token: string) => void = () => {},
): Access {
  const own = new Map([...given].map(([token, holder]) => [sha256(token), holder]));
  let issued: ReadonlyMap<string, Issued> | undefined;
  source.onChange(() => {
    issued = undefined;
  });
  return {
    lookup: (tokenHash) => {
      const known = own.get(tokenHash);
      if (known !== undefined) return known;
      if (source.isStale()) throw new OutOfTouch();
      issued ??= validTokens(source.tokens());
      const token = issued.get(tokenHash);
      if (token === undefined || token.expiresMs <= now()) return undefined;
      used(token.actor);
      return token;
    },
  };
}

/** Nobody has said for too long that no token was revoked. `code` is that of the problem. */
export class OutOfTouch extends Error {
  override readonly name = 'OutOfTouch';
  readonly code = 'store-unavailable';

  constructor() {
    super(
      'the event store has not answered for so long that tokens may have been revoked: try again, or leave the token out to read what is public',
    );
  }
}

/** The holder behind ADMIN_TOKEN and behind commands of this machine. */
export const admin = (actor: 'env' | 'cli'): Holder => ({
  actor,
  role: 'admin',
  level: levelOf('confidential'),
});

function validTokens(tokens: Pick<TokenQueries, 'valid'>): ReadonlyMap<string, Issued> {
  return new Map(
    tokens.valid().map(({ hash, id, role, ceiling, expiresAt }) => {
      const expiresMs = expiresAt === null ? Number.POSITIVE_INFINITY : instantMs(expiresAt);
      return [hash, { actor: id, role, level: levelOf(ceiling), expiresMs }] as const;
    }),
  );
}
