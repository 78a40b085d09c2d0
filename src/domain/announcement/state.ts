import type { AnnouncementFacts } from '../../../events/announcement.ts';

export interface NoAnnouncement {
  readonly status: 'none';
}
export interface PublishedAnnouncement {
  readonly status: 'published';
  readonly facts: AnnouncementFacts;
}
/** Stays, marked. */
export interface RetractedAnnouncement {
  readonly status: 'retracted';
  readonly facts: AnnouncementFacts;
  readonly reason: string;
}
export type AnnouncementState = NoAnnouncement | PublishedAnnouncement | RetractedAnnouncement;
export type ExistingAnnouncement = Exclude<AnnouncementState, NoAnnouncement>;
