import type { AnnouncementKind, Claim, PublishedAt, Speaker } from '../events/announcement.ts';
import type {
  Classification,
  Form,
  Likelihood,
  MeetingStatus,
  Participant,
  Place,
} from '../events/values.ts';
import type { Precision, ResolvedWhen } from '../src/domain/date/types.ts';
import type { Level } from '../src/domain/visibility.ts';

/** Who asks, and when by this node's clock: what access is judged by, never `now` or `asOf`. */
export interface Reader {
  readonly level: Level;
  /** Editors also get `revision` and `actor`. */
  readonly editor: boolean;
  readonly clockMs: number;
}

export interface Source {
  readonly announcement: string;
  readonly outlet: string;
  readonly url: string | null;
  readonly publishedAt: string;
  readonly retracted?: { readonly reason: string; readonly recordedAt: string };
}

/** A date the meeting no longer stands on, and the event that ended it. */
export interface PreviousDate {
  readonly when: ResolvedWhen;
  readonly until: string;
  /** The old date's own. */
  readonly statedAt: string;
  readonly reason: string | null;
  readonly announcement: string | null;
  /** Days between the latest moments; negative when earlier, 0 for a refinement, null when open-ended. */
  readonly days: number | null;
  /** Least and greatest distance where one of the two dates is coarse. */
  readonly range: readonly [number, number] | null;
}

/** Another day to answer for; with both, what was recorded by then of what was stated by then. */
export interface Past {
  /** Recorded no later than this (epoch ms). */
  readonly recordedMs?: number | undefined;
  /** Stated no later than the end of this UTC day. */
  readonly statedDay?: string | undefined;
}

/** A meeting as api.md shows it. */
export interface MeetingView {
  readonly id: string;
  readonly title: string;
  readonly form: Form;
  readonly status: MeetingStatus;
  readonly likelihood: Likelihood | null;
  readonly classification: Classification;
  readonly embargoUntil: string | null;
  readonly when: ResolvedWhen | null;
  readonly place: Place | null;
  readonly participants: readonly Participant[];
  readonly topics: readonly string[];
  readonly track: string | null;
  readonly previousDates: readonly PreviousDate[];
  readonly reason: string | null;
  readonly outcome: string | null;
  readonly mergedInto: string | null;
  readonly sources: readonly Source[];
  readonly statedAt: string | null;
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly links: { readonly self: string; readonly history: string; readonly ics: string | null };
  /** Editors only. */
  readonly revision?: number;
  /** Set after a dead letter: the row is the last good one. */
  readonly stale?: true;
}

export type Agreement = 'agrees' | 'compatible' | 'outdated' | 'differs' | 'unknown';
export type ClaimView = Claim & { readonly agreement: Agreement };

/** An announcement as the API shows it; claims about meetings the caller cannot see are left out. */
export interface AnnouncementView {
  readonly id: string;
  readonly title: string;
  readonly kind: AnnouncementKind;
  readonly outlet: string;
  readonly url: string | null;
  readonly publishedAt: PublishedAt;
  readonly language: string;
  readonly speakers: readonly Speaker[];
  readonly paraphrase: string | null;
  readonly topics: readonly string[];
  readonly about: readonly string[];
  readonly claims: readonly ClaimView[];
  readonly classification: Classification;
  readonly embargoUntil: string | null;
  readonly retracted: { readonly reason: string; readonly recordedAt: string } | null;
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly links: { readonly self: string; readonly history: string };
  readonly revision?: number;
  readonly stale?: true;
}

export interface Diff {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** One visible change; history items have the same shape. `removed` has only the first four. */
export interface ChangeView {
  readonly cursor: string;
  readonly type: string;
  readonly meeting?: string;
  readonly announcement?: string;
  readonly recordedAt: string;
  readonly statedAt?: string;
  readonly sentence?: string;
  readonly diffs?: readonly Diff[];
  readonly reason?: string | null;
  readonly sources?: readonly Source[];
  /** History for editors only. */
  readonly actor?: string;
  readonly revision?: number;
}

/** Repeated names are OR, different names are AND; absent = no filter. */
export interface MeetingFilters {
  /** Date or instant. */
  readonly from?: string;
  readonly to?: string;
  readonly certain?: boolean;
  readonly participant?: readonly string[];
  readonly country?: readonly string[];
  readonly place?: readonly string[];
  readonly track?: readonly string[];
  readonly topic?: readonly string[];
  readonly form?: readonly Form[];
  readonly status?: readonly MeetingStatus[];
  readonly precision?: readonly Precision[];
  readonly q?: readonly string[];
}

export interface AnnouncementFilters {
  /** Test publishedAt. */
  readonly from?: string;
  readonly to?: string;
  readonly meeting?: readonly string[];
  readonly outlet?: readonly string[];
  readonly kind?: readonly AnnouncementKind[];
  readonly speaker?: readonly string[];
  readonly topic?: readonly string[];
  readonly q?: readonly string[];
}

export type Sort = 'latest' | '-latest' | 'recordedAt' | '-recordedAt';

export interface ListRequest<F> {
  readonly reader: Reader;
  readonly filters: F;
  /** Meetings only: one side of `nowMs`, or both. */
  readonly side?: 'upcoming' | 'past';
  readonly nowMs: number;
  readonly sort?: Sort;
  readonly limit: number;
  /** Opaque keyset of the last page, from `Page.next`. */
  readonly cursor?: string;
  /** As of another day, by recorded or by stated time; not both. */
  readonly past?: Past;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Keyset for the page after this one, or null at the end. */
  readonly next: string | null;
}

/** A keyset or change cursor that this view cannot continue from. */
export class UnknownCursor extends Error {
  override readonly name = 'UnknownCursor';
}

export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  /** Withdrawn or merged; `into` only when the survivor is visible and not itself gone. */
  | {
      readonly kind: 'gone';
      readonly status: 'merged' | 'withdrawn';
      readonly into: string | null;
      /** What the writer of the merge or withdrawal is answered. */
      readonly value: MeetingView;
    }
  | { readonly kind: 'none' };

/** One value that a filter takes. */
export interface Facet {
  readonly value: string;
  readonly name: string;
  readonly count: number;
}

/** How far and how often dates moved. */
export interface SlipSums {
  /** Dates that moved to another; a refinement is none. */
  readonly moves: number;
  /** Dates given up without another: open-ended, so only counted. */
  readonly postponements: number;
  /** Days moved in all; earlier counts against later. */
  readonly days: number;
  /** Least and greatest sum where dates were coarse. */
  readonly range: readonly [number, number] | null;
}

export interface MeetingSlips extends SlipSums {
  readonly meeting: string;
  readonly title: string;
  readonly track: string | null;
  readonly status: MeetingStatus;
  readonly when: ResolvedWhen | null;
  readonly links: { readonly self: string; readonly history: string };
}

export interface TrackSlips extends SlipSums {
  readonly track: string;
  /** Meetings that slipped. */
  readonly meetings: number;
  readonly links: { readonly meetings: string };
}

export type SlipFilters = Omit<MeetingFilters, 'q'>;

export interface SlipsRequest {
  readonly reader: Reader;
  readonly filters: SlipFilters;
  /** What ranks first: how far (default) or how often. */
  readonly sort?: 'days' | 'moves';
  readonly limit: number;
  readonly cursor?: string;
}

/** What a release by the clock needs from outside: the id its event will have. */
export type ReleaseId = (stream: string, embargoUntil: string) => string;

/**
 * The queries of the calendar view. Pure reads of one open database: same rows, same answer.
 * Visibility is part of every one of them.
 */
export interface CalendarQueries {
  /**
   * `nowMs`: the greatest instant up to the one given at which a visible meeting changed sides, or the start
   * of that UTC day if later: whatever lies between parts past from upcoming alike, so it is what `next` pins
   * and what keeps ETags still. `untilMs`: the instant from which the answer may differ, because a meeting
   * changes sides, an embargo ends or the UTC day does.
   */
  boundary(reader: Reader, nowMs: number): { readonly nowMs: number; readonly untilMs: number };
  /** @throws {UnknownCursor} @throws {InvalidFilter} */
  listMeetings(request: ListRequest<MeetingFilters>): Page<MeetingView>;
  getMeeting(reader: Reader, id: string, past?: Past): Found<MeetingView>;
  /** Visible events of one meeting, oldest first (also of a gone one: `found`). */
  meetingHistory(
    reader: Reader,
    id: string,
    page: { limit: number; cursor?: string },
    past?: Past,
  ): Page<ChangeView> | undefined;
  listAnnouncements(request: ListRequest<AnnouncementFilters>): Page<AnnouncementView>;
  getAnnouncement(reader: Reader, id: string, past?: Past): AnnouncementView | undefined;
  /** Those of these entries that the reader may see; gone ones included. */
  visibleAmong(
    reader: Reader,
    kind: 'meeting' | 'announcement',
    ids: readonly string[],
  ): ReadonlySet<string>;
  announcementHistory(
    reader: Reader,
    id: string,
    page: { limit: number; cursor?: string },
    past?: Past,
  ): Page<ChangeView> | undefined;
  /**
   * Visible changes after a cursor (an event id), oldest first. `cursor` is where to go on from: that of the last item, or
   * `after` itself, or of the newest change visible, or the place before all when there is none.
   * @throws {UnknownCursor} `after` was never visible to this caller, or is not applied here yet.
   */
  listChanges(request: {
    reader: Reader;
    after?: string;
    filters: MeetingFilters & { meeting?: readonly string[] };
    limit: number;
  }): { readonly items: readonly ChangeView[]; readonly cursor: string };
  /** Whether it is the id of a release that the clock has brought and that has no place among the changes yet. */
  isToCome(reader: Reader, event: string): boolean;
  /** The newest visible changes, newest first; `removed` is not among them. */
  newestChanges(request: {
    reader: Reader;
    filters: MeetingFilters & { meeting?: readonly string[] };
    limit: number;
  }): readonly ChangeView[];
  /** Those that slipped, the furthest or most often moved first. */
  meetingSlips(request: SlipsRequest): Page<MeetingSlips>;
  trackSlips(request: SlipsRequest): Page<TrackSlips>;
  parties(reader: Reader): readonly Facet[];
  tracks(reader: Reader): readonly Facet[];
  topics(reader: Reader): readonly Facet[];
  places(reader: Reader): readonly Facet[];
}

/** A filter value that means nothing here; `path` names the parameter. */
export class InvalidFilter extends Error {
  override readonly name = 'InvalidFilter';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}
