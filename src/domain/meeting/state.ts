import type {
  Classification,
  Form,
  Likelihood,
  MeetingStatus,
  Participant,
  Place,
  When,
} from '../../../events/values.ts';

/** What is known of a meeting, whatever its status. Lifecycle, likelihood and precision stay apart. */
export interface MeetingDetails {
  readonly title: string;
  readonly form: Form;
  readonly place?: Place | undefined;
  readonly participants: readonly Participant[];
  readonly topics: readonly string[];
  readonly track?: string | undefined;
  readonly likelihood?: Likelihood | undefined;
  readonly outcome?: string | undefined;
  readonly classification: Classification;
  readonly embargoUntil?: string | undefined;
}

export type ActiveStatus = Exclude<MeetingStatus, 'postponed' | 'merged' | 'withdrawn'>;

/** On the calendar with its date, or undated. */
export interface DatedMeeting {
  readonly status: ActiveStatus;
  readonly details: MeetingDetails;
  readonly when?: When | undefined;
  /** Held, not held or cancelled while postponed, without a date: the last one it had. */
  readonly lastWhen?: When | undefined;
}

/** Put off sine die: no date. The last one is kept, for reinstating and for feeds. */
export interface PostponedMeeting {
  readonly status: 'postponed';
  readonly details: MeetingDetails;
  readonly lastWhen?: When | undefined;
}

export type LiveMeeting = DatedMeeting | PostponedMeeting;

/** Off the calendar; takes no command but restore, which brings `before` back. */
export interface MergedMeeting {
  readonly status: 'merged';
  readonly into: string;
  readonly before: LiveMeeting;
}

export interface WithdrawnMeeting {
  readonly status: 'withdrawn';
  readonly before: LiveMeeting;
}

/** No event yet. */
export interface NoMeeting {
  readonly status: 'none';
}

export type MeetingState = NoMeeting | LiveMeeting | MergedMeeting | WithdrawnMeeting;
export type ExistingMeeting = Exclude<MeetingState, NoMeeting>;

/** The live meeting behind any existing state: a merged or withdrawn one answers with what it was. */
export const liveOf = (state: ExistingMeeting): LiveMeeting =>
  state.status === 'merged' || state.status === 'withdrawn' ? state.before : state;

/** The date a meeting stands on; undefined when undated or postponed. */
export const whenOf = (live: LiveMeeting): When | undefined =>
  live.status === 'postponed' ? undefined : live.when;

/** The date a meeting stands on, else the last one it had: what reinstating restores. */
export const lastWhenOf = (live: LiveMeeting): When | undefined => whenOf(live) ?? live.lastWhen;
