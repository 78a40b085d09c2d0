import type { MeetingEvent, MeetingFacts } from '../../../events/meeting.ts';
import type {
  Classification,
  Likelihood,
  Participant,
  Place,
  When,
} from '../../../events/values.ts';

type Data<T extends MeetingEvent['type']> = Extract<MeetingEvent, { type: T }>['data'];

/** What announcing a proposed meeting may bring along. Releasing is an act of its own: reclassify. */
export type AnnounceChanges = {
  readonly [F in Exclude<keyof MeetingFacts, 'classification' | 'embargoUntil'>]?:
    | MeetingFacts[F]
    | undefined;
};

interface Reasoned {
  readonly reason?: string | undefined;
}

interface Slipping extends Reasoned {
  readonly requestedBy?: string | undefined;
}

/** What can be asked of a meeting. Optional fields that are undefined mean "as it is". */
export type MeetingCommand =
  | {
      readonly type: 'create';
      readonly status: 'proposed' | 'announced';
      readonly facts: MeetingFacts;
    }
  | { readonly type: 'announce'; readonly changes: AnnounceChanges }
  | { readonly type: 'confirm'; readonly likelihood?: Likelihood | undefined }
  | ({ readonly type: 'reschedule'; readonly when: When } & Slipping)
  | ({
      readonly type: 'revise';
      readonly changes: Omit<Data<'MeetingRevised'>, 'reason'>;
    } & Reasoned)
  | ({ readonly type: 'postpone' } & Slipping)
  | ({ readonly type: 'relocate'; readonly place: Place } & Reasoned)
  | {
      readonly type: 'correct';
      readonly changes: Omit<Data<'MeetingCorrected'>, 'reason'>;
      readonly reason: string;
    }
  | {
      readonly type: 'hold';
      readonly when?: When | undefined;
      readonly outcome?: string | undefined;
    }
  | { readonly type: 'outcome'; readonly outcome: string }
  | { readonly type: 'not-held'; readonly reason: string }
  | ({ readonly type: 'cancel' } & Reasoned)
  | ({ readonly type: 'reinstate'; readonly when?: When | undefined } & Reasoned)
  | ({
      readonly type: 'reclassify';
      readonly classification: Classification;
      readonly embargoUntil?: string | undefined;
    } & Reasoned)
  | ({ readonly type: 'merge'; readonly into: string } & Reasoned)
  | { readonly type: 'withdraw'; readonly reason: string }
  | { readonly type: 'restore'; readonly reason: string }
  | ({ readonly type: 'add-participant'; readonly participant: Participant } & Reasoned)
  | ({ readonly type: 'remove-participant'; readonly party: string } & Reasoned);

export type MeetingCommandType = MeetingCommand['type'];
