import type { FastifyRequest } from 'fastify';
import type { CalendarQueries, Reader } from '../../projections/types.ts';
import { type Caller, callerOf, isEditor } from './auth.ts';
import { type AppDeps, DEFAULT_LIMITS, type Limits } from './deps.ts';
import { Problem } from './problem.ts';
import type { Representation } from './reply.ts';
import { ResponseCache } from './response-cache.ts';

/** The dependencies with what the edge keeps for itself; one for each app. */
export interface Edge {
  readonly deps: AppDeps;
  readonly limits: Limits;
  readonly answers: ResponseCache<Representation>;
  /** @throws {Problem} unauthenticated */
  callerOf(request: FastifyRequest): Caller;
  /** @throws {Problem} view-behind */
  queries(): CalendarQueries;
  reader(caller: Caller): Reader;
  /** Waits for an event. @throws {Problem} view-behind when it did not come in time */
  seen(eventId: string | undefined): Promise<void>;
  /** Aborted when the server closes: long answers end. */
  readonly closing: AbortController;
}

export function createEdge(deps: AppDeps): Edge {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  return {
    deps,
    limits,
    answers: new ResponseCache(limits.cacheBytes, limits.cacheEntryBytes),
    callerOf: (request) => callerOf(deps.access, request.headers.authorization),
    queries: () => {
      const queries = deps.queries();
      if (queries === undefined) {
        throw new Problem('view-behind', 'the views are being built: try again in a few seconds');
      }
      return queries;
    },
    reader: (caller) => ({
      level: caller.level,
      editor: isEditor(caller),
      clockMs: deps.clock(),
    }),
    seen: async (eventId) => {
      if (eventId === undefined || (await deps.views.waitFor(eventId, limits.seenWaitMs))) return;
      throw new Problem('view-behind', `event ${eventId} has not been applied here: try again`);
    },
    closing: new AbortController(),
  };
}
