import type { NewEvent } from '../../events/envelope.ts';
import { newEvent } from '../../events/envelope.ts';
import { registry } from '../../events/registry.ts';
import type { DateOrInstant } from '../../events/values.ts';
import type { ParsedCommand } from '../commands.ts';
import * as announcement from '../domain/announcement/index.ts';
import { instantMs, isoInstant } from '../domain/date/index.ts';
import * as meeting from '../domain/meeting/index.ts';
import { InvalidInput, Rejected } from '../domain/rules.ts';
import {
  fieldsSet,
  latestStated,
  resolveStatedAt,
  type SourcedEvent,
  type StatedFact,
  statedHistory,
} from '../domain/stated.ts';
import { compact } from '../domain/values.ts';
import { levelOf } from '../domain/visibility.ts';
import { eventId } from '../ids.ts';
import type { EventStore } from '../store/event-store.ts';
import { Known } from './known.ts';
import { type Actor, canSee, type Loaded, loadAnnouncement, loadMeeting } from './stream.ts';

/** What stays the same however often one request is tried. */
export interface Identity {
  readonly actor: Actor;
  readonly commandId: string;
  readonly requestHash: string;
  /** Id of the entry. */
  readonly id: string;
}

/** One try: the stream as it is and the clock. */
export interface Attempt {
  readonly store: EventStore;
  readonly parsed: ParsedCommand;
  readonly identity: Identity;
  readonly loaded: Loaded;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * The events to append, complete and checked against their schemas.
 * @throws {Rejected} a rule refuses the command
 * @throws {InvalidInput} a value does not exist
 */
export async function decideEvents(attempt: Attempt): Promise<NewEvent[]> {
  requireOwnMoment(attempt.parsed);
  const published = await publicationOfSources(attempt);
  const known = new Known(attempt.loaded);
  const level = levelOf(attempt.identity.actor.ceiling);
  const { events, fields, history } = await decided(attempt, known.isLastDateHidden(level));
  const recordedAt = recordedAtOf(attempt);
  const statedAt = resolveStatedAt(
    {
      given: attempt.parsed.statedAt,
      published: ownPublication(attempt.parsed) ?? published,
      correction: attempt.parsed.command.type === 'correct',
      fields,
      recordedAt,
    },
    known.history(history, level),
    known.sharedHistory(history, fields, attempt.now),
  );
  return events.map((event, index) => sealed(event, index, statedAt, recordedAt, attempt));
}

interface Decided {
  readonly events: readonly SourcedEvent[];
  readonly fields: readonly string[];
  readonly history: readonly StatedFact[];
}

async function decided(attempt: Attempt, lastDateHidden: boolean): Promise<Decided> {
  const { parsed, loaded, now, identity } = attempt;
  if (parsed.kind === 'meeting' && loaded.kind === 'meeting') {
    const survivor = await survivorOf(attempt);
    const context = { now, id: identity.id, survivor, lastDateHidden };
    const events = meeting.decide(parsed.command, loaded.state, context);
    const history = statedHistory(loaded.events, meeting.initialState, meeting.evolve);
    return { events, history, fields: fieldsOf(events, loaded.state, meeting.evolve) };
  }
  if (parsed.kind === 'announcement' && loaded.kind === 'announcement') {
    const context = { now, unseen: await unseenMeetings(attempt, loaded.state) };
    const events = announcement.decide(parsed.command, loaded.state, context);
    const history = statedHistory(loaded.events, announcement.initialState, announcement.evolve);
    return { events, history, fields: fieldsOf(events, loaded.state, announcement.evolve) };
  }
  throw new TypeError(`a command of a ${parsed.kind} met the stream of a ${loaded.kind}`);
}

function fieldsOf<
  S extends meeting.MeetingState | announcement.AnnouncementState,
  E extends SourcedEvent,
>(events: readonly E[], state: S, evolve: (state: S, event: E) => S): string[] {
  let before = state;
  return events.flatMap((event) => {
    const after = evolve(before, event);
    const fields = fieldsSet(event, before, after);
    before = after;
    return fields;
  });
}

/** Never falls within a stream, even when another node's clock was ahead. */
function recordedAtOf({ loaded, now }: Attempt): number {
  const { last } = loaded;
  return last === undefined ? now : Math.max(now, instantMs(last.meta.recordedAt));
}

const ownPublication = (parsed: ParsedCommand): DateOrInstant | undefined =>
  parsed.command.type === 'publish' ? parsed.command.facts.publishedAt.value : undefined;

/** @throws {InvalidInput} statedAt says another moment than publishedAt */
function requireOwnMoment(parsed: ParsedCommand): void {
  const own = ownPublication(parsed);
  const { statedAt } = parsed;
  if (own === undefined || statedAt === undefined || sameMoment(own, statedAt)) return;
  throw new InvalidInput([
    {
      path: '/statedAt',
      message: 'an announcement is stated when it was published: leave statedAt out',
    },
  ]);
}

const sameMoment = (a: DateOrInstant, b: DateOrInstant): boolean =>
  a === b || (a.includes('T') && b.includes('T') && instantMs(a) === instantMs(b));

/** The latest publication among basedOn. Rule unknown-announcement. */
async function publicationOfSources(attempt: Attempt): Promise<DateOrInstant | undefined> {
  const { store, parsed, identity, now } = attempt;
  const published = await Promise.all(
    parsed.basedOn.map(async (id) => {
      const loaded = await loadAnnouncement(store, id);
      if (loaded.state.status !== 'none' && canSee(identity.actor, loaded, now)) {
        return loaded.state.facts.publishedAt.value;
      }
      throw new Rejected(
        'unknown-announcement',
        `There is no announcement ${id}: publish it first, or leave it out of basedOn.`,
      );
    }),
  );
  return latestStated(published);
}

/**
 * Of the meetings that an announcement names, where a correction is about to replace its lists: those that are missing
 * or hidden, which must look alike. To whom nothing is hidden, a missing one is a mistake if they send one of its
 * claims anew.
 */
async function unseenMeetings(
  { store, parsed, identity, now }: Attempt,
  state: announcement.AnnouncementState,
): Promise<ReadonlySet<string>> {
  if (parsed.kind !== 'announcement' || parsed.command.type !== 'correct') return new Set();
  if (state.status === 'none') return new Set();
  const { about, claims } = parsed.command.changes;
  const before = state.facts;
  const seesAll = identity.actor.ceiling === 'confidential';
  const sent = new Set(seesAll ? claims?.map(({ id }) => id) : []);
  const mistaken = before.claims.filter(({ id }) => sent.has(id)).map(({ meeting }) => meeting);
  const named = [
    ...(about === undefined ? [] : before.about),
    ...(claims === undefined ? [] : before.claims.map(({ meeting }) => meeting)),
  ];
  const unseen = [...new Set(named)].map(async (id) => {
    if (mistaken.includes(id)) return [];
    const meeting = await loadMeeting(store, id);
    return canSee(identity.actor, meeting, now) ? [] : [id];
  });
  return new Set((await Promise.all(unseen)).flat());
}

async function survivorOf(attempt: Attempt): Promise<meeting.Survivor | undefined> {
  const { store, parsed, identity, now } = attempt;
  if (parsed.command.type !== 'merge') return undefined;
  const loaded = await loadMeeting(store, parsed.command.into);
  if (!canSee(identity.actor, loaded, now)) return undefined;
  const mergedInto: string[] = [];
  let { state } = loaded;
  while (state.status === 'merged' && !mergedInto.includes(state.into)) {
    const next = await loadMeeting(store, state.into);
    // Which rule refuses would otherwise tell of a meeting that the actor cannot see.
    if (!canSee(identity.actor, next, now)) break;
    mergedInto.push(state.into);
    state = next.state;
  }
  return { state: loaded.state, mergedInto };
}

function sealed(
  { type, data }: SourcedEvent,
  index: number,
  statedAt: DateOrInstant,
  recordedAt: number,
  { identity, parsed }: Attempt,
): NewEvent {
  const definition = registry.get(type);
  if (definition === undefined) throw new TypeError(`${type} is not in the registry`);
  const { actor, commandId, requestHash } = identity;
  const event = {
    id: eventId(commandId, requestHash, index),
    type,
    data: definition.schema.parse(compact(data)),
    meta: compact({
      recordedAt: isoInstant(recordedAt),
      statedAt,
      basedOn: parsed.basedOn.length === 0 ? undefined : parsed.basedOn,
      actor: actor.id,
      commandId,
      requestHash,
      correlationId: commandId,
      causationId: commandId,
      schema: definition.version,
    }),
  };
  return newEvent.parse(event);
}
