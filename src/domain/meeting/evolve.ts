import type { MeetingEvent } from '../../../events/meeting.ts';
import type { When } from '../../../events/values.ts';
import { compact, patched } from '../values.ts';
import {
  type ActiveStatus,
  type DatedMeeting,
  type ExistingMeeting,
  type LiveMeeting,
  lastWhenOf,
  liveOf,
  type MeetingDetails,
  type MeetingState,
  whenOf,
} from './state.ts';

export const initialState: MeetingState = { status: 'none' };

const DETAIL_FIELDS = [
  'title',
  'form',
  'place',
  'participants',
  'topics',
  'track',
  'likelihood',
  'outcome',
  'classification',
  'embargoUntil',
] as const satisfies readonly (keyof MeetingDetails)[];

const EMPTY = { title: '', form: 'session', participants: [], topics: [] } as const;

type Facts = Extract<MeetingEvent, { type: 'MeetingAnnounced' }>['data'];

const open = (status: ActiveStatus, facts: Facts): DatedMeeting =>
  compact({
    status,
    details: patched<MeetingDetails>(
      { ...EMPTY, classification: 'confidential' },
      facts,
      DETAIL_FIELDS,
    ),
    when: facts.when,
  });

const withDetails = <M extends LiveMeeting>(live: M, data: object): M => ({
  ...live,
  details: patched(live.details, data, DETAIL_FIELDS),
});

/** In a status with a date, or undated: then the last date is kept for reinstating. */
const dated = (status: ActiveStatus, live: LiveMeeting, when = whenOf(live)): DatedMeeting =>
  compact({
    status,
    details: live.details,
    when,
    lastWhen: when === undefined ? live.lastWhen : undefined,
  });

const activeStatus = (live: LiveMeeting): ActiveStatus =>
  live.status === 'postponed' ? 'announced' : live.status;

/**
 * A correction of the date; null clears it. No command makes one of a postponed meeting, and stated order
 * brings none there; evolve takes it all the same, as being about the last date.
 */
function correctWhen(live: LiveMeeting, when: When | null | undefined): LiveMeeting {
  if (when === undefined) return live;
  const value = when ?? undefined;
  return live.status === 'postponed'
    ? compact({ ...live, lastWhen: value })
    : compact({ ...live, when: value, lastWhen: undefined });
}

type LiveEvent = Exclude<
  MeetingEvent,
  { type: 'MeetingMerged' | 'MeetingWithdrawn' | 'MeetingRestored' | 'MeetingProposed' }
>;
type PlanEvent = Exclude<LiveEvent, { type: 'MeetingReclassified' | 'MeetingReleased' }>;

/** What a meeting's participants are after one was added or removed. */
function participantsAfter(live: LiveMeeting, data: object & { party: string }, added?: object) {
  const others = live.details.participants.filter((p) => p.party !== data.party);
  return withDetails(live, { participants: added === undefined ? others : [...others, added] });
}

function evolvePlan(live: LiveMeeting, event: PlanEvent): LiveMeeting {
  switch (event.type) {
    case 'MeetingAnnounced':
      return withDetails(dated('announced', live, event.data.when), event.data);
    case 'MeetingConfirmed':
      return withDetails(dated('confirmed', live), event.data);
    case 'MeetingRescheduled':
      return dated(activeStatus(live), live, event.data.when);
    case 'MeetingPostponed':
      return compact({ status: 'postponed', details: live.details, lastWhen: lastWhenOf(live) });
    case 'MeetingRevised':
    case 'MeetingRelocated':
    case 'MeetingOutcomeRecorded':
      return withDetails(live, event.data);
    case 'MeetingCorrected':
      return correctWhen(withDetails(live, event.data), event.data.when);
    case 'MeetingParticipantAdded':
      return participantsAfter(live, event.data.participant, event.data.participant);
    case 'MeetingParticipantRemoved':
      return participantsAfter(live, event.data);
    case 'MeetingHeld':
      return withDetails(dated('held', live, event.data.when), event.data);
    case 'MeetingNotHeld':
      return dated('not-held', live);
    case 'MeetingCancelled':
      return dated('cancelled', live);
    case 'MeetingReinstated':
      return event.data.when === null
        ? dated('announced', live)
        : dated('announced', live, event.data.when ?? lastWhenOf(live));
    default:
      return event satisfies never;
  }
}

function evolveLive(live: LiveMeeting, event: LiveEvent): LiveMeeting {
  switch (event.type) {
    case 'MeetingReclassified': {
      const { classification, embargoUntil = null } = event.data;
      return withDetails(live, { classification, embargoUntil });
    }
    case 'MeetingReleased':
      return withDetails(live, { embargoUntil: null });
    default:
      return evolvePlan(live, event);
  }
}

function evolveExisting(
  state: ExistingMeeting,
  event: Exclude<MeetingEvent, { type: 'MeetingProposed' }>,
): MeetingState {
  switch (event.type) {
    case 'MeetingMerged':
      return { status: 'merged', into: event.data.into, before: liveOf(state) };
    case 'MeetingWithdrawn':
      return { status: 'withdrawn', before: liveOf(state) };
    case 'MeetingRestored':
      return liveOf(state);
    default: {
      // An embargo can end while the meeting is off the calendar: it then comes back released.
      const after = evolveLive(liveOf(state), event);
      return state.status === 'merged' || state.status === 'withdrawn'
        ? { ...state, before: after }
        : after;
    }
  }
}

/**
 * The state after one more event. Total: events in stated order may meet a state in which no command
 * would have made them.
 */
export function evolve(state: MeetingState, event: MeetingEvent): MeetingState {
  if (event.type === 'MeetingProposed') return open('proposed', event.data);
  if (state.status !== 'none') return evolveExisting(state, event);
  return event.type === 'MeetingAnnounced' ? open('announced', event.data) : state;
}
