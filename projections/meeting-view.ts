import { instantMs, isCoarse, type ResolvedWhen } from '../src/domain/date/index.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import type { AnnouncementRecord } from './announcement-record.ts';
import { pendingRelease, releaseTime } from './levels.ts';
import { bump, type MeetingRecord, type MeetingThread, type Tick } from './meeting-record.ts';
import { releasedSentence } from './sentences.ts';
import { snapshotOf } from './snapshot.ts';
import type { MeetingView, Reader, Source } from './types.ts';

/** Rows as a reader may see them: the record of a meeting or announcement, cut to a level and a clock. */

interface Embargoed {
  readonly classification: string;
  readonly embargoUntil?: string | undefined;
}

/** The end of a public entry's embargo when it has passed by this clock but no event says so yet. */
export function releasedByClock(entry: Embargoed, reader: Reader): string | undefined {
  const embargoUntil = reader.level === 0 ? pendingRelease(entry) : undefined;
  return embargoUntil !== undefined && instantMs(embargoUntil) <= reader.clockMs
    ? embargoUntil
    : undefined;
}

/** A meeting as far as one reader sees it. */
export interface VisibleMeeting {
  readonly record: MeetingRecord;
  readonly thread: MeetingThread;
  readonly tick: Tick;
  /** Set when the clock, not yet an event, released it. */
  readonly releasedBy?: string;
}

/** The reader's share of a record; undefined when the entry does not exist for them. */
export function visibleMeeting(record: MeetingRecord, reader: Reader): VisibleMeeting | undefined {
  const thread = record.threads.find((t) => t.levels.includes(reader.level));
  const tick = record.ticks[reader.level] ?? null;
  if (thread !== undefined && tick !== null) return { record, thread, tick };
  const embargoUntil = releasedByClock(liveOf(record.state).details, reader);
  if (embargoUntil === undefined) return undefined;
  const at = releaseTime(record, embargoUntil);
  return {
    record,
    thread: releasedThread(record, at),
    tick: bump(tick, at),
    releasedBy: embargoUntil,
  };
}

// As if the release had been appended now: the answer must not wait for a node to write it.
function releasedThread(record: MeetingRecord, at: string): MeetingThread {
  const sentence = releasedSentence(snapshotOf(record.state, record.when));
  return {
    levels: [0],
    since: record.seq,
    recordedAt: at,
    changedAt: at,
    previousDates: [],
    reason: null,
    reasonDay: '',
    dates: record.when === null ? [] : [record.when],
    statuses: [record.state.status],
    recent: [{ sentence, recordedAt: at }],
  };
}

/** Whether the reader sees an announcement; and since when, if only the clock says so. */
export function visibleAnnouncement(
  record: AnnouncementRecord,
  reader: Reader,
): { recordedAt: string; changedAt: string; releasedBy?: string } | undefined {
  const thread = record.threads.find((t) => t.levels.includes(reader.level));
  if (thread !== undefined) return thread;
  const embargoUntil = releasedByClock(record.state.facts, reader);
  if (embargoUntil === undefined) return undefined;
  const at = releaseTime(record, embargoUntil);
  return { recordedAt: at, changedAt: at, releasedBy: embargoUntil };
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

const hasEntry = ({ record, thread }: VisibleMeeting): boolean =>
  isShown(record.when) || isShown(record.lastWhen) || thread.dates.some(isShown);

/** The API's meeting. `into`: the survivor of a merge when the reader may see it. */
export function meetingView(
  visible: VisibleMeeting,
  reader: Reader,
  sources: readonly Source[],
  into: string | null,
): MeetingView {
  const { record, thread } = visible;
  const released = visible.releasedBy !== undefined;
  const { status, likelihood, embargoUntil, ...rest } = snapshotOf(record.state, record.when);
  const self = `/meetings/${record.id}`;
  return {
    id: record.id,
    title: rest.title,
    form: rest.form,
    status,
    likelihood,
    classification: rest.classification as MeetingView['classification'],
    embargoUntil: released ? null : embargoUntil,
    when: rest.when,
    place: rest.place,
    participants: rest.participants,
    topics: rest.topics,
    track: rest.track,
    previousDates: thread.previousDates,
    reason: thread.reason,
    outcome: rest.outcome,
    mergedInto: into,
    sources,
    statedAt: record.dateStatedAt,
    recordedAt: thread.recordedAt,
    changedAt: thread.changedAt,
    links: { self, history: `${self}/history`, ics: hasEntry(visible) ? `${self}.ics` : null },
    ...(reader.editor ? { revision: record.revision } : {}),
    ...(record.stale === true ? { stale: true as const } : {}),
  };
}
