import type { AnnouncementEvent, AnnouncementFacts } from '../../../events/announcement.ts';
import type { Classification } from '../../../events/values.ts';

type Corrected = Extract<AnnouncementEvent, { type: 'AnnouncementCorrected' }>['data'];

/** What can be asked of an announcement. Optional fields that are undefined mean "as it is". */
export type AnnouncementCommand =
  | { readonly type: 'publish'; readonly facts: AnnouncementFacts }
  | {
      readonly type: 'correct';
      readonly changes: Omit<Corrected, 'reason'>;
      readonly reason: string;
    }
  | {
      readonly type: 'reclassify';
      readonly classification: Classification;
      readonly embargoUntil?: string | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly type: 'retract'; readonly reason: string };
