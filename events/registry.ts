import type * as z from 'zod';
import { type AnnouncementEvent, announcementEvents } from './announcement.ts';
import { type FeedEvent, feedEvents } from './feed.ts';
import { type MeetingEvent, meetingEvents } from './meeting.ts';
import { type RedactionEvent, redactionEvents } from './redaction.ts';
import { type TokenEvent, tokenEvents } from './token.ts';

/** Every event this program writes. */
export type DomainEvent =
  | MeetingEvent
  | AnnouncementEvent
  | TokenEvent
  | FeedEvent
  | RedactionEvent;
export type DomainEventType = DomainEvent['type'];

/** Turns the data of one schema version into the next. Pure; its golden file stays in tests for ever. */
export type Upcaster = (data: unknown) => unknown;

export interface EventDefinition {
  readonly schema: z.ZodType;
  /** The version written today. */
  readonly version: number;
  /** `upcasters.get(n)` turns version n into n + 1. */
  readonly upcasters: ReadonlyMap<number, Upcaster>;
}

export type Registry = ReadonlyMap<string, EventDefinition>;

/**
 * Versions after the first, by what each is made from the one before with. The last is what is written: a program that
 * reads only the ones before sets such an event aside, where it would take it for something else.
 */
const LATER: Readonly<Record<string, readonly Upcaster[]>> = {
  // 2: `when` may be null, and then no date comes back.
  MeetingReinstated: [(data) => data],
};

function definitionOf(type: string, schema: z.ZodType): EventDefinition {
  const later = LATER[type] ?? [];
  const upcasters = new Map(later.map((upcaster, index) => [index + 1, upcaster] as const));
  return { schema, version: 1 + later.length, upcasters };
}

/** Type → schema, version, upcasters. An unknown type is a newer writer's: skipped and counted. */
export const registry: Registry = new Map(
  Object.entries({
    ...meetingEvents,
    ...announcementEvents,
    ...tokenEvents,
    ...feedEvents,
    ...redactionEvents,
  }).map(([type, schema]) => [type, definitionOf(type, schema)] as const),
);

/** An event that cannot be read: its schema version is newer than ours, or an upcaster is missing. */
export class UpcastError extends Error {
  override readonly name = 'UpcastError';
}

/**
 * Lifts an event's data to the version written today. Returns the event itself when it is current, and
 * undefined when its type is unknown.
 * @throws {UpcastError} when the data's version is newer than this program, or no upcaster leads on.
 */
export function upcast<E extends { type: string; data: unknown; meta: { schema: number } }>(
  event: E,
  types: Registry = registry,
): E | undefined {
  const definition = types.get(event.type);
  if (definition === undefined) return undefined;
  if (event.meta.schema === definition.version) return event;
  let { data } = event;
  for (let version = event.meta.schema; version !== definition.version; version += 1) {
    const step = definition.upcasters.get(version);
    if (step === undefined || version > definition.version) {
      throw new UpcastError(
        `${event.type} has schema ${event.meta.schema}; this program reads up to ${definition.version}. Upgrade Chancery.`,
      );
    }
    data = step(data);
  }
  return { ...event, data };
}
