import { earliestMs, latestMs } from '../src/domain/date/index.ts';
import { type LiveMeeting, liveOf } from '../src/domain/meeting/state.ts';
import type { MeetingFacts } from './meeting-facts.ts';

/** Where lists place a meeting: design.md's order of dates, and the last moment before it is past. */

/** Stands for "never" and "since ever" in the order columns, within the integers JavaScript can hold. */
export const NEVER = 8_640_000_000_000_000;

/** Rank in the order: closed dates, then open ends (`a/..`), then undated. */
export const RANK = { closed: 0, open: 1, undated: 2 } as const;

/** Columns of both tables that lists of meetings are read from: their order, and moments that they filter by. */
export const MEETING_ORDER = ['rank', 'latest', 'earliest'] as const;
export const MEETING_MOMENTS = ['past_at', 'until_ms'] as const;

export type MeetingKey = readonly [
  rank: number,
  latest: number,
  earliest: number,
  pastAt: number,
  until: number,
];

/** MEETING_ORDER, then MEETING_MOMENTS; moments in epoch ms. */
export function meetingKey({ state, when }: Pick<MeetingFacts, 'state' | 'when'>): MeetingKey {
  const live = liveOf(state);
  if (when === null) return [RANK.undated, NEVER, NEVER, pastAt(live, NEVER), NEVER];
  const latest = latestMs(when);
  const earliest = earliestMs(when) ?? -NEVER;
  if (latest === null) return [RANK.open, NEVER, earliest, pastAt(live, NEVER), NEVER];
  const end = when.precision === 'time' && when.endsAt !== null ? latest : latest + 1;
  // As everywhere in the date module: a meeting takes a moment, even when its zone's rules left it none.
  const until = Math.max(end, earliest + 1);
  return [RANK.closed, latest, earliest, pastAt(live, latest), until];
}

/** The last moment before it counts as past: held and not-held always are, postponed never. */
function pastAt(live: LiveMeeting, latest: number): number {
  if (live.status === 'held' || live.status === 'not-held') return -NEVER;
  return live.status === 'postponed' ? NEVER : latest;
}
