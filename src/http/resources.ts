import * as z from 'zod';
import { announcementKind, claim, publishedAt, speaker } from '../../events/announcement.ts';
import { precision } from '../../events/feed.ts';
import {
  classification,
  dateOrInstant,
  form,
  id,
  instant,
  likelihood,
  localDate,
  meetingStatus,
  participant,
  place,
  uuid,
} from '../../events/values.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

/** What the API answers, for the OpenAPI document; the tests check real answers against it. */

const address = z.string();
const nullable = <T extends z.ZodType>(value: T) => value.nullable();

const resolved = {
  timezone: z.string(),
  phrase: z.string().optional(),
  anchor: localDate.optional(),
  display: z.string(),
};

export const when = z
  .union([
    z.strictObject({
      start: z.string(),
      end: z.string().optional(),
      ...resolved,
      precision: z.literal('time'),
      earliest: localDate,
      latest: localDate,
      startsAt: instant,
      endsAt: nullable(instant),
    }),
    z.strictObject({
      edtf: z.string(),
      extent: z.enum(['throughout', 'within']),
      ...resolved,
      precision: precision.exclude(['time']),
      earliest: nullable(localDate),
      latest: nullable(localDate),
    }),
  ])
  .meta({ id: 'When', description: 'A date, exactly as well as it is known.' });

const retraction = z
  .strictObject({ reason: z.string(), recordedAt: instant })
  .meta({ id: 'Retraction' });

const source = z
  .strictObject({
    announcement: id,
    outlet: z.string(),
    url: nullable(address),
    publishedAt: dateOrInstant,
    retracted: retraction.optional(),
  })
  .meta({ id: 'Source' });

const links = { self: address, history: address };
const editors = {
  revision: z.int().min(0).optional().describe('Editors only.'),
  stale: z.literal(true).optional().describe('The row is the last good one.'),
};

const previousDate = z
  .strictObject({
    when,
    until: dateOrInstant.describe('When the event that ended it was stated.'),
    statedAt: dateOrInstant,
    reason: nullable(z.string()),
    announcement: nullable(id),
    days: nullable(z.int()).describe(
      'Days between the latest moments: negative when earlier, 0 for a refinement, null when open-ended.',
    ),
    range: nullable(z.tuple([z.int(), z.int()])).describe(
      'The least and the greatest of those days, where a date is coarse.',
    ),
  })
  .meta({ id: 'PreviousDate' });

export const meeting = z
  .strictObject({
    id,
    title: z.string(),
    form,
    status: meetingStatus,
    likelihood: nullable(likelihood),
    classification,
    embargoUntil: nullable(instant),
    when: nullable(when),
    place: nullable(place),
    participants: z.array(participant),
    topics: z.array(id),
    track: nullable(id),
    previousDates: z.array(previousDate),
    reason: nullable(z.string()),
    outcome: nullable(z.string()),
    mergedInto: nullable(id),
    sources: z.array(source),
    statedAt: nullable(dateOrInstant),
    recordedAt: instant,
    changedAt: instant,
    links: z.strictObject({ ...links, ics: nullable(address) }),
    ...editors,
  })
  .meta({ id: 'Meeting' });

const agreement = z.enum(['agrees', 'compatible', 'outdated', 'differs', 'unknown']);

const shownClaim = z
  .union(claim.options.map((option) => option.extend({ agreement })))
  .meta({ id: 'Claim', description: 'A claim, and how it agrees with the calendar now.' });

export const announcement = z
  .strictObject({
    id,
    title: z.string(),
    kind: announcementKind,
    outlet: z.string(),
    url: nullable(address),
    publishedAt,
    language: z.string(),
    speakers: z.array(speaker),
    paraphrase: nullable(z.string()),
    topics: z.array(id),
    about: z.array(id),
    claims: z.array(shownClaim),
    classification,
    embargoUntil: nullable(instant),
    retracted: nullable(retraction),
    recordedAt: instant,
    changedAt: instant,
    links: z.strictObject(links),
    ...editors,
  })
  .meta({ id: 'Announcement' });

export const change = z
  .strictObject({
    cursor: uuid,
    type: z.string().describe('rescheduled, participant-added, … or released, removed'),
    meeting: id.optional(),
    announcement: id.optional(),
    recordedAt: instant,
    statedAt: dateOrInstant.optional(),
    sentence: z.string().optional(),
    diffs: z
      .array(z.strictObject({ field: z.string(), from: z.unknown(), to: z.unknown() }))
      .optional(),
    reason: nullable(z.string()).optional(),
    sources: z.array(source).optional(),
    actor: z.string().optional().describe('Editors only.'),
    revision: z.int().min(0).optional().describe('Editors only.'),
  })
  .meta({ id: 'Change' });

export const facet = z
  .strictObject({ value: z.string(), name: z.string(), count: z.int().min(0) })
  .meta({ id: 'Facet' });

const slipSums = {
  moves: z.int().min(0).describe('Dates that moved to another; a refinement is none.'),
  postponements: z.int().min(0).describe('Dates given up without another.'),
  days: z.int().describe('Days moved in all; earlier counts against later.'),
  range: nullable(z.tuple([z.int(), z.int()])).describe(
    'The least and the greatest that these days can be, where dates were coarse.',
  ),
};
/** How one meeting, or the meetings of one track, moved. */
export const slips = z
  .union([
    z.strictObject({
      meeting: id,
      title: z.string(),
      track: nullable(id),
      status: meetingStatus,
      when: nullable(when),
      ...slipSums,
      links: z.strictObject({ self: z.string(), history: z.string() }),
    }),
    z.strictObject({
      track: id,
      meetings: z.int().min(1).describe('How many of its meetings slipped.'),
      ...slipSums,
      links: z.strictObject({ meetings: z.string() }),
    }),
  ])
  .meta({ id: 'Slips' });

/** Every list. */
export const listOf = (item: z.ZodType) =>
  z.strictObject({
    items: z.array(item),
    next: nullable(z.string()).describe('Relative address of the next page.'),
  });

export const changeList = z.strictObject({
  items: z.array(change),
  next: z.string().describe('Where to go on, now or later.'),
});

const codes = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(codes),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    rule: z.string().optional(),
    expected: z.union([z.int(), z.string(), z.null()]).optional(),
    actual: z.union([z.int(), z.string(), z.null()]).optional(),
    into: nullable(id).optional(),
    links: z.strictObject({ into: address }).optional(),
    instance: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
