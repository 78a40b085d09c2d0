import type { AnnouncementEvent } from '../events/announcement.ts';
import { evolve, initialState } from '../src/domain/announcement/index.ts';
import type { ExistingAnnouncement } from '../src/domain/announcement/state.ts';
import type { KeptEvent } from './journal.ts';
import { changeType } from './levels.ts';
import { laterOf } from './meeting-record.ts';
import { sameValue } from './snapshot.ts';
import type { ChangeContent } from './telling.ts';
import type { Diff } from './types.ts';

/** What an announcement tells of itself to a level that has seen it since one of its events. */

export interface AnnouncementFacts {
  readonly state: ExistingAnnouncement;
  /** Of the first event: its publication. */
  readonly statedAt: string;
  readonly retractedAt: string | null;
}

export function announcementFactsAfter(
  before: AnnouncementFacts | undefined,
  event: KeptEvent<AnnouncementEvent>,
): AnnouncementFacts {
  const state = evolve(before?.state ?? initialState, event) as ExistingAnnouncement;
  const { recordedAt, statedAt } = event.meta;
  return {
    state,
    statedAt: before?.statedAt ?? statedAt,
    retractedAt: state.status === 'retracted' ? (before?.retractedAt ?? recordedAt) : null,
  };
}

/** What it says of other meetings: entries that cite it show none of that, and some of it may be hidden. */
const OF_OTHERS: ReadonlySet<string> = new Set(['about', 'claims', 'reason']);

/**
 * Whether one of its events counts for the meetings that cite it. A correction of what it says of others does not: it
 * would tell whoever may not see those that something was said of them.
 */
export const countsForCiting = ({ type, data }: AnnouncementEvent): boolean =>
  type !== 'AnnouncementCorrected' || Object.keys(data).some((field) => !OF_OTHERS.has(field));

export interface AnnouncementStep {
  readonly event: KeptEvent<AnnouncementEvent>;
  readonly before: AnnouncementFacts | undefined;
  readonly after: AnnouncementFacts;
  /** With this event the level began to see what was there before. */
  readonly released: boolean;
}

export interface AnnouncementTelling {
  readonly facts: AnnouncementFacts;
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly steps: readonly AnnouncementStep[];
}

/** As tellMeeting. */
export function tellAnnouncement(
  events: readonly KeptEvent<AnnouncementEvent>[],
  since: number,
): AnnouncementTelling | undefined {
  const steps: AnnouncementStep[] = [];
  let facts: AnnouncementFacts | undefined;
  for (const event of events) {
    const after = announcementFactsAfter(facts, event);
    if (event.seq === since || steps.length > 0) {
      const released = event.seq === since && facts !== undefined;
      steps.push({ event, before: facts, after, released });
    }
    facts = after;
  }
  const [first] = steps;
  if (facts === undefined || first === undefined) return undefined;
  const times = steps.map(({ event }) => event.meta.recordedAt);
  const { recordedAt } = first.event.meta;
  return { facts, steps, recordedAt, changedAt: times.reduce(laterOf, recordedAt) };
}

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

const fieldsOf = ({ state }: AnnouncementFacts): Fields => ({
  ...state.facts,
  status: state.status,
});

/** What changed in an announcement; without `before`, every field that has a value. */
function diffAnnouncement(before: AnnouncementFacts | undefined, after: AnnouncementFacts): Diff[] {
  const [was, is] = [before && fieldsOf(before), fieldsOf(after)];
  const diffs: Diff[] = [];
  for (const field of FIELDS) {
    const from = was?.[field] ?? null;
    const to = is[field] ?? null;
    const unset = was === undefined && Array.isArray(to) && to.length === 0;
    if (!unset && !sameValue(from, to)) diffs.push({ field, from, to });
  }
  return diffs;
}

/** Of the diffs that its reader sees: to name a field whose every difference is hidden would tell of it. */
export const correctedSentence = (diffs: readonly Diff[]): string =>
  diffs.length === 0 ? 'Corrected' : `Corrected: ${diffs.map((diff) => diff.field).join(', ')}`;

function sentenceOf(
  event: AnnouncementEvent,
  { state: { facts } }: AnnouncementFacts,
  diffs: readonly Diff[],
): string {
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

/** What a step says. */
export function announcementContentOf(step: AnnouncementStep): ChangeContent {
  const { event, before, after, released } = step;
  if (released) return releasedContent(after);
  const diffs = diffAnnouncement(before, after);
  return {
    type: changeType(event.type, 'Announcement'),
    sentence: sentenceOf(event, after, diffs),
    diffs,
    reason: (event.data as { reason?: string }).reason ?? null,
    cites: [],
    statedAt: event.meta.statedAt,
  };
}

/** With which it appears to a level. */
const releasedContent = (facts: AnnouncementFacts): ChangeContent => ({
  type: 'released',
  sentence: `Released: ${facts.state.facts.title}`,
  diffs: diffAnnouncement(undefined, facts),
  reason: null,
  cites: [],
  statedAt: facts.statedAt,
});
