import type { FastifyRequest } from 'fastify';
import { pageAddress } from './next.ts';
import { PAGE } from './parameters.ts';
import { invalid } from './problem.ts';

/** How a place in a list is written in `next`. */
interface Cursors<T> {
  cursorOf(item: T): string;
  /** The seq behind a cursor. @throws {Problem} it is none */
  seqOf(cursor: string): number;
}

/** The seq itself: for admins, who may know how many events there are. */
const SEQS: Cursors<{ readonly seq: number }> = {
  cursorOf: ({ seq }) => String(seq),
  seqOf: (cursor) => {
    if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
    throw invalid('cursor', 'must be from the `next` of the page before');
  },
};

/**
 * A page of what has a seq, the newest first. The cursor tells of the page's last item.
 * @param find the newest `limit` items, or those before a seq
 * @throws {Problem} what `seqOf` throws
 */
export function pageBefore<T extends { readonly seq: number }>(
  request: FastifyRequest,
  find: (limit: number, before?: number) => readonly T[],
  { cursorOf, seqOf }: Cursors<T> = SEQS,
): { readonly items: readonly T[]; readonly next: string | null } {
  const { limit = PAGE.default, cursor } = request.query as { limit?: number; cursor?: string };
  const found = find(limit + 1, cursor === undefined ? undefined : seqOf(cursor));
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  const next = last === undefined ? null : pageAddress(request.url, { cursor: cursorOf(last) });
  return { items, next };
}
