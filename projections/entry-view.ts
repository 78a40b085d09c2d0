import { instantMs } from '../src/domain/date/index.ts';
import type { EntryRow } from './entry.ts';
import type { Lookup } from './lookup.ts';
import { bump, type Tick } from './meeting-record.ts';
import { type VisibleMeeting, visibleAnnouncement } from './meeting-view.ts';
import { snapshotOf } from './snapshot.ts';
import type { Reader } from './types.ts';

/** The UID of a stream's calendar entry: the same for ever (RFC 5545 §3.8.4.7). */
export type UidOf = (stream: string) => string;

/** What off the calendar means for an entry: it stays for a while, if it was ever on it. */
const GONE: ReadonlySet<string> = new Set(['merged', 'withdrawn']);

/**
 * A meeting as one reader's calendar needs it; undefined when it was never on that calendar: merged or
 * withdrawn before this level could see it.
 */
export function entryRow(
  visible: VisibleMeeting,
  reader: Reader,
  lookup: Lookup,
  uidOf: UidOf,
): EntryRow | undefined {
  const { record, thread } = visible;
  if (thread.statuses.every((status) => GONE.has(status))) return undefined;
  const snapshot = snapshotOf(record.state, record.when);
  const stream = `meeting-${record.id}`;
  const { sequence, stamp, created } = tickNow(visible, reader, lookup);
  return {
    id: record.id,
    stream,
    uid: uidOf(stream),
    version: record.seq,
    title: snapshot.title,
    form: snapshot.form,
    status: snapshot.status,
    likelihood: snapshot.likelihood,
    when: snapshot.when,
    lastWhen: record.lastWhen,
    dates: thread.dates,
    place: snapshot.place,
    participants: snapshot.participants,
    topics: snapshot.topics,
    track: snapshot.track,
    reason: thread.reason,
    outcome: snapshot.outcome,
    mergedInto: lookup.pointer(visible),
    previousDates: thread.previousDates.map(({ cites: _, ...ended }) => ended),
    recent: thread.recent,
    sources: lookup.sources(record.cites).map(({ retracted, ...source }) => ({
      ...source,
      ...(retracted === undefined ? {} : { retracted: true }),
    })),
    sequence,
    stamp,
    created,
    goneAt: record.goneAt,
  };
}

/**
 * SEQUENCE and stamps with what the clock has done: an announcement cited here whose embargo ended counts as
 * a change from that moment, whether or not the event that says so has been written.
 */
function tickNow({ record, thread, tick }: VisibleMeeting, reader: Reader, lookup: Lookup): Tick {
  let now = tick;
  for (const cite of record.cites) {
    const cited = lookup.announcement(cite);
    const release = cited && visibleAnnouncement(cited, reader);
    if (release?.releasedBy === undefined) continue;
    // Released before the meeting was seen here: then the meeting's own appearance is the change.
    if (instantMs(release.changedAt) < instantMs(thread.recordedAt)) continue;
    now = bump(now, release.changedAt);
  }
  return now;
}
