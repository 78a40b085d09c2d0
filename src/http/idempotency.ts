import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { invalid } from './problem.ts';

const KEY_LENGTH = 200;
const idempotencyKey = z.string().min(1).max(KEY_LENGTH);

/** The header of every write that may be repeated. */
export const repeatable = z.object({
  'Idempotency-Key': idempotencyKey
    .optional()
    .describe('Makes a retry of the identical request safe for ever.'),
});

/** @throws {Problem} validation-failed */
export function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  const parsed = idempotencyKey.safeParse(key);
  if (parsed.success) return parsed.data;
  throw invalid('Idempotency-Key', `give one key of 1 to ${KEY_LENGTH} characters`);
}
