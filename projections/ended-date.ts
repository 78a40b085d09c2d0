import type { MeetingEvent, MeetingEventType } from '../events/meeting.ts';
import { moved } from '../src/domain/date/index.ts';
import type { KeptEvent } from './journal.ts';
import type { MeetingFacts } from './meeting-facts.ts';
import { sameDate } from './snapshot.ts';
import type { PreviousDate } from './types.ts';

/** A date that slipped; which announcement a reader is told of depends on what they may see. */
export type EndedDate = Omit<PreviousDate, 'announcement'> & {
  readonly cites: readonly string[];
  /** False of a refinement. */
  readonly slip: boolean;
};

/** The events that move a date, as against correcting our record of it. */
const SLIPPING: ReadonlySet<MeetingEventType> = new Set([
  'MeetingRescheduled',
  'MeetingPostponed',
  'MeetingAnnounced',
  'MeetingHeld',
  'MeetingReinstated',
]);

/** A postponement is open-ended. */
const OPEN_ENDED = { kind: 'slip', days: null, range: null } as const;

/** The date that this event ended, when it is one that slipped. */
export function endedDate(
  event: KeptEvent<MeetingEvent>,
  before: MeetingFacts | undefined,
  after: MeetingFacts,
): EndedDate | undefined {
  const was = before?.when ?? null;
  if (before === undefined || was === null || !SLIPPING.has(event.type)) return undefined;
  // Another place may bring another zone: the date that was said stays the same.
  if (after.when !== null && !('when' in event.data)) return undefined;
  if (sameDate(was, after.when)) return undefined;
  const { kind, days, range } = after.when === null ? OPEN_ENDED : moved(was, after.when);
  return {
    when: was,
    until: event.meta.statedAt,
    statedAt: before.dateStatedAt,
    reason: (event.data as { reason?: string }).reason ?? null,
    days,
    range,
    slip: kind === 'slip',
    cites: event.meta.basedOn ?? [],
  };
}
