import * as z from 'zod';
import type { EventOf } from './envelope.ts';
import {
  classification,
  dateOrInstant,
  id,
  instant,
  LIMITS,
  language,
  line,
  meetingStatus,
  participants,
  place,
  text,
  topics,
  webAddress,
  when,
} from './values.ts';

/** The facts of an `announcement-<id>` stream: something published or said about meetings. */

export const announcementKind = z.enum([
  'report',
  'communique',
  'briefing',
  'readout',
  'statement',
  'call-notice',
]);
export type AnnouncementKind = z.infer<typeof announcementKind>;

export const publishedAt = z
  .strictObject({ value: dateOrInstant, basis: z.enum(['stated', 'inferred']) })
  .meta({ id: 'PublishedAt' });
export type PublishedAt = z.infer<typeof publishedAt>;

export const speaker = z
  .strictObject({
    party: id.optional(),
    name: line(LIMITS.name),
    as: line(LIMITS.name).optional(),
  })
  .meta({ id: 'Speaker' });
export type Speaker = z.infer<typeof speaker>;

const claimBase = {
  id,
  meeting: id,
  phrase: line(LIMITS.phrase).optional(),
  /** null: the reporter's own voice. */
  attributedTo: line(LIMITS.name).nullable().optional(),
};

/** What an announcement says about one field of one meeting, in that field's own shape. */
export const claim = z.discriminatedUnion('field', [
  z.strictObject({ ...claimBase, field: z.literal('when'), value: when }),
  z.strictObject({ ...claimBase, field: z.literal('place'), value: place }),
  z.strictObject({ ...claimBase, field: z.literal('status'), value: meetingStatus }),
  z.strictObject({ ...claimBase, field: z.literal('participants'), value: participants }),
  z.strictObject({ ...claimBase, field: z.literal('title'), value: line(LIMITS.title) }),
]);
export type Claim = z.infer<typeof claim>;
export const claims = z.array(claim).max(LIMITS.claims);

/** A correction keeps, beside the list that was sent, what its writer could not see of the one before. */
export const KEPT_LIMITS = { about: 2 * LIMITS.about, claims: 2 * LIMITS.claims } as const;

export const announcementFacts = z.strictObject({
  title: line(LIMITS.title),
  kind: announcementKind,
  outlet: line(LIMITS.name),
  url: webAddress.optional(),
  publishedAt,
  language,
  speakers: z.array(speaker).max(LIMITS.speakers),
  paraphrase: text.optional(),
  topics,
  about: z.array(id).max(LIMITS.about),
  claims,
  classification,
  embargoUntil: instant.optional(),
});
export type AnnouncementFacts = z.infer<typeof announcementFacts>;

/** What a correction may change; null clears, claims are a whole list. */
export const announcementCorrection = z.strictObject({
  title: line(LIMITS.title).optional(),
  kind: announcementKind.optional(),
  outlet: line(LIMITS.name).optional(),
  url: webAddress.nullable().optional(),
  publishedAt: publishedAt.optional(),
  language: language.optional(),
  speakers: z.array(speaker).max(LIMITS.speakers).optional(),
  paraphrase: text.nullable().optional(),
  topics: topics.optional(),
  about: z.array(id).max(KEPT_LIMITS.about).optional(),
  claims: z.array(claim).max(KEPT_LIMITS.claims).optional(),
});

export const announcementEvents = {
  AnnouncementPublished: announcementFacts,
  AnnouncementCorrected: announcementCorrection.extend({ reason: text }),
  AnnouncementReclassified: z.strictObject({
    classification,
    embargoUntil: instant.optional(),
    reason: text.optional(),
  }),
  AnnouncementReleased: z.strictObject({ embargoUntil: instant }),
  AnnouncementRetracted: z.strictObject({ reason: text }),
} as const;

export type AnnouncementEvent = EventOf<typeof announcementEvents>;
