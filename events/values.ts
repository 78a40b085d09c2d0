import * as z from 'zod';

/**
 * The values that events and commands are made of. Structure only: what a date *means* (which EDTF
 * forms exist, whether a zone exists) is decided in src/domain/date.
 */

/** Limits of single values. Named, so that documents and tests can quote them. */
export const LIMITS = {
  id: 80,
  title: 300,
  name: 200,
  text: 4_000,
  phrase: 80,
  url: 2_000,
  edtf: 64,
  zone: 64,
  participants: 200,
  topics: 50,
  claims: 200,
  speakers: 50,
  basedOn: 50,
  about: 200,
  /** Of one event that are redacted. */
  fields: 1_000,
} as const;

// Controls, line and paragraph separators, bidi overrides and isolates: inside a title they would change a
// line of a feed, a log or a terminal. Free text keeps newlines and tabs.
const UNSAFE_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const UNSAFE_TEXT = /(?![\r\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** One line of text: 1 to `max` characters, no control characters, no bidi overrides. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed() && !UNSAFE_LINE.test(value), {
      error: 'must be one line without control characters',
    });

/** Free text: as a line, but newlines and tabs are allowed. */
export const text = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.text)
  .refine((value) => value.isWellFormed() && !UNSAFE_TEXT.test(value), {
    error: 'must be text without control characters',
  });

/** Stream and party ids: lower-case letters, digits and hyphens, 1 to 80 characters. */
export const id = z
  .string()
  .regex(/^[a-z0-9-]{1,80}$/, { error: 'must be 1 to 80 lower-case letters, digits or hyphens' });

export const uuid = z.uuid();
/** RFC 3339 instant in UTC, as stored: `2021-11-21T08:00:00.000Z`. */
export const instant = z.iso.datetime({
  error: 'must be a UTC instant such as 2021-11-21T08:00:00Z',
});
export const localDate = z.iso.date({ error: 'must be a date such as 2021-11-21' });
const DATE_OR_INSTANT = 'must be a date (2021-11-21) or a UTC instant (2021-11-21T08:00:00Z)';
export const dateOrInstant = z.union([localDate, instant], {
  // Filters beside it are lists, so that one of a right date needs another word.
  error: ({ input }) =>
    Array.isArray(input) ? `${DATE_OR_INSTANT}: one value, not a list` : DATE_OR_INSTANT,
});
export type DateOrInstant = z.infer<typeof dateOrInstant>;

/** `params` of a rule for what is written now: what was written before there was the rule stays as it is. */
export const FOR_NEW = { forNew: true } as const;

const address = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .max(LIMITS.url);
// What parses addresses drops or encodes these, but the address is kept and shown as it was sent.
const isPlain = (value: string | true): boolean =>
  value === true || (value.isWellFormed() && !/\s/u.test(value) && !UNSAFE_LINE.test(value));
const PLAIN = {
  error: 'must be an address without spaces and control characters: percent-encode them',
  params: FOR_NEW,
};

export const webAddress = address.refine(isPlain, PLAIN);

/** ISO 3166-1 alpha-2. */
export const country = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: 'must be an ISO 3166-1 alpha-2 code such as CH' });
/** BCP 47 language tag. */
export const language = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, {
    error: 'must be a BCP 47 tag such as en or ar-SY',
  });

export const CLASSIFICATIONS = ['public', 'internal', 'confidential'] as const;
export const classification = z.enum(CLASSIFICATIONS);
export type Classification = z.infer<typeof classification>;

/** IPTC event occurrence status. */
export const likelihood = z.enum([
  'planned',
  'highly-uncertain',
  'may-occur',
  'highly-likely',
  'certain',
]);
export type Likelihood = z.infer<typeof likelihood>;

export const form = z.enum([
  'bilateral',
  'multilateral',
  'session',
  'summit',
  'phone-call',
  'video-call',
  'side-meeting',
  'visit',
  'briefing',
]);
export type Form = z.infer<typeof form>;

export const MEETING_STATUSES = [
  'proposed',
  'announced',
  'confirmed',
  'postponed',
  'held',
  'not-held',
  'cancelled',
  'merged',
  'withdrawn',
] as const;
export const meetingStatus = z.enum(MEETING_STATUSES);
export type MeetingStatus = z.infer<typeof meetingStatus>;

const asPrinted = { phrase: line(LIMITS.phrase).optional(), anchor: localDate.optional() };
const zone = z
  .string()
  .min(1)
  .max(LIMITS.zone)
  .meta({ description: 'A name of the IANA time zone database.', examples: ['Europe/Zurich'] });
const wallTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/, {
    error: 'must be a wall time without offset, such as 2022-03-21T10:00',
  })
  .meta({ description: 'What clocks there show.', examples: ['2022-03-21T10:00'] });

/** A wall time in an IANA zone: a future time is a promise in local time. */
export const timedWhen = z.strictObject({
  start: wallTime,
  end: wallTime.optional(),
  timezone: zone,
  ...asPrinted,
});
/** A date as exactly as it is known: the EDTF (ISO 8601-2) subset of src/domain/date. */
export const edtfWhen = z.strictObject({
  edtf: z
    .string()
    .min(1)
    .max(LIMITS.edtf)
    .meta({
      description:
        'A day, month, year, season (21 to 24), quarter (33 to 36) or half (40, 41), an interval of two, or one with an open end; at most one of ? ~ % after each end (EDTF, ISO 8601-2).',
      examples: ['2022-08', '2022-03-21/2022-03-25', '2022-33', '2022-03?', '2022-03-21/..'],
    }),
  timezone: zone.optional(),
  extent: z.enum(['throughout', 'within']).optional(),
  ...asPrinted,
});
export const when = z
  .union([timedWhen, edtfWhen], {
    error: 'must be {"start", "end"?, "timezone"} or {"edtf", "timezone"?, "extent"?}',
  })
  .meta({ id: 'GivenWhen', description: 'A date as it is sent: exactly as well as it is known.' });
export type TimedWhen = z.infer<typeof timedWhen>;
export type EdtfWhen = z.infer<typeof edtfWhen>;
export type When = z.infer<typeof when>;

export const place = z
  .strictObject({
    name: line(LIMITS.name).optional(),
    country: country.optional(),
    venue: line(LIMITS.name).optional(),
    timezone: zone.optional(),
    geo: z
      .strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
      .optional(),
    online: z
      .union([z.literal(true), address], {
        error: 'must be an http or https address, or true: leave it out if it is not online',
      })
      .refine(isPlain, PLAIN)
      .optional(),
  })
  .refine((p) => p.name !== undefined || p.country !== undefined || p.online !== undefined, {
    error: 'must have at least one of name, country, online',
  })
  .meta({ id: 'Place', description: 'At least one of name, country and online.' });
export type Place = z.infer<typeof place>;

export const ROLES = [
  'host',
  'visitor',
  'organiser',
  'facilitator',
  'head',
  'member',
  'guarantor',
  'party',
  'invited',
  'observer',
] as const;
export const PRESENCES = ['confirmed', 'reported', 'expected', 'declined', 'unknown'] as const;

export const participant = z
  .strictObject({
    party: id,
    name: line(LIMITS.name),
    role: z.enum(ROLES),
    delegation: id.optional(),
    country: country.optional(),
    as: line(LIMITS.name).optional(),
    presence: z.enum(PRESENCES),
  })
  .meta({ id: 'Participant' });
export type Participant = z.infer<typeof participant>;

export const participants = z.array(participant).max(LIMITS.participants);
export const topics = z.array(id).max(LIMITS.topics);
