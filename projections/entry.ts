import type { Form, Likelihood, MeetingStatus, Participant, Place } from '../events/values.ts';
import { addDays, type ResolvedWhen, utcDay } from '../src/domain/date/index.ts';

/** Days for which the entry of a merged or withdrawn meeting stays, cancelled. */
const GONE_DAYS = 30;

/** The last UTC day on which it stays; null: it is not gone. */
export const goneAfter = ({ goneAt }: Pick<EntryRow, 'goneAt'>): string | null =>
  goneAt === null ? null : addDays(utcDay(goneAt), GONE_DAYS);

/** One meeting as one level sees it, with all that its calendar entry needs. */
export interface EntryRow {
  readonly id: string;
  /** `meeting-<id>`. */
  readonly stream: string;
  /** UUIDv5 of the stream name: the same for ever. */
  readonly uid: string;
  /** Grows with every change of the row within one view, over all rows: what a feed continues from. */
  readonly version: number;
  readonly title: string;
  readonly form: Form;
  /** Of a merged or withdrawn one too; its dates are then those it had before. */
  readonly status: MeetingStatus;
  /** Every status it had at this level, in the order of their first time. */
  readonly statuses: readonly MeetingStatus[];
  readonly likelihood: Likelihood | null;
  /** Null when undated or postponed. */
  readonly when: ResolvedWhen | null;
  /** The date that a postponement took. */
  readonly lastWhen: ResolvedWhen | null;
  /** Every date that ever stood at this level, oldest first; with or without the present one. */
  readonly dates: readonly ResolvedWhen[];
  readonly place: Place | null;
  readonly participants: readonly Participant[];
  readonly topics: readonly string[];
  readonly track: string | null;
  readonly reason: string | null;
  readonly outcome: string | null;
  /** The survivor's id, if this level sees it. */
  readonly mergedInto: string | null;
  readonly previousDates: readonly EntryPreviousDate[];
  /** The last three changes, newest last. */
  readonly recent: readonly EntryChange[];
  readonly sources: readonly EntrySource[];
  /** Visible events after the first, those of the announcements cited included; never falls. */
  readonly sequence: number;
  /** Instant of the newest of those events: DTSTAMP and LAST-MODIFIED. */
  readonly stamp: string;
  /** Instant of the first. */
  readonly created: string;
  /** Instant of the merge or withdrawal. */
  readonly goneAt: string | null;
}

export interface EntryPreviousDate {
  readonly when: ResolvedWhen;
  readonly until: string;
  readonly statedAt: string;
  readonly reason: string | null;
}

export interface EntryChange {
  readonly sentence: string;
  /** When its source said so. */
  readonly statedAt: string;
}

export interface EntrySource {
  readonly announcement: string;
  readonly outlet: string;
  readonly url: string | null;
  readonly publishedAt: string;
  readonly retracted?: boolean;
}
