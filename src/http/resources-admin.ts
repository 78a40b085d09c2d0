import * as z from 'zod';
import { role } from '../../events/token.ts';
import { classification, id, instant } from '../../events/values.ts';

export { listOf } from './resources.ts';

/** What /admin answers. */

export const rebuildStatus = z
  .strictObject({
    state: z.enum(['none', 'building', 'catching-up', 'done', 'failed', 'cancelled']),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    progress: z
      .strictObject({
        done: z.int().describe('Events read.'),
        total: z.int().optional().describe('About as many as there are.'),
        rate: z.int().describe('Events a second.'),
      })
      .optional(),
    problem: z.string().optional().describe('Why it failed, and what to do.'),
  })
  .meta({ id: 'Rebuild' });

const row = z.record(z.string(), z.string()).nullable();

export const verification = z
  .strictObject({
    ok: z.boolean(),
    events: z.int().describe('Events folded.'),
    tables: z.array(
      z.strictObject({
        table: z.string(),
        rows: z.int(),
        digest: z.string().describe('SHA-256 over the stored rows.'),
        rebuilt: z.string().describe('The same over the rows folded anew.'),
      }),
    ),
    difference: z
      .strictObject({
        table: z.string(),
        key: z.record(z.string(), z.unknown()),
        stored: row.describe('The columns that differ; null: no such row.'),
        rebuilt: row,
      })
      .optional()
      .describe('The first row that differs.'),
  })
  .meta({ id: 'Verification' });

export const deadLetter = z
  .strictObject({
    seq: z.int().describe("The view's own order."),
    id: z.string(),
    stream: z.string(),
    revision: z.int(),
    type: z.string(),
    reason: z
      .string()
      .nullable()
      .describe('Why it failed; null: an earlier event of its stream had failed.'),
  })
  .meta({ id: 'DeadLetter' });

const tokenFields = {
  id,
  name: z.string(),
  role,
  ceiling: classification.describe('The highest classification it sees.'),
  status: z
    .enum(['valid', 'expired', 'revoked', 'stale'])
    .describe('stale: one of its events could not be applied here, so it is not taken.'),
  createdAt: instant,
  createdBy: z.string().describe('Id of a token, or env or cli.'),
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable().describe('On this node.'),
  links: z.strictObject({ self: z.string() }),
};

export const token = z.strictObject(tokenFields).meta({ id: 'Token' });

export const newToken = z
  .strictObject({
    ...tokenFields,
    token: z.string().optional().describe('The token itself: shown only in the first answer.'),
    notice: z.string().optional().describe('What to do when the first answer was lost.'),
  })
  .meta({ id: 'NewToken' });
