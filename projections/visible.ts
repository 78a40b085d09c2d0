import type { ResolvedWhen } from '../src/domain/date/index.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import type { AnnouncementTelling } from './announcement-telling.ts';
import { type DueRelease, dueRelease, RELEASE_SEQ } from './levels.ts';
import { lastWhenOf } from './meeting-facts.ts';
import { bump, type MeetingRow, type Tick } from './meeting-record.ts';
import type { MeetingTelling } from './meeting-telling.ts';
import type { Asked, Tellings } from './tellings.ts';
import type { Sight } from './transition.ts';
import type { Past, Reader } from './types.ts';

/** Entries as a reader may see them: cut to a level, a clock, and the day asked for. */

/** A meeting as far as one reader sees it. */
export interface VisibleMeeting {
  readonly row: MeetingRow;
  readonly told: MeetingTelling;
  readonly tick: Tick;
  /** Set when the clock, not yet an event, released it; the rest is then as after that event. */
  readonly due: DueRelease | undefined;
}

/** An announcement as far as one reader sees it. */
export interface VisibleAnnouncement {
  readonly row: AnnouncementRow;
  readonly told: AnnouncementTelling;
  readonly due: DueRelease | undefined;
}

interface Row {
  readonly lastRecordedAt: string;
  readonly sights: readonly Sight[];
  readonly embargo: string | null;
}

/** What the reader may ask of an entry; undefined when it does not exist for them. */
function askedBy({ level, clockMs }: Reader, row: Row, past: Past): Asked | undefined {
  const due = dueRelease(row, clockMs);
  const sight = row.sights.find(({ levels }) => levels.includes(level));
  if (sight !== undefined) return { since: sight.since, due, past };
  return due === undefined ? undefined : { since: RELEASE_SEQ, due, past };
}

/** The reader's share of a meeting; undefined when it does not exist for them, or did not by then. */
export function visibleMeeting(
  row: MeetingRow,
  reader: Reader,
  tellings: Tellings,
  past: Past,
): VisibleMeeting | undefined {
  const asked = askedBy(reader, row, past);
  const told = asked && tellings.meeting(row, asked);
  if (told === undefined) return undefined;
  const { due } = asked as Asked;
  const counted = row.ticks[reader.level] ?? null;
  const tick = due === undefined ? counted : bump(counted, due.at);
  return tick === null ? undefined : { row, told, tick, due };
}

/** As visibleMeeting. */
export function visibleAnnouncement(
  row: AnnouncementRow,
  reader: Reader,
  tellings: Tellings,
  past: Past,
): VisibleAnnouncement | undefined {
  const asked = askedBy(reader, row, past);
  const told = asked && tellings.announcement(row, asked);
  return told && { row, told, due: asked?.due };
}

/** The date that a postponement took. One given up before the level saw the meeting does not exist for it. */
export const lostWhen = ({ told }: VisibleMeeting): ResolvedWhen | null =>
  told.dates.length === 0 ? null : lastWhenOf(told.facts.state);
