import type { Agreements } from './agreement.ts';
import { announcementChangedAt } from './change-view.ts';
import { type Lookup, sourceOf } from './lookup.ts';
import type { AnnouncementView } from './types.ts';
import type { VisibleAnnouncement } from './visible.ts';

/** The API's announcement. */
export function announcementView(
  visible: VisibleAnnouncement,
  lookup: Lookup,
  agreements: Agreements,
): AnnouncementView {
  const { row, told } = visible;
  const { facts } = told.facts.state;
  const published = facts.publishedAt.value;
  const self = `/announcements/${row.id}`;
  return {
    id: row.id,
    title: facts.title,
    kind: facts.kind,
    outlet: facts.outlet,
    url: facts.url ?? null,
    publishedAt: facts.publishedAt,
    language: facts.language,
    speakers: facts.speakers,
    paraphrase: facts.paraphrase ?? null,
    topics: facts.topics,
    about: facts.about.filter((meeting) => lookup.meeting(meeting) !== undefined),
    claims: facts.claims
      .filter((claim) => lookup.meeting(claim.meeting) !== undefined)
      .map((claim) => ({ ...claim, agreement: agreements.of(claim, published) })),
    classification: facts.classification,
    embargoUntil: facts.embargoUntil ?? null,
    retracted: sourceOf(visible).retracted ?? null,
    recordedAt: told.recordedAt,
    changedAt: announcementChangedAt(visible, lookup),
    links: { self, history: `${self}/history` },
    ...(lookup.reader.editor ? { revision: lookup.revisionOf(visible) } : {}),
    ...(row.stale === true ? { stale: true as const } : {}),
  };
}
