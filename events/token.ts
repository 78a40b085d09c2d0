import * as z from 'zod';
import type { EventOf } from './envelope.ts';
import { classification, instant, LIMITS, line } from './values.ts';

/** The facts of a `token-<id>` stream. A token itself is never stored, only its SHA-256. */

export const role = z.enum(['reader', 'editor', 'admin']);
export type Role = z.infer<typeof role>;

export const tokenEvents = {
  TokenIssued: z.strictObject({
    name: line(LIMITS.name),
    role,
    ceiling: classification,
    /** SHA-256 of the token, lower-case hex. */
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    expiresAt: instant.optional(),
  }),
  TokenRevoked: z.strictObject({}),
} as const;

export type TokenEvent = EventOf<typeof tokenEvents>;
