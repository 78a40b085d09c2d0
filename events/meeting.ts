import * as z from 'zod';
import type { EventOf } from './envelope.ts';
import {
  classification,
  form,
  id,
  instant,
  LIMITS,
  likelihood,
  line,
  participant,
  participants,
  place,
  text,
  topics,
  when,
} from './values.ts';

/** The facts of a `meeting-<id>` stream. Lifecycle, likelihood and date precision are separate axes. */

const reason = text.optional();
const requestedBy = line(LIMITS.name).optional();

/** The plan as first recorded; only title, form and classification are always there. */
export const meetingFacts = z.strictObject({
  title: line(LIMITS.title),
  form,
  when: when.optional(),
  place: place.optional(),
  participants,
  topics,
  track: id.optional(),
  likelihood: likelihood.optional(),
  classification,
  embargoUntil: instant.optional(),
});
export type MeetingFacts = z.infer<typeof meetingFacts>;

/** What a correction may change; null clears. Never status or classification. */
export const meetingCorrection = z.strictObject({
  title: line(LIMITS.title).optional(),
  form: form.optional(),
  when: when.nullable().optional(),
  place: place.nullable().optional(),
  participants: participants.optional(),
  topics: topics.optional(),
  track: id.nullable().optional(),
  likelihood: likelihood.nullable().optional(),
  outcome: text.nullable().optional(),
});

export const meetingEvents = {
  MeetingProposed: meetingFacts,
  /** First event: all of meetingFacts' required fields. After a proposal: the fields that changed. */
  MeetingAnnounced: meetingFacts.partial(),
  MeetingConfirmed: z.strictObject({ likelihood: likelihood.optional() }),
  MeetingRescheduled: z.strictObject({ when, reason, requestedBy }),
  MeetingRevised: z.strictObject({
    title: line(LIMITS.title).optional(),
    form: form.optional(),
    topics: topics.optional(),
    track: id.nullable().optional(),
    likelihood: likelihood.nullable().optional(),
    reason,
  }),
  MeetingPostponed: z.strictObject({ reason, requestedBy }),
  MeetingRelocated: z.strictObject({ place, reason }),
  MeetingCorrected: meetingCorrection.extend({ reason: text }),
  MeetingParticipantAdded: z.strictObject({ participant, reason }),
  MeetingParticipantRemoved: z.strictObject({ party: id, reason }),
  MeetingHeld: z.strictObject({ when: when.optional(), outcome: text.optional() }),
  MeetingOutcomeRecorded: z.strictObject({ outcome: text }),
  MeetingNotHeld: z.strictObject({ reason: text }),
  MeetingCancelled: z.strictObject({ reason }),
  /** Without `when`, with the last date; null: with none. */
  MeetingReinstated: z.strictObject({ when: when.nullable().optional(), reason }),
  MeetingReclassified: z.strictObject({ classification, embargoUntil: instant.optional(), reason }),
  MeetingReleased: z.strictObject({ embargoUntil: instant }),
  MeetingMerged: z.strictObject({ into: id, reason }),
  MeetingWithdrawn: z.strictObject({ reason: text }),
  MeetingRestored: z.strictObject({ reason: text }),
} as const;

export type MeetingEventType = keyof typeof meetingEvents;
export type MeetingEvent = EventOf<typeof meetingEvents>;
