import type { AnnouncementEvent } from '../events/announcement.ts';
import type { ExistingAnnouncement } from '../src/domain/announcement/state.ts';
import { embargoedLevel } from '../src/domain/visibility.ts';
import type { KeptEvent } from './journal.ts';
import { type ChangeRow, changeRows, pendingRelease } from './levels.ts';
import { type Lowest, moveSights, type Sight, transition } from './transition.ts';

/**
 * Who sees an announcement, and since when. What it is and what it tells are folded from its events:
 * announcement-telling.ts.
 */
export interface AnnouncementRow {
  /** Row number: the seq of the first event. */
  readonly n: number;
  readonly id: string;
  /** Seq of the last event. */
  readonly seq: number;
  readonly revision: number;
  /** How many events the journal has of it. */
  readonly length: number;
  readonly lowest: Lowest;
  readonly lastRecordedAt: string;
  /** See pendingRelease. */
  readonly embargo: string | null;
  readonly sights: readonly Sight[];
  readonly stale?: true;
}

/** The row after one event, and who sees that it changed. Pure. */
export function advanceAnnouncement(
  id: string,
  before: AnnouncementRow | undefined,
  event: KeptEvent<AnnouncementEvent>,
  { facts }: ExistingAnnouncement,
): { row: AnnouncementRow; changes: readonly ChangeRow[] } {
  const { seq, revision } = event;
  const { recordedAt } = event.meta;
  const lowest = embargoedLevel(facts.classification, facts.embargoUntil);
  const t = transition(before?.lowest ?? 3, lowest);
  const sights = before?.sights ?? [];
  const row: AnnouncementRow = {
    n: before?.n ?? seq,
    id,
    seq,
    revision,
    length: (before?.length ?? 0) + 1,
    lowest,
    lastRecordedAt: recordedAt,
    embargo: pendingRelease(facts),
    sights: moveSights(sights, t, seq, recordedAt),
  };
  const marked = before?.stale === undefined ? row : { ...row, stale: before.stale };
  return { row: marked, changes: changeRows(t, sights) };
}
