import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { access as projection } from '../projections/access.ts';
import { type FeedQueries, feedQueries } from '../projections/feeds.ts';
import { type TokenQueries, tokenQueries } from '../projections/tokens.ts';
import type { ViewDatabase } from '../projections/view-database.ts';
import { type Access, admin, OutOfTouch, openAccess } from './access.ts';
import { ACCESS_DEFINITION } from './access-definition.ts';
import { backgroundBuild } from './background.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createFeedHandler } from './feeds.ts';
import type { Feeds, Tokens } from './http/app.ts';
import { type Local, openLocal } from './local/local.ts';
import type { EventStore } from './store/event-store.ts';
import { createTokenHandler } from './tokens.ts';
import { keepTouch } from './touch.ts';
import { Projector } from './views/projector.ts';
import type { AppliedBatch } from './views/status.ts';

/** The parts that know who may come in: their own view, ready before the calendar's. */

export interface AccessOptions {
  readonly config: Config;
  /** The views folder, locked by this process. */
  readonly folder: string;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The token for commands on this machine. */
  readonly control: string;
}

export interface AccessParts {
  readonly view: Projector;
  readonly access: Access;
  readonly tokens: Tokens;
  readonly feeds: Feeds;
  readonly local: Local;
  /** Makes the first admin token where there is none, and knows it from then on; undefined: there was one. */
  issueFirst(): Promise<string | undefined>;
}

/** How long the first token is waited for, in milliseconds: it is shown in any case. */
const FIRST_MS = 2_000;

/** Opens the access view and what hangs on it; `opened` closes them. */
export function openAccessParts(
  { config, folder, store, clock, log, control }: AccessOptions,
  opened: AsyncDisposableStack,
): AccessParts {
  const definition = ACCESS_DEFINITION;
  const build = backgroundBuild(config.store, projection.name);
  const view = new Projector({ folder, store, projection, definition, log, now: clock, build });
  opened.defer(() => view.close());
  view.start();
  const local = openLocal({
    file: join(config.dataDir, 'local.db'),
    maxReads: config.readLogMax,
    log,
  });
  opened.defer(() => local.close());
  const monotonic = () => performance.now();
  const touch = keepTouch({ store, view, staleMs: config.tokenStaleMax, monotonic });
  opened.defer(() => touch.close());
  const given = new Map([[control, admin('cli')]]);
  if (config.adminToken !== undefined) given.set(config.adminToken, admin('env'));
  const tokens = queriesOf<TokenQueries>(view, tokenQueries);
  const source = { tokens, isStale: touch.isStale, onChange: changesOf(view) };
  const access = openAccess(source, given, clock, (token) => local.used(token, clock()));
  const handler = createTokenHandler({ store, now: clock, randomUuid: randomUUID });
  return {
    ...{ view, access, local },
    feeds: feedsOf({ store, clock, view, local, isStale: touch.isStale }),
    tokens: {
      status: () => view.status(),
      ...{ issue: handler.issue, revoke: handler.revoke },
      list: (limit, before) => tokens().list(limit, before),
      one: (id) => tokens().one(id),
      lastUse: (id) => local.lastUse(id),
      waitFor: (eventId, timeoutMs) => view.waitFor(eventId, timeoutMs),
    },
    issueFirst: async () => {
      const made = await handler.issueFirst();
      if (made !== undefined) await view.waitFor(made.eventId, FIRST_MS);
      return made?.secret;
    },
  };
}

interface FeedParts extends Pick<AccessOptions, 'store' | 'clock'> {
  readonly view: Projector;
  readonly local: Local;
  readonly isStale: () => boolean;
}

function feedsOf({ store, clock, view, local, isStale }: FeedParts): Feeds {
  const feeds = queriesOf<FeedQueries>(view, feedQueries);
  return {
    ...createFeedHandler({ store, now: clock, randomUuid: randomUUID }),
    list: (reader, limit, before) => feeds().list(reader, limit, before),
    seqOf: (reader, id) => feeds().seqOf(reader, id),
    one: (reader, id) => feeds().one(reader, id),
    byToken: (hash) => {
      if (isStale()) throw new OutOfTouch();
      return feeds().byToken(hash);
    },
    knows: (eventId, reader, hash) => feeds().knows(eventId, reader, hash),
    used: (id, client) => local.fetched(id, client, clock()),
    use: (id) => local.feedUse(id),
    waitFor: (eventId, timeoutMs) => view.waitFor(eventId, timeoutMs),
    reached: reachedBy(view),
  };
}

/** Whether the view has come to a place of the log that another one is at, or comes there in time. */
export const reachedBy =
  (view: Pick<Projector, 'status' | 'waitFor'>): Feeds['reached'] =>
  async ({ id, seq }, timeoutMs) =>
    (view.status().checkpoint?.seq ?? 0) >= seq || (await view.waitFor(id, timeoutMs));

/** The queries of the view as it is now: prepared once for each handle, which a rebuild changes. */
function queriesOf<Q>(view: Projector, prepare: (db: ViewDatabase) => Q): () => Q {
  const made = new WeakMap<ViewDatabase, { readonly queries: Q }>();
  return () => {
    const db = view.reader();
    let queries = made.get(db);
    if (queries === undefined) {
      queries = { queries: prepare(db) };
      made.set(db, queries);
    }
    return queries.queries;
  };
}

/** Without events, everything may be different: the view is another one. */
const concernsTokens = ({ events }: AppliedBatch): boolean =>
  events.length === 0 || events.some(({ stream }) => stream.startsWith('token-'));

const changesOf = (view: Projector) => (listener: () => void) => {
  view.onBatch((batch) => {
    if (concernsTokens(batch)) listener();
  });
};
