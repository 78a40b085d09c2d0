import { type NewEvent, newEvent, type StreamKind, streamOf } from '../../events/envelope.ts';
import { registry } from '../../events/registry.ts';
import { instantMs, isoInstant } from '../domain/date/index.ts';
import { InvalidInput, Rejected } from '../domain/rules.ts';
import { eventId } from '../ids.ts';
import {
  type EventStore,
  PartialAppend,
  RevisionConflict,
  StoreContended,
} from '../store/event-store.ts';
import { append, CONFLICT_RETRIES } from './append.ts';
import { pauseBriefly } from './pause.ts';
import { read } from './stream.ts';

/** Commands on streams that have neither sources nor stated dates: tokens and feeds. */

export interface RecordDependencies {
  readonly store: EventStore;
  /** Epoch ms. */
  readonly now: () => number;
  /** Further tries after a conflict, and after an append of unknown outcome; default CONFLICT_RETRIES and RETRIES. */
  readonly retries?: number;
  /** Waits before the try after the `attempt`-th, counted from 1; default a few ms, doubling, spread. */
  readonly pause?: (attempt: number) => Promise<void>;
}

interface Fact {
  readonly type: string;
  readonly data: object;
}

/** An event as a fold sees it: with the instant at which it was recorded. */
interface Dated {
  readonly meta: { readonly recordedAt: string };
}

/** Who asks, and what tells the request from others. */
export interface Request {
  /** Id of a token, or one of `env`, `cli`. */
  readonly actor: string;
  readonly commandId: string;
  readonly requestHash: string;
  /** Of the secret that the events tell of, made anew for each request. */
  readonly secretHash?: string | undefined;
}

/** One command: what is decided, and on which stream. */
export interface Recording<S, E extends Fact> extends Request {
  readonly kind: StreamKind;
  readonly id: string;
  readonly initial: S;
  readonly evolve: (state: S, event: E & Dated) => S;
  /** What a repeated command is asked, too: it answers with the stream as it is now. @throws what hides it from the actor */
  readonly requireSeen?: (state: S) => void;
  /** @throws whatever refuses the command */
  readonly decide: (state: S, nowMs: number) => readonly E[];
}

export interface Recorded<S> {
  /** After the command; of one that was carried out before, as it is now. */
  readonly state: S;
  /** Of the command's last event, the first time. */
  readonly eventId: string;
  /** It was carried out before, and nothing was written now. */
  readonly repeated: boolean;
  /** When the stream began, and who began it. */
  readonly createdAt: string;
  readonly createdBy: string;
  /** Of the stream's last event. */
  readonly changedAt: string;
}

/**
 * Reads the stream, folds, decides, appends at the folded revision; decides again after a conflict.
 * @throws {Rejected} key-reused; and what `decide` throws
 * @throws {StoreUnavailable}
 */
export async function record<S, E extends Fact>(
  deps: RecordDependencies,
  recording: Recording<S, E>,
): Promise<Recorded<S>> {
  const { retries = CONFLICT_RETRIES, pause = pauseBriefly } = deps;
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt(deps, recording);
    } catch (error) {
      if (!(error instanceof RevisionConflict || error instanceof PartialAppend)) throw error;
      if (tried > retries) throw contested(recording, error);
    }
    await pause(tried);
  }
}

const contested = ({ kind, id }: { kind: StreamKind; id: string }, cause: Error): StoreContended =>
  new StoreContended(streamOf(kind, id), { cause });

async function attempt<S, E extends Fact>(
  deps: RecordDependencies,
  recording: Recording<S, E>,
): Promise<Recorded<S>> {
  const { kind, id, initial, evolve, decide, commandId, actor } = recording;
  const stream = streamOf(kind, id);
  const { events, last } = await read(deps.store, stream);
  const state = (events as unknown as readonly (E & Dated)[]).reduce(evolve, initial);
  const begun = events[0]?.meta;
  const done = events.findLast((event) => event.meta.commandId === commandId);
  if (done !== undefined) {
    recording.requireSeen?.(state);
    requireSame(done.meta.requestHash, recording.requestHash);
    const changedAt = last?.meta.recordedAt ?? done.meta.recordedAt;
    return { state, eventId: done.id, repeated: true, changedAt, ...beginning(begun ?? done.meta) };
  }
  const nowMs = Math.max(deps.now(), last === undefined ? 0 : instantMs(last.meta.recordedAt));
  const decided = decide(state, deps.now());
  const sealed = decided.map((event, index) => seal(event, index, nowMs, recording));
  await append(deps, stream, sealed, last?.revision ?? 'none');
  const changedAt = isoInstant(nowMs);
  return {
    state: (sealed as unknown as readonly (E & Dated)[]).reduce(evolve, state),
    eventId: sealed.at(-1)?.id ?? '',
    repeated: false,
    changedAt,
    ...beginning(begun ?? { recordedAt: changedAt, actor }),
  };
}

const beginning = ({ recordedAt, actor }: { recordedAt: string; actor: string }) => ({
  createdAt: recordedAt,
  createdBy: actor,
});

/** An idempotency key of 1 to 200 characters. @throws {InvalidInput} */
export function requireKey(key: string | undefined): void {
  if (key === undefined || (key.length >= 1 && key.length <= 200)) return;
  throw new InvalidInput([{ path: '', message: 'an idempotency key has 1 to 200 characters' }]);
}

/** @throws {Rejected} key-reused */
export function requireSame(first: string, now: string): void {
  if (first === now) return;
  throw new Rejected(
    'key-reused',
    'This idempotency key was used for another request: send the identical one, or a new key.',
  );
}

function seal(
  { type, data }: Fact,
  index: number,
  nowMs: number,
  { actor, commandId, requestHash, secretHash }: Request,
): NewEvent {
  const definition = registry.get(type);
  if (definition === undefined) throw new TypeError(`${type} is not in the registry`);
  const recordedAt = isoInstant(nowMs);
  return newEvent.parse({
    id: eventId(commandId, requestHash, index, secretHash),
    type,
    data: definition.schema.parse(data),
    meta: {
      recordedAt,
      statedAt: recordedAt,
      actor,
      commandId,
      requestHash,
      correlationId: commandId,
      causationId: commandId,
      schema: definition.version,
    },
  });
}
