import type { FastifyRequest } from 'fastify';
import { pageAddress } from './next.ts';
import { PAGE } from './parameters.ts';
import { invalid } from './problem.ts';

/**
 * A page of what has a seq, the newest first. The cursor is the seq of the page's last item.
 * @param find the newest `limit` items, or those before a seq
 * @throws {Problem} validation-failed
 */
export function pageBefore<T extends { readonly seq: number }>(
  request: FastifyRequest,
  find: (limit: number, before?: number) => readonly T[],
): { readonly items: readonly T[]; readonly next: string | null } {
  const { limit = PAGE.default, cursor } = request.query as { limit?: number; cursor?: string };
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
    throw invalid('cursor', 'must be from the `next` of the page before');
  }
  const found = find(limit + 1, cursor === undefined ? undefined : Number(cursor));
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  const next = last === undefined ? null : pageAddress(request.url, { cursor: String(last.seq) });
  return { items, next };
}
