import * as z from 'zod';
import {
  announcementCorrection,
  announcementEvents,
  announcementFacts,
  type Claim,
  claim,
  publishedAt,
} from '../../events/announcement.ts';
import { id, LIMITS, text } from '../../events/values.ts';
import {
  access,
  type CommandDefinition,
  participantsInput,
  sourced,
  sourceMoment,
  toParticipants,
  writesOf,
} from './common.ts';

const write = writesOf('announcement', 'publish');

const published = publishedAt.extend({
  value: sourceMoment,
  basis: publishedAt.shape.basis.default('stated'),
});

const [whenClaim, placeClaim, statusClaim, participantsClaim, titleClaim] = claim.options;
/** Claims as sent: participants have the defaults that they have everywhere. */
const claimInput = z
  .discriminatedUnion(
    'field',
    [
      whenClaim,
      placeClaim,
      statusClaim,
      participantsClaim.extend({ value: participantsInput }),
      titleClaim,
    ],
    { error: 'must be one of when, place, status, participants, title' },
  )
  .meta({ id: 'GivenClaim' });
const claims = z.array(claimInput).max(LIMITS.claims);

const toClaims = (inputs: z.output<typeof claims>): Claim[] =>
  inputs.map((input, index) =>
    input.field === 'participants'
      ? { ...input, value: toParticipants(input.value, ['claims', index, 'value']) }
      : input,
  );

export const announcementWrites: readonly CommandDefinition[] = [
  write('publish', {
    path: '/announcements',
    summary: 'Records something published or said about meetings.',
    body: announcementFacts.extend({
      id: id.optional(),
      publishedAt: published,
      speakers: announcementFacts.shape.speakers.default([]),
      topics: announcementFacts.shape.topics.default([]),
      about: announcementFacts.shape.about.default([]),
      claims: claims.default([]),
      ...access,
      ...sourced,
    }),
    toCommand: (facts) => ({
      type: 'publish',
      facts: { ...facts, claims: toClaims(facts.claims) },
    }),
  }),
  write('correct', {
    summary: 'Corrects our record of an announcement; null clears, claims are a whole list.',
    body: announcementCorrection
      .extend({
        publishedAt: published.optional(),
        about: announcementFacts.shape.about.optional(),
        claims: claims.optional(),
        reason: text,
      })
      .extend(sourced),
    toCommand: ({ reason, claims: given, ...fields }) => ({
      type: 'correct',
      changes: { ...fields, ...(given === undefined ? {} : { claims: toClaims(given) }) },
      reason,
    }),
  }),
  write('reclassify', {
    summary: 'Releases or restricts an announcement.',
    body: announcementEvents.AnnouncementReclassified.extend(sourced),
    toCommand: (fields) => ({ type: 'reclassify', ...fields }),
  }),
  write('retract', {
    summary: 'Marks an announcement as retracted; it stays.',
    body: announcementEvents.AnnouncementRetracted.extend(sourced),
    toCommand: (fields) => ({ type: 'retract', ...fields }),
  }),
];
