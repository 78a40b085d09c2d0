import * as z from 'zod';
import { type FeedFacts, feedFilters, feedOptions } from '../events/feed.ts';
import {
  type Classification,
  classification,
  id as idSchema,
  instant,
  LIMITS,
  line,
} from '../events/values.ts';
import type { MeetingFilters } from '../projections/types.ts';
import { InvalidInput } from './domain/rules.ts';
import { levelOf } from './domain/visibility.ts';
import { Forbidden } from './handle/errors.ts';
import { DEFAULT_OPTIONS, filterOf } from './ical/index.ts';

/** What is sent about feeds, and what it may say. */

const fields = {
  name: line(LIMITS.name).describe('What calendar programs call it.'),
  ceiling: classification
    .optional()
    .describe('Private: the highest classification in it, at most your own; default internal.'),
  filters: feedFilters.default({}).describe('As of lists; none: everything.'),
  options: z
    .strictObject({
      cancelled: feedOptions.shape.cancelled.default(DEFAULT_OPTIONS.cancelled),
      postponed: feedOptions.shape.postponed.default(DEFAULT_OPTIONS.postponed),
      approx: feedOptions.shape.approx.default(DEFAULT_OPTIONS.approx),
      past: feedOptions.shape.past.default(DEFAULT_OPTIONS.past),
    })
    .default(DEFAULT_OPTIONS),
};

/** The body of POST /feeds. */
export const feedBody = z.strictObject({
  id: idSchema.optional().describe('Part of the address of a public one.'),
  ...fields,
  private: z.boolean().default(false).describe('Only who has its address gets it.'),
  expiresAt: instant.optional().describe('Private: from then on its address does not work.'),
});

/** The body of PUT /feeds/{id}: name, filters and options are replaced as a whole. */
export const feedChanges = z.strictObject({
  ...fields,
  private: z.boolean().optional().describe('As it is: save another feed for the other kind.'),
  expiresAt: instant.nullable().optional().describe('null: never. Left out, it stays.'),
});

const GRACE = { default: 7, most: 365 } as const;
const GRACE_DAYS = `must be a whole number of days from 0 to ${GRACE.most}`;
/** The body of POST /feeds/{id}/rotate. */
export const rotation = z.strictObject({
  graceDays: z
    .int({ error: GRACE_DAYS, abort: true })
    .min(0, { error: GRACE_DAYS })
    .max(GRACE.most, { error: GRACE_DAYS })
    .default(GRACE.default)
    .describe('Days for which the old address works on; 0: it ends at once.'),
});

/** @throws {InvalidInput} a search without a word */
export function requireFilters(filters: FeedFacts['filters']): void {
  try {
    filterOf(filters as MeetingFilters);
  } catch (error) {
    const { path = '', message } = error as Error & { path?: string };
    throw new InvalidInput([{ path: `/filters/${path}`, message }]);
  }
}

/** @throws {Forbidden} */
export function requireCeiling(ceiling: Classification | undefined, own: Classification): void {
  if (ceiling === undefined || levelOf(ceiling) <= levelOf(own)) return;
  throw new Forbidden(`Your ceiling is ${own}: give a feed no higher one.`);
}

/** @throws {InvalidInput} */
export function requireKind(
  facts: FeedFacts,
  hidden: boolean | undefined,
  ceiling: Classification | undefined,
): void {
  const isPrivate = facts.visibility === 'private';
  if (hidden !== undefined && hidden !== isPrivate) {
    const message = `the feed is ${facts.visibility}, and its address with it: save another one`;
    throw new InvalidInput([{ path: '/private', message }]);
  }
  if (!isPrivate) requirePublic(ceiling, undefined, 'save another, private feed');
}

/** @throws {InvalidInput} what only a private feed has */
export function requirePublic(
  ceiling: Classification | undefined,
  expiresAt: string | undefined,
  instead = 'make the feed private',
): void {
  if (ceiling !== undefined && ceiling !== 'public') {
    const message = `everyone gets a public feed: leave it out, or ${instead}`;
    throw new InvalidInput([{ path: '/ceiling', message }]);
  }
  if (expiresAt === undefined) return;
  const message = `the address of a public feed does not expire: leave it out, or ${instead}`;
  throw new InvalidInput([{ path: '/expiresAt', message }]);
}
