import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { type CalendarQueries, type Reader, UnknownCursor } from '../../projections/types.ts';
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

/** The dependencies with what the edge keeps for itself; one for each app. */
export interface Edge {
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
   * Waits for an event. One that the caller may not know is as one that does not come.
   * @throws {Problem} view-behind when it did not come in time
   */
  seen(eventId: string | undefined, caller: Caller): Promise<void>;
  /**
   * Waits until an event is applied and found. Where it is not found, the wait is as long as for one that does not
   * come: its length tells nothing.
   */
  found(eventId: string, isFound: () => boolean): Promise<boolean>;
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

export const notHere = (eventId: string): Problem =>
  new Problem('view-behind', `event ${eventId} has not been applied here: try again`);

export function createEdge(deps: AppDeps): Edge {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const closing = new AbortController();
  const found: Edge['found'] = async (eventId, isFound) => {
    if (isFound()) return true;
    const begun = performance.now();
    if ((await deps.views.waitFor(eventId, limits.seenWaitMs)) && isFound()) return true;
    const left = Math.max(0, begun + limits.seenWaitMs - performance.now());
    await delay(left, undefined, { signal: closing.signal }).catch(() => {});
    return isFound();
  };
  const composing = new Composing(limits.feedComposing, limits.feedWaiting);
  return {
    deps,
    limits,
    answers: new ResponseCache(limits.cacheBytes, limits.cacheEntryBytes),
    at: (path) => `${basePath(deps.publicUrl)}${path}`,
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
    reader: (caller) => readerOf(deps, caller),
    seen: async (eventId, caller) => {
      if (eventId === undefined) return;
      const isSeen =
        caller.role === 'admin'
          ? await deps.views.waitFor(eventId, limits.seenWaitMs)
          : await found(eventId, () => mayKnow(deps, caller, eventId));
      if (isSeen) return;
      throw notHere(eventId);
    },
    found,
    pace: new Pace(limits.commandsPerTurn),
    patience: patienceOf(limits, closing.signal),
    closing,
  };
}

/** `https://example.org/desk` → `/desk`; '' where it has no path. */
export const basePath = (publicUrl: string | undefined): string =>
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

/** Whether an event is one that the caller could have been told of: it is, or was, visible to them. */
function mayKnow(deps: AppDeps, caller: Caller, after: string): boolean {
  try {
    const reader = readerOf(deps, caller);
    return deps.queries()?.listChanges({ reader, filters: {}, limit: 1, after }) !== undefined;
  } catch (error) {
    if (error instanceof UnknownCursor) return false;
    throw error;
  }
}

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
