import { instantMs, isCoarse, type ResolvedWhen } from '../src/domain/date/index.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import { type AnnouncementRecord, advanceAnnouncement } from './announcement-record.ts';
import { dueRelease, type Release, releaseEvent } from './levels.ts';
import type { Lookup } from './lookup.ts';
import { advanceMeeting, type MeetingRecord, type Tick } from './meeting-record.ts';
import type { MeetingThread } from './meeting-thread.ts';
import { snapshotOf } from './snapshot.ts';
import type { MeetingView, Reader, Source } from './types.ts';

/** Rows as a reader may see them: the record of a meeting or announcement, cut to a level and a clock. */

/** A meeting as far as one reader sees it. */
export interface VisibleMeeting {
  readonly record: MeetingRecord;
  readonly thread: MeetingThread;
  readonly tick: Tick;
  /** Set when the clock, not yet an event, released it; the rest is then as after that event. */
  readonly release?: Release;
}

/** The reader's share of a record; undefined when the entry does not exist for them. */
export function visibleMeeting(record: MeetingRecord, reader: Reader): VisibleMeeting | undefined {
  const due = dueRelease(liveOf(record.state).details, record, reader.clockMs);
  if (due === undefined) return seenMeeting(record, reader);
  const event = releaseEvent('MeetingReleased', `meeting-${record.id}`, record, due);
  const { record: released, changes } = advanceMeeting(record, event, record.seq, false);
  // The revision stays that of the store, which If-Match is compared with.
  const seen = seenMeeting({ ...released, revision: record.revision }, reader);
  return seen && { ...seen, release: { ...due, changes } };
}

function seenMeeting(record: MeetingRecord, reader: Reader): VisibleMeeting | undefined {
  const thread = record.threads.find((t) => t.levels.includes(reader.level));
  const tick = record.ticks[reader.level] ?? null;
  if (thread === undefined || tick === null) return undefined;
  // A date that was given up before this level saw the meeting does not exist for it.
  const lastWhen = thread.dates.length === 0 ? null : record.lastWhen;
  return { record: { ...record, lastWhen }, thread, tick };
}

/** An announcement as far as one reader sees it. */
export interface VisibleAnnouncement {
  readonly record: AnnouncementRecord;
  readonly recordedAt: string;
  readonly changedAt: string;
  /** The end of the embargo when the clock, not yet an event, released it. */
  readonly releasedBy?: string;
  readonly release?: Release;
}

/** The reader's share of a record; undefined when the entry does not exist for them. */
export function visibleAnnouncement(
  record: AnnouncementRecord,
  reader: Reader,
): VisibleAnnouncement | undefined {
  const due = dueRelease(record.state.facts, record, reader.clockMs);
  if (due === undefined) return seenAnnouncement(record, reader);
  const event = releaseEvent('AnnouncementReleased', `announcement-${record.id}`, record, due);
  const { record: released, changes } = advanceAnnouncement(record, event, record.seq);
  const seen = seenAnnouncement({ ...released, revision: record.revision }, reader);
  return seen && { ...seen, releasedBy: due.embargoUntil, release: { ...due, changes } };
}

function seenAnnouncement(
  record: AnnouncementRecord,
  reader: Reader,
): VisibleAnnouncement | undefined {
  const thread = record.threads.find((t) => t.levels.includes(reader.level));
  return thread && { record, recordedAt: thread.recordedAt, changedAt: thread.changedAt };
}

export function sourceOf(record: AnnouncementRecord): Source {
  const { state } = record;
  const { facts } = state;
  const source = {
    announcement: record.id,
    outlet: facts.outlet,
    url: facts.url ?? null,
    publishedAt: facts.publishedAt.value,
  };
  if (state.status !== 'retracted') return source;
  return {
    ...source,
    retracted: { reason: state.reason, recordedAt: record.retractedAt ?? record.lastRecordedAt },
  };
}

/** The longest coarse span that a feed shows by default (ical.md, approx=span). */
const SHOWN_DAYS = 31;
const DAY_MS = 86_400_000;

/** Whether feeds show an entry on this date under the default options. */
export function isShown(when: ResolvedWhen | null): boolean {
  if (when === null || when.earliest === null || when.latest === null) return false;
  if (!isCoarse(when)) return true;
  const days =
    (instantMs(`${when.latest}T00:00:00Z`) - instantMs(`${when.earliest}T00:00:00Z`)) / DAY_MS;
  return days + 1 <= SHOWN_DAYS;
}

const hasEntry = ({ thread }: VisibleMeeting): boolean => thread.dates.some(isShown);

/** The API's meeting. `lookup` is the reader's. */
export function meetingView(visible: VisibleMeeting, reader: Reader, lookup: Lookup): MeetingView {
  const { record, thread } = visible;
  const { status, likelihood, embargoUntil, ...rest } = snapshotOf(record.state, record.when);
  const self = `/meetings/${record.id}`;
  return {
    id: record.id,
    title: rest.title,
    form: rest.form,
    status,
    likelihood,
    classification: rest.classification as MeetingView['classification'],
    embargoUntil,
    when: rest.when,
    place: rest.place,
    participants: rest.participants,
    topics: rest.topics,
    track: rest.track,
    previousDates: thread.previousDates.map(({ cites, ...ended }) => ({
      ...ended,
      announcement: lookup.sources(cites)[0]?.announcement ?? null,
    })),
    reason: thread.reason,
    outcome: rest.outcome,
    mergedInto: lookup.pointer(visible),
    sources: lookup.sources(record.cites),
    statedAt: record.dateStatedAt,
    recordedAt: thread.recordedAt,
    changedAt: thread.changedAt,
    links: { self, history: `${self}/history`, ics: hasEntry(visible) ? `${self}.ics` : null },
    ...(reader.editor ? { revision: record.revision } : {}),
    ...(record.stale === true ? { stale: true as const } : {}),
  };
}
