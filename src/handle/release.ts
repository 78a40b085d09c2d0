import { type NewEvent, newEvent } from '../../events/envelope.ts';
import { registry } from '../../events/registry.ts';
import { instantMs, isoInstant } from '../domain/date/index.ts';
import { Rejected } from '../domain/rules.ts';
import { releaseId, requestHash } from '../ids.ts';
import type { EventStore } from '../store/event-store.ts';
import { append } from './append.ts';
import { accessOf, type Loaded, load } from './stream.ts';

/** Recording that an embargo has ended. */

/** Who releases when nobody does. */
const ACTOR = 'clock';

const TYPES = { meeting: 'MeetingReleased', announcement: 'AnnouncementReleased' } as const;

/**
 * Appends the event that ends a public entry's embargo, if its end has come and no event has said so. Every
 * node makes the same event of the same stream and appends it at the same revision, so it is written once.
 * @returns the event's id; undefined: there was nothing to record
 * @throws {RevisionConflict} somebody else wrote to the stream just now: try again
 * @throws {StoreUnavailable}
 */
export async function recordRelease(
  store: EventStore,
  kind: Loaded['kind'],
  id: string,
  nowMs: number,
): Promise<string | undefined> {
  const loaded = await load(store, kind, id);
  const { last } = loaded;
  const event = dueRelease(loaded, nowMs);
  if (last === undefined || event === undefined) return undefined;
  await append({ store }, last.stream, [event], last.revision);
  return event.id;
}

/** The event that the end of an embargo is still to be recorded by; undefined: there is nothing to record. */
export function dueRelease(loaded: Loaded, nowMs: number): NewEvent | undefined {
  const { kind, last } = loaded;
  const embargoUntil = endedEmbargo(loaded, nowMs);
  if (last === undefined || embargoUntil === undefined) return undefined;
  return hasReleased(loaded, embargoUntil) ? undefined : releaseEvent(kind, last, embargoUntil);
}

/**
 * Whether the stream has the release of an embargo until that instant. It has a second one neither for another
 * embargo of the same end: ids are of stream and end.
 */
function hasReleased({ last, events }: Loaded, embargoUntil: string): boolean {
  const id = last && releaseId(last.stream, embargoUntil);
  return events.some((event) => event.id === id);
}

/**
 * Refuses an embargo whose end could not be recorded. A node whose clock was ahead can have recorded one that is
 * still to come for others.
 * @throws {Rejected} embargo-passed
 */
export function requireReleasable(loaded: Loaded, decided: readonly NewEvent[]): void {
  for (const { data } of decided) {
    const { embargoUntil } = data as { embargoUntil?: string };
    if (embargoUntil === undefined || !hasReleased(loaded, embargoUntil)) continue;
    throw new Rejected(
      'embargo-passed',
      `An embargo until ${embargoUntil} was recorded as over: choose another instant, if only a second later.`,
    );
  }
}

/** The end of an embargo that is over and not recorded. */
function endedEmbargo(loaded: Loaded, nowMs: number): string | undefined {
  const { classification, embargoUntil } = accessOf(loaded) ?? {};
  if (classification !== 'public' || embargoUntil === undefined) return undefined;
  return instantMs(embargoUntil) <= nowMs ? embargoUntil : undefined;
}

function releaseEvent(
  kind: Loaded['kind'],
  last: NonNullable<Loaded['last']>,
  embargoUntil: string,
): NewEvent {
  const type = TYPES[kind];
  const definition = registry.get(type);
  if (definition === undefined) throw new TypeError(`${type} is not in the registry`);
  const id = releaseId(last.stream, embargoUntil);
  const recordedAt = isoInstant(Math.max(instantMs(embargoUntil), instantMs(last.meta.recordedAt)));
  return newEvent.parse({
    id,
    type,
    data: definition.schema.parse({ embargoUntil }),
    meta: {
      ...{ recordedAt, statedAt: recordedAt },
      ...{ actor: ACTOR, commandId: id, requestHash: requestHash('release', { embargoUntil }) },
      ...{ correlationId: id, causationId: id, schema: definition.version },
    },
  });
}
