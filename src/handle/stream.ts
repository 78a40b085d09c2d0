import type { AnnouncementEvent } from '../../events/announcement.ts';
import { type RecordedEvent, streamOf } from '../../events/envelope.ts';
import type { MeetingEvent } from '../../events/meeting.ts';
import { UpcastError, upcast } from '../../events/registry.ts';
import type { Classification } from '../../events/values.ts';
import * as announcement from '../domain/announcement/index.ts';
import * as meeting from '../domain/meeting/index.ts';
import { isVisible, levelOf } from '../domain/visibility.ts';
import { type EventStore, StoreUnavailable } from '../store/event-store.ts';

/** Who asks. `id` is a token's, or one of `env`, `import`, `cli`. */
export interface Actor {
  readonly id: string;
  readonly ceiling: Classification;
}

export type MeetingRecord = RecordedEvent & MeetingEvent;
export type AnnouncementRecord = RecordedEvent & AnnouncementEvent;

export interface LoadedMeeting {
  readonly kind: 'meeting';
  readonly last: RecordedEvent | undefined;
  readonly events: readonly MeetingRecord[];
  readonly state: meeting.MeetingState;
}
export interface LoadedAnnouncement {
  readonly kind: 'announcement';
  readonly last: RecordedEvent | undefined;
  readonly events: readonly AnnouncementRecord[];
  readonly state: announcement.AnnouncementState;
}
/** A stream as read, with its state; `last` is its last event, of whatever type. */
export type Loaded = LoadedMeeting | LoadedAnnouncement;

/**
 * Today's form of every event whose type this program knows; a newer writer's types are skipped.
 * @throws {StoreUnavailable} a newer writer's version of a type that is known
 */
export async function read<E extends RecordedEvent>(store: EventStore, stream: string) {
  const stored = await store.readStream(stream);
  const events = stored.flatMap(todaysForm) as E[];
  return { last: stored.at(-1), events };
}

function todaysForm(event: RecordedEvent): RecordedEvent[] {
  try {
    const known = upcast(event);
    return known === undefined ? [] : [known];
  } catch (error) {
    if (!(error instanceof UpcastError)) throw error;
    throw new StoreUnavailable(error.message, 'not-written', { cause: error });
  }
}

export async function loadMeeting(store: EventStore, id: string): Promise<LoadedMeeting> {
  const { last, events } = await read<MeetingRecord>(store, streamOf('meeting', id));
  return {
    kind: 'meeting',
    last,
    events,
    state: events.reduce<meeting.MeetingState>(meeting.evolve, meeting.initialState),
  };
}

export async function loadAnnouncement(store: EventStore, id: string): Promise<LoadedAnnouncement> {
  const { last, events } = await read<AnnouncementRecord>(store, streamOf('announcement', id));
  return {
    kind: 'announcement',
    last,
    events,
    state: events.reduce<announcement.AnnouncementState>(
      announcement.evolve,
      announcement.initialState,
    ),
  };
}

export const load = (store: EventStore, kind: Loaded['kind'], id: string): Promise<Loaded> =>
  kind === 'meeting' ? loadMeeting(store, id) : loadAnnouncement(store, id);

/** Who may see the entry: its classification and embargo; undefined: there is none. */
export function accessOf(loaded: Loaded) {
  if (loaded.state.status === 'none') return undefined;
  return loaded.kind === 'meeting' ? meeting.liveOf(loaded.state).details : loaded.state.facts;
}

/** Whether the stream exists for the actor at this moment; by the clock, also when an embargo just ended. */
export function canSee(actor: Actor, loaded: Loaded, now: number): boolean {
  const access = accessOf(loaded);
  return access !== undefined && isVisible(levelOf(actor.ceiling), access, now);
}
