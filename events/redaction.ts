import * as z from 'zod';
import type { EventOf } from './envelope.ts';
import { LIMITS, line, text, uuid } from './values.ts';

/** The facts of a `redaction-<event id>` stream: what a copy of the log no longer holds. */

export const redactionEvents = {
  EventRedacted: z.strictObject({
    /** The id of the event, which stays where it was. */
    event: uuid,
    /** Paths in its data (`title`, `participants.0.name`), or `meta.actor`. */
    fields: z.array(line(LIMITS.name)).min(1).max(LIMITS.fields),
    reason: text,
  }),
} as const;

export type RedactionEvent = EventOf<typeof redactionEvents>;
