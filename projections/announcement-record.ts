import type { AnnouncementEvent } from '../events/announcement.ts';
import type { Meta } from '../events/envelope.ts';
import { evolve, initialState } from '../src/domain/announcement/index.ts';
import type { ExistingAnnouncement } from '../src/domain/announcement/state.ts';
import { embargoedLevel } from '../src/domain/visibility.ts';
import { type ChangeContent, type ChangeDraft, changeType, draftChanges } from './levels.ts';
import { sameValue } from './snapshot.ts';
import { type Lowest, moveThreads, type Transition, transition } from './transition.ts';
import type { Diff } from './types.ts';

/** What is known of one announcement, and from when each level has seen it. */
export interface AnnouncementRecord {
  /** Row number: the seq of the first event. */
  readonly n: number;
  readonly id: string;
  /** Seq of the last event. */
  readonly seq: number;
  readonly revision: number;
  readonly state: ExistingAnnouncement;
  readonly lowest: Lowest;
  readonly statedAt: string;
  readonly lastRecordedAt: string;
  readonly retractedAt: string | null;
  readonly threads: readonly AnnouncementThread[];
  readonly stale?: true;
}

export interface AnnouncementThread {
  readonly levels: readonly number[];
  readonly since: number;
  readonly recordedAt: string;
  readonly changedAt: string;
}

export type RecordedAnnouncementEvent = AnnouncementEvent & {
  readonly stream: string;
  readonly revision: number;
  readonly meta: Pick<Meta, 'recordedAt' | 'statedAt'>;
};

const FIELDS = [
  'status',
  'title',
  'kind',
  'outlet',
  'url',
  'publishedAt',
  'language',
  'speakers',
  'paraphrase',
  'topics',
  'about',
  'claims',
  'classification',
  'embargoUntil',
] as const;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (state: ExistingAnnouncement): Fields => ({
  ...state.facts,
  status: state.status,
});

/** What changed in an announcement; without `before`, every field that has a value. */
export function diffAnnouncement(before: Fields | undefined, after: Fields): Diff[] {
  const diffs: Diff[] = [];
  for (const field of FIELDS) {
    const from = before?.[field] ?? null;
    const to = after[field] ?? null;
    const unset = before === undefined && Array.isArray(to) && to.length === 0;
    if (!unset && !sameValue(from, to)) diffs.push({ field, from, to });
  }
  return diffs;
}

/** Of the diffs that its reader sees: to name a field whose every difference is hidden would tell of it. */
export const correctedSentence = (diffs: readonly Diff[]): string =>
  diffs.length === 0 ? 'Corrected' : `Corrected: ${diffs.map((diff) => diff.field).join(', ')}`;

function sentenceOf(
  event: AnnouncementEvent,
  state: ExistingAnnouncement,
  diffs: readonly Diff[],
): string {
  const { facts } = state;
  switch (event.type) {
    case 'AnnouncementPublished':
      return `${facts.outlet}, ${facts.publishedAt.value}: ${facts.title}`;
    case 'AnnouncementCorrected':
      return correctedSentence(diffs);
    case 'AnnouncementReclassified':
      return `Classified ${facts.classification}`;
    case 'AnnouncementReleased':
      return 'Embargo ended';
    case 'AnnouncementRetracted':
      return 'Retracted';
    default:
      return event satisfies never;
  }
}

/** The change with which an announcement appears to a level. */
const releasedAnnouncement = (state: ExistingAnnouncement, statedAt: string) => ({
  type: 'released',
  sentence: `Released: ${state.facts.title}`,
  diffs: diffAnnouncement(undefined, fieldsOf(state)),
  reason: null,
  cites: [],
  statedAt,
});

const lowestOfAnnouncement = (state: ExistingAnnouncement): Lowest =>
  embargoedLevel(state.facts.classification, state.facts.embargoUntil);

function changesOf(
  before: AnnouncementRecord | undefined,
  event: RecordedAnnouncementEvent,
  state: ExistingAnnouncement,
  t: Transition,
): ChangeDraft[] {
  const diffs = diffAnnouncement(before && fieldsOf(before.state), fieldsOf(state));
  const own: ChangeContent = {
    type: changeType(event.type, 'Announcement'),
    sentence: sentenceOf(event, state, diffs),
    diffs,
    reason: (event.data as { reason?: string }).reason ?? null,
    cites: [],
    statedAt: event.meta.statedAt,
  };
  return draftChanges(t, before?.threads ?? [], own, () =>
    before === undefined ? own : releasedAnnouncement(state, before.statedAt),
  );
}

/** The record after one event, and the changes each level sees. Pure. */
export function advanceAnnouncement(
  before: AnnouncementRecord | undefined,
  event: RecordedAnnouncementEvent,
  seq: number,
): { record: AnnouncementRecord; changes: readonly ChangeDraft[] } {
  const state = evolve(before?.state ?? initialState, event) as ExistingAnnouncement;
  const lowest = lowestOfAnnouncement(state);
  const t = transition(before?.lowest ?? 3, lowest);
  const { recordedAt, statedAt } = event.meta;
  const record: AnnouncementRecord = {
    ...(before ?? { n: seq, id: event.stream.slice('announcement-'.length), statedAt }),
    seq,
    revision: event.revision,
    state,
    lowest,
    lastRecordedAt: recordedAt,
    retractedAt: state.status === 'retracted' ? (before?.retractedAt ?? recordedAt) : null,
    threads: moveThreads(
      before?.threads ?? [],
      t,
      (thread) => ({ ...thread, changedAt: recordedAt }),
      (levels) => ({ levels, since: seq, recordedAt, changedAt: recordedAt }),
    ),
  };
  return { record, changes: changesOf(before, event, state, t) };
}
