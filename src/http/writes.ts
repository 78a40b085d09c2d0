import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { CLASSIFICATIONS, id } from '../../events/values.ts';
import type { AnnouncementView, MeetingView } from '../../projections/types.ts';
import { COMMANDS, type CommandDefinition, type Params } from '../commands.ts';
import type { Actor, CommandResult } from '../handle.ts';
import { RevisionConflict } from '../store/event-store.ts';
import { type Caller, requireRole } from './auth.ts';
import type { Edge } from './edge.ts';
import { isWeakOnly, matchRevisions } from './etag.ts';
import { conflictOf } from './failure.ts';
import { keyOf, repeatable } from './idempotency.ts';
import { noQuery } from './parameters.ts';
import { invalid } from './problem.ts';
import { problemContent, representationOf } from './read.ts';
import { SAFE_HEADERS } from './reply.ts';
import { announcement, meeting } from './resources.ts';

const conditions = repeatable.extend({
  'If-Match': z.string().optional().describe('The ETag of the entry as you read it.'),
});
/** Tags of one If-Match that are tried; nobody holds more versions of one entry. */
const TAGS_TRIED = 10;
/** What no stream is at. */
const NO_REVISION = -1;

/** Registers every write of the table: one POST each. */
export function addWrites(app: FastifyInstance, edge: Edge): void {
  for (const definition of COMMANDS) addWrite(app, edge, definition);
}

function addWrite(app: FastifyInstance, edge: Edge, definition: CommandDefinition): void {
  const resource = definition.kind === 'meeting' ? meeting : announcement;
  app.route({
    method: 'POST',
    url: definition.path,
    schema: {
      summary: definition.summary,
      tags: ['Writing'],
      security: [{ token: [] }],
      headers: definition.creates ? repeatable : conditions,
      querystring: noQuery,
      params: paramsOf(definition),
      body: definition.body,
      response: {
        [definition.creates ? 201 : 200]: resource,
        202: z.undefined().describe('Recorded; the views here have not got there yet.'),
        default: problemContent,
      },
    },
    // Before the body is read: who may not write need not send one.
    onRequest: (request, _reply, done) => {
      requireRole(edge.callerOf(request), 'editor');
      done();
    },
    handler: (request, reply) => answerWrite(edge, definition, request, reply),
  });
}

const paramsOf = ({ path }: CommandDefinition) =>
  z.strictObject(
    Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, id])),
  );

async function answerWrite(
  edge: Edge,
  definition: CommandDefinition,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = edge.callerOf(request);
  const result = await carryOut(edge, definition, caller, request);
  const location = edge.at(`/${definition.kind}s/${result.id}`);
  reply.header('chancery-event', result.eventId);
  const resource = await readBack(edge, caller, result);
  if (resource === undefined) {
    return reply
      .code(202)
      .headers({ ...SAFE_HEADERS, location, 'cache-control': 'no-store' })
      .send();
  }
  const { headers, bytes } = representationOf(
    { body: resource, revision: resource.revision },
    true,
    true,
  );
  if (result.created) reply.code(201).header('location', location);
  return reply.headers(headers).send(bytes);
}

/** What was written, once the view here has it; undefined when that takes too long or fails: written it is. */
async function readBack(edge: Edge, caller: Caller, result: CommandResult) {
  try {
    const applied = await edge.deps.views.waitFor(result.eventId, edge.limits.writeWaitMs);
    return applied ? resourceOf(edge, caller, result) : undefined;
  } catch (error) {
    edge.deps.log.error({ err: error, event: result.eventId }, 'a write cannot be shown');
    return undefined;
  }
}

/** The entry with what was written; undefined where the view has set that aside. */
function resourceOf(
  edge: Edge,
  caller: Caller,
  result: CommandResult,
): MeetingView | AnnouncementView | undefined {
  const shown = entryOf(edge, caller, result);
  return (shown?.revision ?? NO_REVISION) < result.revision ? undefined : shown;
}

/** The entry as it now is to the caller, also when it has just left the calendar. */
function entryOf(
  edge: Edge,
  caller: Caller,
  { kind, id: entry }: CommandResult,
): MeetingView | AnnouncementView | undefined {
  const queries = edge.deps.queries();
  const reader = edge.reader(caller);
  if (kind === 'announcement') return queries?.getAnnouncement(reader, entry);
  const found = queries?.getMeeting(reader, entry);
  return found === undefined || found.kind === 'none' ? undefined : found.value;
}

/**
 * Handles the command at each revision that If-Match names, until one is the stream's: the handler takes
 * one, and writes nothing at a wrong one.
 */
async function carryOut(
  edge: Edge,
  definition: CommandDefinition,
  caller: Caller,
  request: FastifyRequest,
): Promise<CommandResult> {
  const command = {
    definition,
    params: request.params as Params,
    body: request.body,
    actor: actorOf(caller),
    key: keyOf(request),
  };
  const condition = request.headers['if-match'];
  const [first, ...others] = revisionsOf(condition);
  await edge.pace.turn();
  let attempt = edge.deps.handle({ ...command, ifMatch: first });
  for (const ifMatch of others) {
    attempt = attempt.catch((error) => {
      if (error instanceof RevisionConflict) return edge.deps.handle({ ...command, ifMatch });
      throw error;
    });
  }
  return attempt.catch((error) => {
    const isNone = error instanceof RevisionConflict && first === NO_REVISION;
    throw isNone ? conflictOf(error, isWeakOnly(condition) ? WEAK : FOREIGN) : error;
  });
}

const FOREIGN =
  'If-Match names no revision of the entry: send the ETag that reading it with this token gave';
const WEAK =
  'the ETag in If-Match is a weak one (W/), which none can be sure of: something on the way made it so, by compressing the answer; send it without W/, or ask with Accept-Encoding: identity';

const actorOf = (caller: Caller): Actor => ({
  id: caller.actor ?? '',
  ceiling: CLASSIFICATIONS[caller.level],
});

/**
 * The revisions to try; undefined: at whatever revision. A field of foreign or weak tags matches nothing
 * (RFC 9110 §13.1.1).
 * @throws {Problem} validation-failed
 */
function revisionsOf(field: string | undefined): readonly (number | undefined)[] {
  if (field === undefined) return [undefined];
  const revisions = matchRevisions(field);
  if (revisions === undefined) {
    throw invalid('If-Match', 'send the ETag of the entry as it was, quotes included, or *');
  }
  if (revisions === '*') return [undefined];
  const distinct = [...new Set(revisions)].slice(0, TAGS_TRIED);
  return distinct.length === 0 ? [NO_REVISION] : distinct;
}
