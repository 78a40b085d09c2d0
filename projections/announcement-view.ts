import type { Agreements } from './agreement.ts';
import type { AnnouncementRecord } from './announcement-record.ts';
import type { Lookup } from './lookup.ts';
import { sourceOf, visibleAnnouncement } from './meeting-view.ts';
import type { AnnouncementView, Reader } from './types.ts';

/** The API's announcement; undefined when it does not exist for the reader. */
export function announcementView(
  raw: AnnouncementRecord,
  reader: Reader,
  lookup: Lookup,
  agreements: Agreements,
): AnnouncementView | undefined {
  const visible = visibleAnnouncement(raw, reader);
  if (visible === undefined) return undefined;
  const { record } = visible;
  const { facts } = record.state;
  const published = facts.publishedAt.value;
  const self = `/announcements/${record.id}`;
  return {
    id: record.id,
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
    retracted: sourceOf(record).retracted ?? null,
    recordedAt: visible.recordedAt,
    changedAt: visible.changedAt,
    links: { self, history: `${self}/history` },
    ...(reader.editor ? { revision: record.revision } : {}),
    ...(record.stale === true ? { stale: true as const } : {}),
  };
}
