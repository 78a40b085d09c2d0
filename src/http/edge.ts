import type { FastifyRequest } from 'fastify';
import type { CalendarQueries, Reader } from '../../projections/types.ts';
import { type Caller, callerOf, isEditor } from './auth.ts';
import { Composing } from './composing.ts';
import {
  type AppDeps,
  type Calendars,
  type CalendarText,
  DEFAULT_LIMITS,
  type FeedAsk,
  type Limits,
} from './deps.ts';
import { Pace } from './pace.ts';
import { Patience } from './patience.ts';
import { Problem } from './problem.ts';
import type { Representation } from './reply.ts';
import { ResponseCache } from './response-cache.ts';
import { createSeen, type Seen } from './seen.ts';

/** The dependencies with what the edge keeps for itself; one for each app. */
export interface Edge extends Seen {
  readonly deps: AppDeps;
  readonly limits: Limits;
  readonly answers: ResponseCache<Representation>;
  /**
   * A path from the root of this server as one from the root of PUBLIC_URL, for headers and pages: what they say is
   * resolved against the address outside, of which a proxy may take a part off.
   */
  at(path: string): string;
  /** Found out once for each request. @throws {Problem} unauthenticated */
  callerOf(request: FastifyRequest): Caller;
  /** As it is at this moment: a long answer ends with its token. @throws {Problem} unauthenticated */
  callerNow(request: FastifyRequest): Caller;
  /** @throws {Problem} view-behind */
  queries(): CalendarQueries;
  reader(caller: Caller): Reader;
  /**
   * A feed at an instant: at hand, or composed in its turn.
   * @param from the address that asks for filters of its own
   * @throws {Problem} view-behind, overloaded
   */
  calendar(ask: FeedAsk, nowMs: number, from?: string): Promise<CalendarText>;
  /** Of writes. */
  readonly pace: Pace;
  /** Calendars wait in it for views that are being built. */
  readonly patience: Patience;
  /** Aborted when the server closes: long answers end. */
  readonly closing: AbortController;
}

export function createEdge(deps: AppDeps): Edge {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const closing = new AbortController();
  const base = basePath(deps.publicUrl);
  const reader = (caller: Caller) => readerOf(deps, caller);
  const composing = new Composing(limits.feedComposing, limits.feedWaiting);
  return {
    deps,
    limits,
    answers: new ResponseCache(limits.cacheBytes, limits.cacheEntryBytes),
    at: (path) => `${base}${path}`,
    ...callersOf(deps),
    queries: () => {
      const queries = deps.queries();
      if (queries === undefined) {
        throw new Problem('view-behind', 'the views are being built: try again in a few seconds');
      }
      return queries;
    },
    calendar: async (ask, nowMs, from) => {
      const calendars = calendarsOf(deps);
      const known = calendars.unchanged(ask, nowMs);
      if (known !== undefined) return known;
      const compose = () => feedOf(deps, calendars, ask, nowMs);
      return composing.share(ask, deps.views.version, compose, from);
    },
    reader,
    ...createSeen(deps, limits, reader, closing.signal),
    pace: new Pace(limits.commandsPerTurn),
    patience: patienceOf(limits, closing.signal),
    closing,
  };
}

/** `https://example.org/desk` → `/desk`; '' where it has no path. */
const basePath = (publicUrl: string | undefined): string =>
  publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');

/** For no longer than half of what a connection may be silent. */
const patienceOf = (limits: Limits, closing: AbortSignal): Patience =>
  new Patience({
    waitMs: Math.min(limits.feedBuildWaitMs, limits.idleMs / 2),
    most: limits.feedWaiting,
    closing,
  });

function callersOf({ access }: AppDeps): Pick<Edge, 'callerOf' | 'callerNow'> {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const callerNow = ({ headers }: FastifyRequest) => callerOf(access, headers.authorization);
  return {
    callerNow,
    callerOf: (request) => {
      const known = callers.get(request) ?? callerNow(request);
      callers.set(request, known);
      return known;
    },
  };
}

const readerOf = (deps: AppDeps, caller: Caller): Reader => ({
  level: caller.level,
  editor: isEditor(caller),
  clockMs: deps.clock(),
});

/** A rebuild may replace the view before its feed is there: then the new one's is the right one. */
async function feedOf(
  deps: AppDeps,
  calendars: Calendars,
  ask: FeedAsk,
  nowMs: number,
): Promise<CalendarText> {
  try {
    return await calendars.feed(ask, nowMs);
  } catch (error) {
    const now = calendarsOf(deps);
    if (now === calendars) throw error;
    return now.feed(ask, nowMs);
  }
}

/** @throws {Problem} view-behind */
export function calendarsOf(deps: AppDeps): Calendars {
  const made = deps.calendars();
  if (made !== undefined) return made;
  throw new Problem('view-behind', 'the views are being built: try again in a few seconds');
}
