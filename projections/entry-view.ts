import type { MeetingStatus } from '../events/values.ts';
import { instantMs } from '../src/domain/date/index.ts';
import type { EntryRow } from './entry.ts';
import { isSeen } from './levels.ts';
import type { Lookup } from './lookup.ts';
import { bump, isGone, type Tick } from './meeting-record.ts';
import { contentOf, snapshotAfter } from './meeting-telling.ts';
import { lostWhen, type VisibleMeeting } from './visible.ts';

/** The UID of a stream's calendar entry: the same for ever (RFC 5545 §3.8.4.7). */
export type UidOf = (stream: string) => string;

/** How many changes an entry tells of. */
const RECENT = 3;

/**
 * A meeting as one reader's calendar needs it; undefined when it was never on that calendar: merged or
 * withdrawn before this level could see it.
 */
export function entryRow(
  visible: VisibleMeeting,
  lookup: Lookup,
  uidOf: UidOf,
): EntryRow | undefined {
  const { row, told } = visible;
  if ([...told.statuses].every((status) => isGone({ status }))) return undefined;
  const snapshot = snapshotAfter(told.facts);
  const stream = `meeting-${row.id}`;
  const { sequence, stamp, created } = tickNow(visible, lookup);
  return {
    id: row.id,
    stream,
    uid: uidOf(stream),
    version: row.seq,
    title: snapshot.title,
    form: snapshot.form,
    status: snapshot.status,
    statuses: [...told.statuses] as readonly MeetingStatus[],
    likelihood: snapshot.likelihood,
    when: snapshot.when,
    lastWhen: lostWhen(visible),
    dates: told.dates,
    place: snapshot.place,
    participants: snapshot.participants,
    topics: snapshot.topics,
    track: snapshot.track,
    reason: told.reason,
    outcome: snapshot.outcome,
    mergedInto: lookup.pointer(visible),
    previousDates: told.previousDates.map(({ when, until, statedAt, reason }) => ({
      ...{ when, until, statedAt, reason },
    })),
    recent: told.steps.slice(-RECENT).map(contentOf).map(recentOf),
    sources: lookup.sources(told.facts.cites).map(({ retracted, ...source }) => ({
      ...source,
      ...(retracted === undefined ? {} : { retracted: true }),
    })),
    ...{ sequence, stamp, created },
    goneAt: row.goneAt,
  };
}

const recentOf = ({ sentence, statedAt }: { sentence: string; statedAt: string }) => ({
  sentence,
  statedAt,
});

/**
 * SEQUENCE and stamps with what the clock has done: where the embargo of an announcement cited here has ended, or of
 * the meeting that this one was merged into, that counts as a change from that moment, whether or not the event
 * that says so has been written.
 */
function tickNow(visible: VisibleMeeting, lookup: Lookup): Tick {
  const { told, tick } = visible;
  const cited = told.facts.cites.map((cite) => lookup.announcement(cite));
  const ends = [
    ...cited.map((shown) => (shown?.due === undefined ? null : shown.told.changedAt)),
    survivorReleased(visible, lookup),
  ];
  let now = tick;
  for (const end of ends) {
    // Released before the meeting was seen here: then the meeting's own appearance is the change.
    if (end === null || instantMs(end) < instantMs(told.recordedAt)) continue;
    now = bump(now, end);
  }
  return now;
}

/** The end of the embargo of the meeting that it points to, if the clock alone lets this level see that one. */
function survivorReleased(visible: VisibleMeeting, lookup: Lookup): string | null {
  const into = lookup.pointer(visible);
  const survivor = into === null ? undefined : lookup.meeting(into);
  if (survivor === undefined || isSeen(survivor.row, lookup.reader.level)) return null;
  return survivor.row.embargo;
}
