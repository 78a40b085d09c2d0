import type { FeedRow } from '../../projections/feeds.ts';
import type { FeedUse } from './deps.ts';
import { expiryOf, graceOf, isOver, presentOf } from './feed-life.ts';

/** A saved feed as an answer shows it. */

type Told = 'id' | 'facts' | 'tokens' | 'createdAt' | 'createdBy' | 'changedAt';
export type Shown = Pick<FeedRow, Told> & {
  readonly stale?: boolean;
  readonly deleted?: boolean;
};

export interface FeedContext {
  readonly publicUrl: string | undefined;
  readonly nowMs: number;
  /** Editors see who made it, and its use. */
  readonly editor: boolean;
  readonly use: FeedUse | undefined;
  readonly count?: number | undefined;
  /** The token in its address, when it was made just now. */
  readonly secret?: string | undefined;
}

export function feedView(row: Shown, context: FeedContext) {
  const { id, facts, createdAt, createdBy, changedAt } = row;
  const { publicUrl, editor, use, count, nowMs } = context;
  const { name, visibility, ceiling, filters, options } = facts;
  const path = addressOf(row, context);
  return {
    ...{ id, name, private: visibility === 'private', ceiling, filters, options },
    status: statusOf(row, nowMs),
    ...(count === undefined ? {} : { count }),
    expiresAt: expiryOf(row.tokens),
    graceUntil: graceOf(row.tokens, nowMs),
    ...{ createdAt, changedAt },
    ...(editor ? { createdBy, use: use === undefined ? null : useView(use) } : {}),
    subscribe: path === null || publicUrl === undefined ? null : waysTo(publicUrl + path, name),
    links: { self: `/feeds/${id}`, ics: path },
  };
}

export const privatePath = (token: string): string => `/feeds/private/${token}.ics`;

/** Null: of a private one it is known to nobody here. */
function addressOf({ id, facts, deleted }: Shown, { secret }: FeedContext): string | null {
  if (deleted === true) return null;
  if (facts.visibility === 'public') return `/feeds/${id}.ics`;
  return secret === undefined ? null : privatePath(secret);
}

function statusOf({ facts, tokens, stale, deleted }: Shown, nowMs: number): string {
  if (deleted === true) return 'deleted';
  if (stale === true) return 'stale';
  if (facts.visibility === 'public') return 'open';
  if (presentOf(tokens) === undefined) return 'closed';
  return isOver(expiryOf(tokens), nowMs) ? 'expired' : 'open';
}

const useView = ({ atMs, client, count }: FeedUse) => ({
  lastAt: new Date(atMs).toISOString(),
  client,
  count,
});

/** How programs take an address: by its scheme, or by a page of theirs. */
function waysTo(https: string, name: string) {
  const webcal = https.replace(/^https?:/, 'webcal:');
  const calendar = new URLSearchParams({ url: https, name });
  return {
    ...{ https, webcal },
    google: `https://calendar.google.com/calendar/r?${new URLSearchParams({ cid: webcal })}`,
    outlook: `https://outlook.live.com/calendar/0/addfromweb?${calendar}`,
  };
}
