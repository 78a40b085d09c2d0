import type { MeetingEvent } from '../events/meeting.ts';
import { type ResolvedWhen, resolveWhen } from '../src/domain/date/index.ts';
import { evolve, initialState } from '../src/domain/meeting/index.ts';
import {
  type ExistingMeeting,
  type LiveMeeting,
  liveOf,
  whenOf,
} from '../src/domain/meeting/state.ts';
import type { KeptEvent } from './journal.ts';

/** A meeting after some of its events, in whatever order they are told. */
export interface MeetingFacts {
  readonly state: ExistingMeeting;
  /** Null when undated or postponed. */
  readonly when: ResolvedWhen | null;
  /** statedAt of the event that set the date, or of the first event. */
  readonly dateStatedAt: string;
  /** Announcements cited so far, in order. */
  readonly cites: readonly string[];
}

/** The date a meeting stands on, resolved with its place's zone; null when undated or postponed. */
function resolvedWhen(live: LiveMeeting): ResolvedWhen | null {
  const when = whenOf(live);
  return when === undefined ? null : resolveWhen(when, live.details.place?.timezone);
}

/** The date that a postponement took. */
export function lastWhenOf(state: ExistingMeeting): ResolvedWhen | null {
  const live = liveOf(state);
  if (live.status !== 'postponed' || live.lastWhen === undefined) return null;
  return resolveWhen(live.lastWhen, live.details.place?.timezone);
}

/** Dates resolve anew only when the event touched the date or the place: resolving is the dear part. */
function whenAfter(before: MeetingFacts | undefined, is: LiveMeeting): ResolvedWhen | null {
  if (before === undefined) return resolvedWhen(is);
  const was = liveOf(before.state);
  const untouched = whenOf(was) === whenOf(is) && was.details.place === is.details.place;
  return untouched ? before.when : resolvedWhen(is);
}

function merged(cites: readonly string[], more: readonly string[] | undefined): readonly string[] {
  if (more === undefined) return cites;
  const added = more.filter((cite) => !cites.includes(cite));
  return added.length === 0 ? cites : [...cites, ...added];
}

/** The facts after one more event. */
export function factsAfter(
  before: MeetingFacts | undefined,
  event: KeptEvent<MeetingEvent>,
): MeetingFacts {
  const state = evolve(before?.state ?? initialState, event) as ExistingMeeting;
  const dated = before === undefined || setsDate(before, { state });
  return {
    state,
    when: whenAfter(before, liveOf(state)),
    dateStatedAt: dated ? event.meta.statedAt : before.dateStatedAt,
    cites: merged(before?.cites ?? [], event.meta.basedOn),
  };
}

/** Whether the date was set. It also becomes another when its place brings another zone; but nobody set it then. */
export const setsDate = (
  before: Pick<MeetingFacts, 'state'>,
  after: Pick<MeetingFacts, 'state'>,
): boolean => whenOf(liveOf(before.state)) !== whenOf(liveOf(after.state));
