import * as z from 'zod';
import type { EventOf } from './envelope.ts';
import {
  classification,
  country,
  dateOrInstant,
  form,
  id,
  instant,
  LIMITS,
  line,
  meetingStatus,
} from './values.ts';

/** The facts of a `feed-<id>` stream. The token in a private feed's address is never stored, only its SHA-256. */

/** Values of one repeatable filter, and characters of one search. */
export const FILTER_LIMITS = { repeats: 50, search: 200 } as const;
/** Days that a feed can show of the past: a century; more is `all`. */
export const MOST_PAST_DAYS = 36_500;

export const precision = z.enum([
  'time',
  'day',
  'days',
  'month',
  'quarter',
  'season',
  'half',
  'year',
  'interval',
]);

/** A filter that may have several values: any of them. */
export const many = <T extends z.ZodType>(value: T) =>
  z.array(value).min(1).max(FILTER_LIMITS.repeats).optional();

/** The filters of lists, under the same names. */
export const feedFilters = z
  .strictObject({
    from: dateOrInstant.optional(),
    to: dateOrInstant.optional(),
    certain: z.boolean().optional(),
    participant: many(id),
    country: many(country),
    place: many(line(LIMITS.name)),
    track: many(id),
    topic: many(id),
    form: many(form),
    status: many(meetingStatus),
    precision: many(precision),
    q: many(line(FILTER_LIMITS.search)),
  })
  .meta({ id: 'FeedFilters' });

export const cancelledOption = z.enum(['status', 'label', 'hide']);
export const postponedOption = z.enum(['cancelled', 'tentative']);
export const approxOption = z.enum(['span', 'marker', 'omit']);
export const pastOption = z.union([z.int().min(0).max(MOST_PAST_DAYS), z.literal('all')], {
  error: `must be a whole number of days from 0 to ${MOST_PAST_DAYS}, or all`,
});

/** How a feed shows what calendars have no word for; all of them, so that new defaults change no old feed. */
export const feedOptions = z
  .strictObject({
    cancelled: cancelledOption,
    postponed: postponedOption,
    approx: approxOption,
    past: pastOption,
  })
  .meta({ id: 'FeedOptions' });

const VISIBILITIES = ['public', 'private'] as const;
export const feedFacts = z.strictObject({
  name: line(LIMITS.name),
  filters: feedFilters,
  options: feedOptions,
  visibility: z.enum(VISIBILITIES),
  /** The highest classification in it; of a public one, public. */
  ceiling: classification,
});
export type FeedFacts = z.infer<typeof feedFacts>;

/** SHA-256 of the token, lower-case hex. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const feedEvents = {
  FeedSaved: feedFacts,
  FeedChanged: feedFacts
    .omit({ visibility: true })
    .partial()
    /** Of the present token; null: it does not expire. */
    .extend({ expiresAt: instant.nullable().optional() }),
  FeedTokenIssued: z.strictObject({ hash, expiresAt: instant.optional() }),
  /** Until `graceUntil` it works on, and says how to get the new one; without, it is void at once. */
  FeedTokenRevoked: z.strictObject({ hash, graceUntil: instant.optional() }),
  FeedDeleted: z.strictObject({}),
} as const;

export type FeedEvent = EventOf<typeof feedEvents>;
