import type { FastifyRequest } from 'fastify';
import type { FeedRow } from '../../projections/feeds.ts';
import type { Notice } from '../ical/index.ts';
import { entryUid, sha256 } from '../ids.ts';
import { type Caller, isEditor } from './auth.ts';
import type { FeedAsk } from './deps.ts';
import type { Edge } from './edge.ts';
import { DESCRIPTION } from './feed-asks.ts';
import { lifeOf } from './feed-life.ts';
import { Problem } from './problem.ts';

/** Where saved feeds are asked for: who gets in, and what they then get. */

const LEVELS = { public: 0, internal: 1, confidential: 2 } as const;
/** Feeds remembered, so that the calendars know them again. */
const KNOWN = 5_000;

export interface Door {
  readonly feed: string;
  readonly ask: FeedAsk;
}

interface Made {
  readonly from: string;
  readonly ask: FeedAsk;
}

export class FeedDoors {
  readonly #edge: Edge;
  // Insertion order is order of use.
  readonly #made = new Map<string, Made>();

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** @throws {Problem} not-found: also of a private one */
  byId(id: string): Door {
    const row = this.#edge.deps.feeds.one({ level: 0, editor: false }, id);
    if (row === undefined || row.stale) throw new Problem('not-found', `there is no feed ${id}`);
    return { feed: id, ask: this.#ask(row, undefined) };
  }

  /** @throws {Problem} not-found: unknown, expired, revoked, deleted; gone: replaced, and its grace is over */
  byToken(secret: string): Door {
    const hash = sha256(secret);
    const row = this.#edge.deps.feeds.byToken(hash);
    if (row === undefined || row.stale) throw closed();
    const life = lifeOf(row.tokens, hash, this.#edge.deps.clock());
    if (life.kind === 'closed') throw closed();
    if (life.kind === 'replaced') throw replaced();
    if (life.kind !== 'graced') return { feed: row.id, ask: this.#ask(row, undefined) };
    const { since, until } = life;
    // One that says another end is another entry, and the one before is gone: none has to count what changed in it.
    const uid = entryUid(`feed-${row.id} replaced ${since} until ${until}`);
    return { feed: row.id, ask: this.#ask(row, { uid, since, until }) };
  }

  /** The same object while the feed and the notice are as they were. */
  #ask(row: FeedRow, notice: Notice | undefined): FeedAsk {
    const key = `${row.id} ${notice?.uid ?? ''}`;
    const from = JSON.stringify([row.facts, row.edition, notice]);
    const known = this.#made.get(key);
    const made = known?.from === from ? known : { from, ask: askOf(row, notice) };
    this.#made.delete(key);
    this.#made.set(key, made);
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= KNOWN) break;
      this.#made.delete(oldest);
    }
    return made.ask;
  }
}

export function askOf(
  { id, facts, edition }: Pick<FeedRow, 'id' | 'facts' | 'edition'>,
  notice?: Notice,
): FeedAsk {
  const { name, filters, options, visibility, ceiling } = facts;
  return {
    ...{ name, description: DESCRIPTION, options, filters: filters as FeedAsk['filters'] },
    level: LEVELS[ceiling],
    // Whoever is shown the calendar would learn the address of a private one from it.
    ...(visibility === 'public' ? { path: `/feeds/${id}.ics` } : {}),
    ...(edition === undefined ? {} : { edition }),
    ...(notice === undefined ? {} : { notice }),
  };
}

const closed = (): Problem =>
  new Problem(
    'not-found',
    'there is no calendar at this address, or no longer: ask whoever gave it',
  );

const replaced = (): Problem =>
  new Problem(
    'gone',
    'the address of this calendar was replaced: ask whoever gave it for the new one',
  );

/**
 * Waits for the event in `seen`, of a feed or one that the caller may know.
 * @param secret the token in the address, which opens a private feed to anyone
 * @throws {Problem} view-behind
 */
export async function seenFeeds(
  edge: Edge,
  request: FastifyRequest,
  caller: Caller,
  secret?: string,
): Promise<void> {
  const { seen: event } = request.query as { seen?: string };
  if (event === undefined) return;
  const reader = { level: caller.level, editor: isEditor(caller) };
  const hash = secret === undefined ? undefined : sha256(secret);
  const isKnown = () => edge.deps.feeds.knows(event, reader, hash);
  if (isKnown()) return;
  try {
    await edge.seenByAccess(event, caller);
  } catch (error) {
    // The calendar knows of no feed; it may have come meanwhile.
    if (!isKnown()) throw error;
  }
}
