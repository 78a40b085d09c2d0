import * as z from 'zod';
import { feedFilters, feedOptions } from '../../events/feed.ts';
import { classification, id, instant } from '../../events/values.ts';

/** Saved feeds as the API shows them. */

const address = z.string();

const feedFields = {
  id,
  name: z.string(),
  private: z.boolean(),
  ceiling: classification.describe('The highest classification in it.'),
  filters: feedFilters,
  options: feedOptions,
  status: z
    .enum(['open', 'closed', 'expired', 'stale', 'deleted'])
    .describe(
      'closed: no address works; stale: one of its events could not be applied here, so nobody gets it.',
    ),
  count: z.int().min(0).optional().describe('Meetings in it now; of one feed only.'),
  expiresAt: instant.nullable().describe('When its address stops working.'),
  graceUntil: instant.nullable().describe('Until then the address before works too.'),
  createdAt: instant,
  changedAt: instant,
  createdBy: z.string().optional().describe('Editors only.'),
  use: z
    .strictObject({ lastAt: instant, client: z.string(), count: z.int() })
    .nullable()
    .optional()
    .describe('Fetches on this node; editors only.'),
  subscribe: z
    .strictObject({ https: address, webcal: address, google: address, outlook: address })
    .nullable()
    .describe('null: the address of a private one is kept nowhere, or PUBLIC_URL is not set.'),
  links: z.strictObject({ self: address, ics: address.nullable() }),
};

export const feed = z.strictObject(feedFields).meta({ id: 'Feed' });

export const newFeed = z
  .strictObject({
    ...feedFields,
    address: address.optional().describe('Of a private feed only in the answer that made it.'),
    notice: z.string().optional().describe('What to do when that answer was lost.'),
  })
  .meta({ id: 'NewFeed' });
