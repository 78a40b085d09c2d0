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
  const keys = request.raw.headersDistinct['idempotency-key'];
  if (keys === undefined) return undefined;
  const parsed = idempotencyKey.safeParse(keys[0]);
  if (parsed.success && keys.length === 1) return parsed.data;
  throw invalid('Idempotency-Key', `give one key of 1 to ${KEY_LENGTH} characters`);
}

/**
 * Where nothing has a revision, a condition on one is refused: to carry the write out all the same would undo what
 * somebody else did meanwhile (RFC 9110 §13.1.1). @throws {Problem} validation-failed
 */
export function refuseIfMatch({ headers }: FastifyRequest): void {
  const condition = headers['if-match'];
  if (condition === undefined || condition.trim() === '*') return;
  throw invalid(
    'If-Match',
    'only meetings and announcements have revisions to compare: read it again, and send the write without If-Match',
  );
}
