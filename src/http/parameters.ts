import * as z from 'zod';
import { announcementKind } from '../../events/announcement.ts';
import {
  approxOption,
  cancelledOption,
  feedFilters,
  MOST_PAST_DAYS,
  many,
  postponedOption,
} from '../../events/feed.ts';
import { dateOrInstant, id, instant, LIMITS, line, localDate } from '../../events/values.ts';
import type { AnnouncementFilters, MeetingFilters, SlipFilters } from '../../projections/types.ts';

/** The parameters of reads. A list is a parameter that may be repeated: any of the values. */

export const PAGE = { default: 50, most: 500 } as const;

const LIMIT = `must be a whole number from 1 to ${PAGE.most}`;
const eventId = z.uuid({
  error: 'must be an event id: a cursor, or the Chancery-Event of a write',
});

/** On every read: wait until this node has applied that event, so that a writer reads its own write. */
const seen = {
  seen: eventId.optional().describe('A Chancery-Event: wait until this node has applied it.'),
};
const paging = {
  limit: z
    .int({ error: LIMIT })
    .min(1, { error: LIMIT })
    .max(PAGE.most, { error: LIMIT })
    .optional()
    .describe(`Items on a page; default ${PAGE.default}.`),
  cursor: z.string().min(1).max(2_000).optional().describe('From the `next` of the page before.'),
};
/** On what can be answered for another day. */
const timeTravel = {
  asOf: dateOrInstant
    .optional()
    .describe('What had been recorded by then; a date means the end of that UTC day.'),
  statedAsOf: localDate
    .optional()
    .describe('What sources had said by the end of that UTC day, whenever it was recorded.'),
};
const list = {
  ...paging,
  ...timeTravel,
  now: instant
    .optional()
    .describe(
      'The instant that parts past from upcoming; default the clock, or the day of asOf or statedAsOf.',
    ),
  sort: z.enum(['latest', '-latest', 'recordedAt', '-recordedAt']).optional(),
  ...seen,
};
const span = {
  from: dateOrInstant.optional().describe('A local date, or an instant.'),
  to: dateOrInstant.optional().describe('A local date, inclusive, or an instant, exclusive.'),
};
/** Those that saved feeds have in the same words. */
const listed = feedFilters.omit({ from: true, to: true, certain: true }).shape;
const q = listed.q.describe(
  'Words to find in titles, names, places and topics; diacritics are folded.',
);

const meetingFilters = {
  ...span,
  certain: z
    .enum(['true', 'false'])
    .optional()
    .describe('true: a date within a longer span must lie wholly between from and to.'),
  ...listed,
  status: listed.status.describe('Default: all but merged and withdrawn.'),
  q,
};

const PAST = `must be a whole number of days from 0 to ${MOST_PAST_DAYS}, or all`;

/** The options of a feed in its address. */
export const feedOptions = {
  cancelled: cancelledOption
    .optional()
    .describe('Cancelled, not held, withdrawn, merged: by STATUS (default), by title, or not.'),
  postponed: postponedOption
    .optional()
    .describe('STATUS of what is postponed or lost its date: CANCELLED (default) or TENTATIVE.'),
  approx: approxOption
    .optional()
    .describe('A coarse date: all days up to 31 (default), one marker on the first, or left out.'),
  past: z
    .string()
    .regex(/^(all|\d{1,5})$/, { error: PAST, abort: true })
    .refine((text) => text === 'all' || Number(text) <= MOST_PAST_DAYS, { error: PAST })
    .optional()
    .describe('Days for which what is over stays, or all; default 365.'),
};

export const noQuery = z.strictObject({});
export const seenQuery = z.strictObject(seen);
export const meetingListQuery = z.strictObject({ ...meetingFilters, ...list });
export const announcementListQuery = z.strictObject({
  ...span,
  meeting: many(id),
  outlet: many(line(LIMITS.name)),
  kind: many(announcementKind),
  speaker: many(line(LIMITS.name)).describe('The id of a party, or a name as printed.'),
  topic: many(id),
  q,
  ...list,
});
export const feedQuery = z.strictObject({ ...meetingFilters, ...feedOptions, ...seen });
export const pageQuery = z.strictObject({ ...paging, ...seen });
const { q: _, ...slipFilters } = meetingFilters;
export const slipsQuery = z.strictObject({
  ...slipFilters,
  ...paging,
  by: z.enum(['meeting', 'track']).optional().describe('What is ranked; default meeting.'),
  sort: z
    .enum(['days', 'moves'])
    .optional()
    .describe('How far, which is the default, or how often.'),
  ...seen,
});
export const historyQuery = z.strictObject({ ...paging, ...timeTravel, ...seen });
export const entryQuery = z.strictObject({ ...timeTravel, ...seen });
export const changesQuery = z.strictObject({
  ...meetingFilters,
  meeting: many(id),
  after: eventId
    .optional()
    .describe('A cursor: the changes after that event. Without it, from the start.'),
  limit: paging.limit,
  ...seen,
});
export const newestChangesQuery = changesQuery.omit({ after: true, limit: true });
export const changeStreamQuery = changesQuery.omit({ limit: true }).extend({
  after: eventId
    .optional()
    .describe('A cursor: the changes after that event. Without it, those from now on.'),
});
export const eventsQuery = z.strictObject({
  after: z.string().min(1).max(100).optional().describe('A position, as in the lines before.'),
});
export const entryParams = z.strictObject({ id });

type MeetingQuery = Omit<z.output<typeof changesQuery>, 'after' | 'limit' | 'seen'>;

const NOT_FILTERS = new Set([
  'after',
  'limit',
  'cursor',
  'now',
  'sort',
  'seen',
  'asOf',
  'statedAsOf',
]);

const given = (query: object): [string, unknown][] =>
  Object.entries(query).filter(([name, value]) => value !== undefined && !NOT_FILTERS.has(name));

/** The filters among the parameters of a meeting list, a feed or /changes. */
export function meetingFiltersOf(
  query: MeetingQuery,
): MeetingFilters & { meeting?: readonly string[] } {
  return Object.fromEntries(
    given(query).map(([name, value]) => [name, name === 'certain' ? value === 'true' : value]),
  );
}

/** The filters among the parameters of /slips. */
export const slipFiltersOf = ({ by: _, ...query }: z.output<typeof slipsQuery>): SlipFilters =>
  meetingFiltersOf(query);

/** The filters among the parameters of an announcement list. */
export const announcementFiltersOf = (
  query: z.output<typeof announcementListQuery>,
): AnnouncementFilters => Object.fromEntries(given(query));
