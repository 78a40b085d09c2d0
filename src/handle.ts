import { type RecordedEvent, streamOf } from '../events/envelope.ts';
import { type CommandDefinition, type Params, type ParsedCommand, parse } from './commands.ts';
import { InvalidInput, Rejected } from './domain/rules.ts';
import { levelOf } from './domain/visibility.ts';
import { append, CONFLICT_RETRIES } from './handle/append.ts';
import { decideEvents, type Identity } from './handle/decide.ts';
import { Forbidden, IdTaken, NotFound } from './handle/errors.ts';
import { pauseBriefly } from './handle/pause.ts';
import { requireKey, requireSame } from './handle/record.ts';
import { dueRelease, requireReleasable } from './handle/release.ts';
import { type Actor, canSee, type Loaded, load } from './handle/stream.ts';
import { commandId, generatedId, requestHash } from './ids.ts';
import {
  type EventStore,
  type ExpectedRevision,
  PartialAppend,
  RevisionConflict,
  StoreContended,
} from './store/event-store.ts';

export { InvalidInput, Rejected, RULES, type Rule } from './domain/rules.ts';
export { Forbidden, IdTaken, NotFound, TooLarge } from './handle/errors.ts';
export type { Actor } from './handle/stream.ts';

export interface HandlerDependencies {
  readonly store: EventStore;
  /** Epoch ms. */
  readonly now: () => number;
  readonly randomUuid: () => string;
  /** Events that one stream may have; default MAX_EVENTS. */
  readonly maxEvents?: number;
  /** Further tries after a conflict, and after an append of unknown outcome; default CONFLICT_RETRIES and RETRIES. */
  readonly retries?: number;
  /** Waits before the try after the `attempt`-th, counted from 1; default a few ms, doubling, spread. */
  readonly pause?: (attempt: number) => Promise<void>;
}

export interface CommandRequest {
  /** From matchCommand, or the table COMMANDS. */
  readonly definition: CommandDefinition;
  readonly params: Params;
  /** As sent: its hash tells a retry from another request with the same key. */
  readonly body: unknown;
  readonly actor: Actor;
  /** Idempotency key, 1 to 200 characters. */
  readonly key?: string | undefined;
  /** The revision the caller saw: a conflict is then the caller's. */
  readonly ifMatch?: number | undefined;
}

export interface CommandResult {
  readonly stream: string;
  readonly kind: 'meeting' | 'announcement';
  readonly id: string;
  /** Of the command's last event; a repeated command answers with those of the first time. */
  readonly revision: number;
  readonly position: string;
  readonly eventId: string;
  /** The command makes a new entry, now or when it was first sent. */
  readonly created: boolean;
  /** It was carried out before; nothing was written now. */
  readonly repeated: boolean;
}

export type Handle = (request: CommandRequest) => Promise<CommandResult>;

/** More than any real entry has. */
export const MAX_EVENTS = 10_000;

interface Work {
  readonly deps: HandlerDependencies;
  readonly request: CommandRequest;
  readonly parsed: ParsedCommand;
  readonly identity: Identity;
  readonly stream: string;
}

/**
 * Carries commands out: read the stream, fold, decide, append at the folded revision.
 * The handle throws
 * InvalidInput (400), Forbidden (403), NotFound (404), IdTaken (409), Rejected (409, with its rule),
 * RevisionConflict (412, only with ifMatch), TooLarge (413) and StoreUnavailable (503).
 */
export function createHandler(deps: HandlerDependencies): Handle {
  return async (request) => {
    const { stream, ...rest } = identify(deps, request);
    return attempts({ deps, request, stream, ...rest });
  };
}

function identify(deps: HandlerDependencies, request: CommandRequest) {
  const { definition, params, body, actor, key } = request;
  requireKey(key);
  const parsed = parse(definition, params, body);
  checkCeiling(parsed, actor, definition.creates);
  const target = parsed.id === undefined ? definition.path : streamOf(parsed.kind, parsed.id);
  const command = key === undefined ? deps.randomUuid() : commandId(actor.id, target, key);
  const id = parsed.id ?? generatedId(command);
  const identity = { actor, id, commandId: command, requestHash: hashOf(request) };
  return { parsed, identity, stream: streamOf(parsed.kind, id) };
}

/** Of two removals with one key, the party in the path makes the difference. */
function hashOf({ definition, params, body }: CommandRequest): string {
  const { party } = params;
  const action = party === undefined ? definition.action : `${definition.action} ${party}`;
  try {
    return requestHash(action, body ?? {});
  } catch {
    throw new InvalidInput([{ path: '', message: 'every text must be well-formed Unicode' }]);
  }
}

function checkCeiling(parsed: ParsedCommand, actor: Actor, creates: boolean): void {
  const { command } = parsed;
  const access = 'facts' in command ? command.facts : command;
  if (!('classification' in access)) return;
  const { classification } = access;
  if (levelOf(classification) > levelOf(actor.ceiling)) {
    throw new Forbidden(
      `Your ceiling is ${actor.ceiling}: classify no higher, or ask someone who may.`,
    );
  }
  if (creates && classification === 'confidential' && parsed.id !== undefined) {
    throw new InvalidInput([
      { path: '/id', message: 'a confidential entry gets a generated id: leave it out' },
    ]);
  }
}

async function attempts(work: Work): Promise<CommandResult> {
  const { retries = CONFLICT_RETRIES, pause = pauseBriefly } = work.deps;
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt(work);
    } catch (error) {
      requireRepeatable(error, work, tried > retries);
    }
    await pause(tried);
  }
}

/** Throws what deciding again on what is there now would not mend. */
function requireRepeatable(error: unknown, { request, stream }: Work, last: boolean): void {
  if (!(error instanceof RevisionConflict || error instanceof PartialAppend)) throw error;
  if (error instanceof RevisionConflict && request.ifMatch !== undefined) throw error;
  if (!last) return;
  throw new StoreContended(stream, { cause: error });
}

async function attempt(work: Work): Promise<CommandResult> {
  const { deps, parsed, identity, stream } = work;
  const now = deps.now();
  const loaded = await load(deps.store, parsed.kind, identity.id);
  const done = loaded.events.findLast((event) => event.meta.commandId === identity.commandId);
  requireTarget(work, loaded, now, done);
  if (done !== undefined) return repeated(work, done);
  const expected = loaded.last?.revision ?? 'none';
  requireMatch(work, expected);
  requireRoom(work, expected);
  const decided = await decideEvents({ store: deps.store, parsed, identity, loaded, now });
  requireReleasable(loaded, decided);
  // An embargo that has ended did so before what happens now. It changes nothing that commands are decided by.
  const release = dueRelease(loaded, now);
  const events = release === undefined ? decided : [release, ...decided];
  const result = await append(deps, stream, events, expected);
  return { ...base(work), ...result, eventId: events.at(-1)?.id ?? '', repeated: false };
}

const base = ({ parsed, identity, stream, request }: Work) => ({
  stream,
  kind: parsed.kind,
  id: identity.id,
  created: request.definition.creates,
});

function repeated(work: Work, done: RecordedEvent): CommandResult {
  requireSame(done.meta.requestHash, work.identity.requestHash);
  const { revision, position, id } = done;
  return { ...base(work), revision, position, eventId: id, repeated: true };
}

/** What the actor cannot see does not exist; but an id that was once used stays used. */
function requireTarget(work: Work, loaded: Loaded, now: number, done?: RecordedEvent): void {
  const { identity, parsed, request } = work;
  const exists = loaded.last !== undefined;
  if (request.definition.creates && done === undefined) {
    if (!exists) return;
    throw new IdTaken(`The id ${identity.id} was used before: choose another, or leave it out.`);
  }
  if (canSee(identity.actor, loaded, now)) return;
  throw new NotFound(`There is no ${parsed.kind} ${identity.id}: check the id.`);
}

/**
 * Each command reads its stream from the beginning. What keeps or takes an entry from sight is never refused. The
 * end of an embargo, which clocks append, may be one more than there may be.
 */
const ALWAYS = new Set(['reclassify', 'withdraw', 'retract']);

function requireRoom({ deps, request, parsed }: Work, last: ExpectedRevision): void {
  const { maxEvents = MAX_EVENTS } = deps;
  if (last === 'none' || last + 1 < maxEvents || ALWAYS.has(request.definition.action)) return;
  throw new Rejected(
    'too-many-events',
    `This ${parsed.kind} has ${maxEvents} events, and that is how many it may have: go on with a new one.`,
  );
}

function requireMatch({ request, stream }: Work, actual: ExpectedRevision): void {
  if (request.ifMatch === undefined || request.ifMatch === actual) return;
  throw new RevisionConflict(stream, request.ifMatch, actual);
}
