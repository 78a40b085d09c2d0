import { LEVELS } from '../src/domain/visibility.ts';
import { announcementContentOf, correctedSentence } from './announcement-telling.ts';
import type { KeptEvent } from './journal.ts';
import type { Lookup } from './lookup.ts';
import { laterOf } from './meeting-record.ts';
import { contentOf } from './meeting-telling.ts';
import type { ChangeContent } from './telling.ts';
import type { ChangeView, Diff } from './types.ts';
import type { VisibleAnnouncement, VisibleMeeting } from './visible.ts';

/** Changes as a reader may see them. */

const HIGHEST = Math.max(...LEVELS);

/** One step of an entry that the reader sees. */
export type TellingStep =
  | { readonly kind: 'meeting'; readonly id: string; readonly step: MeetingStepOf }
  | AnnouncementTellingStep;

interface AnnouncementTellingStep {
  readonly kind: 'announcement';
  readonly id: string;
  readonly step: AnnouncementStepOf;
}

type MeetingStepOf = VisibleMeeting['told']['steps'][number];
type AnnouncementStepOf = VisibleAnnouncement['told']['steps'][number];

/** What an announcement names may be hidden from the reader: claims and `about` are cut to what they see. */
function visibleDiff(diff: Diff, lookup: Lookup): Diff {
  if (diff.field !== 'about' && diff.field !== 'claims') return diff;
  return { ...diff, from: visibleNames(diff.from, lookup), to: visibleNames(diff.to, lookup) };
}

function visibleNames(value: unknown, lookup: Lookup): unknown {
  if (!Array.isArray(value)) return value;
  return value.filter((item: string | { meeting: string }) => {
    const meeting = typeof item === 'string' ? item : item.meeting;
    return lookup.meeting(meeting) !== undefined;
  });
}

// An empty list for none at all would tell that there is something hidden.
const says = ({ from, to }: Diff): boolean =>
  JSON.stringify(from ?? []) !== JSON.stringify(to ?? []);

function diffsFor(kind: string, content: ChangeContent, lookup: Lookup): Diff[] {
  const diffs =
    kind === 'announcement'
      ? content.diffs.map((diff) => visibleDiff(diff, lookup)).filter(says)
      : [...content.diffs];
  if (content.into !== undefined) {
    // A survivor that the reader does not see is none to them.
    const from = visibleSurvivor(content.into.from, lookup);
    const to = visibleSurvivor(content.into.to, lookup);
    if (from !== to) diffs.push({ field: 'mergedInto', from, to });
  }
  return diffs;
}

const visibleSurvivor = (id: string | null, lookup: Lookup): string | null =>
  id !== null && lookup.meeting(id) !== undefined ? id : null;

const contentOfStep = (told: TellingStep): ChangeContent =>
  told.kind === 'meeting' ? contentOf(told.step) : announcementContentOf(told.step);

/**
 * One change. `cursor`: the event's id. `history`: editors see actor and revision, once there is an event.
 */
export function changeView(
  told: TellingStep,
  cursor: string,
  lookup: Lookup,
  history: boolean,
): ChangeView {
  const content = contentOfStep(told);
  const diffs = diffsFor(told.kind, content, lookup);
  const corrected = told.kind === 'announcement' && content.type === 'corrected';
  const { meta, revision }: Pick<KeptEvent, 'meta' | 'revision'> = told.step.event;
  return {
    cursor,
    type: content.type,
    [told.kind]: told.id,
    recordedAt: meta.recordedAt,
    statedAt: content.statedAt,
    sentence: corrected ? correctedSentence(diffs) : content.sentence,
    diffs,
    reason: content.reason,
    sources: lookup.sources(content.cites),
    ...(history && lookup.reader.editor && meta.actor !== ''
      ? { actor: meta.actor, revision }
      : {}),
  };
}

/** What a meeting tells its reader, step by step. */
export const stepsOf = ({ row, told }: VisibleMeeting): TellingStep[] =>
  told.steps.map((step) => ({ kind: 'meeting', id: row.id, step }));

/** Those that say something to the reader. */
export const announcementStepsOf = (
  { row, told }: VisibleAnnouncement,
  lookup: Lookup,
): AnnouncementTellingStep[] =>
  told.steps
    .map((step): AnnouncementTellingStep => ({ kind: 'announcement', id: row.id, step }))
    .filter((step) => !isHidden(step, lookup));

/**
 * A correction of what the reader does not see: that there was one, and why, would tell that it is there; so would one
 * that changed nothing, since what was sent was there already. From who sees everything nothing is hidden.
 */
function isHidden({ kind, step }: AnnouncementTellingStep, lookup: Lookup): boolean {
  if (step.event.type !== 'AnnouncementCorrected' || step.released) return false;
  if (lookup.reader.level === HIGHEST) return false;
  return diffsFor(kind, announcementContentOf(step), lookup).length === 0;
}

/** When something of it changed that the reader sees. */
export const announcementChangedAt = (visible: VisibleAnnouncement, lookup: Lookup): string =>
  announcementStepsOf(visible, lookup)
    .map(({ step }) => step.event.meta.recordedAt)
    .reduce(laterOf, visible.told.recordedAt);
