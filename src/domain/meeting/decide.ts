import type { MeetingEvent } from '../../../events/meeting.ts';
import {
  futureEmbargo,
  nothingChanges,
  requireOnce,
  requirePlace,
  requireWhen,
  standingEmbargo,
} from '../checks.ts';
import { Rejected } from '../rules.ts';
import { changedFields, compact, equal } from '../values.ts';
import { announce, correct, someChange } from './changes.ts';
import type { MeetingCommand } from './commands.ts';
import {
  requireBegun,
  requireLastDateAhead,
  requireOtherDate,
  requireOver,
  requireStatus,
  saysTheSame,
} from './guards.ts';
import { type LiveMeeting, lastWhenOf, liveOf, type MeetingState, whenOf } from './state.ts';

/** The meeting that a merge is to leave standing, as the caller can see it. */
export interface Survivor {
  readonly state: MeetingState;
  /** The meetings it was itself merged into, one into the next. */
  readonly mergedInto: readonly string[];
}

export interface MeetingContext {
  /** The clock, epoch ms. */
  readonly now: number;
  /** The meeting's own id. */
  readonly id: string;
  /** For merge only: undefined when there is no such meeting for the caller. */
  readonly survivor?: Survivor | undefined;
  /** The last date of the meeting was given up before the caller saw it. */
  readonly lastDateHidden?: boolean;
}

type Command<T extends MeetingCommand['type']> = Extract<MeetingCommand, { type: T }>;
type LiveCommand = Exclude<MeetingCommand, { type: 'create' | 'restore' }>;
type PlanCommand = Extract<
  LiveCommand,
  { type: 'announce' | 'confirm' | 'reschedule' | 'revise' | 'postpone' | 'relocate' | 'correct' }
>;
type OutcomeCommand = Exclude<LiveCommand, PlanCommand>;

/**
 * The events that a command makes of a state.
 * @throws {Rejected} a rule refuses it; see RULES
 * @throws {InvalidInput} a date or time zone does not exist
 */
export function decide(
  command: MeetingCommand,
  state: MeetingState,
  context: MeetingContext,
): MeetingEvent[] {
  if (command.type === 'create') return [create(command, state, context)];
  requireStatus(command.type, state);
  if (command.type === 'restore') {
    return [{ type: 'MeetingRestored', data: { reason: command.reason } }];
  }
  const event = decideLive(command, liveOf(state), context);
  return [{ ...event, data: compact(event.data) } as MeetingEvent];
}

function create(
  { status, facts }: Command<'create'>,
  state: MeetingState,
  { now }: MeetingContext,
): MeetingEvent {
  if (state.status !== 'none') {
    throw new Rejected('wrong-status', 'The meeting exists already: announce it, or choose an id.');
  }
  requirePlace(facts.place, ['place']);
  requireWhen(facts.when, facts.place, ['when']);
  requireOnce(facts.participants);
  const data = compact({ ...facts, embargoUntil: futureEmbargo(facts.embargoUntil, now) });
  return { type: status === 'proposed' ? 'MeetingProposed' : 'MeetingAnnounced', data };
}

const isPlan = (command: LiveCommand): command is PlanCommand =>
  ['announce', 'confirm', 'reschedule', 'revise', 'postpone', 'relocate', 'correct'].includes(
    command.type,
  );

const decideLive = (command: LiveCommand, live: LiveMeeting, context: MeetingContext) =>
  isPlan(command) ? decidePlan(command, live, context) : decideOutcome(command, live, context);

function decidePlan(
  command: PlanCommand,
  live: LiveMeeting,
  context: MeetingContext,
): MeetingEvent {
  switch (command.type) {
    case 'announce':
      return announce(command, live);
    case 'confirm': {
      const { likelihood } = changedFields({ likelihood: command.likelihood }, live.details);
      return { type: 'MeetingConfirmed', data: { likelihood } };
    }
    case 'reschedule': {
      const { when, reason, requestedBy } = command;
      requireWhen(when, live.details.place, ['when']);
      requireOtherDate(when, live);
      return { type: 'MeetingRescheduled', data: { when, reason, requestedBy } };
    }
    case 'revise': {
      const changes = someChange(command.changes, live);
      return { type: 'MeetingRevised', data: { ...changes, reason: command.reason } };
    }
    case 'postpone': {
      const { reason, requestedBy } = command;
      return { type: 'MeetingPostponed', data: { reason, requestedBy } };
    }
    case 'relocate':
      requirePlace(command.place, ['place']);
      if (equal(command.place, live.details.place)) throw nothingChanges();
      return { type: 'MeetingRelocated', data: { place: command.place, reason: command.reason } };
    case 'correct':
      return correct(command, live, context.now);
    default:
      return command satisfies never;
  }
}

function decideOutcome(
  command: OutcomeCommand,
  live: LiveMeeting,
  context: MeetingContext,
): MeetingEvent {
  switch (command.type) {
    case 'hold':
      return hold(command, live, context.now);
    case 'outcome':
      if (command.outcome === live.details.outcome) throw nothingChanges();
      return { type: 'MeetingOutcomeRecorded', data: { outcome: command.outcome } };
    case 'not-held':
      requireOver(live, context.now);
      return { type: 'MeetingNotHeld', data: { reason: command.reason } };
    case 'cancel':
      return { type: 'MeetingCancelled', data: { reason: command.reason } };
    case 'reinstate': {
      requireWhen(command.when, live.details.place, ['when']);
      // A date that the caller never saw is not restored; nor may a refusal tell of it.
      const when = command.when ?? (context.lastDateHidden === true ? noDate(live) : undefined);
      if (when === undefined) requireLastDateAhead(live, context.now);
      return { type: 'MeetingReinstated', data: { when, reason: command.reason } };
    }
    case 'withdraw':
      return { type: 'MeetingWithdrawn', data: { reason: command.reason } };
    default:
      return decideRecord(command, live, context);
  }
}

/** What reinstates a meeting without its last date, if it has one. */
const noDate = (live: LiveMeeting): null | undefined =>
  lastWhenOf(live) === undefined ? undefined : null;

function hold({ when, outcome }: Command<'hold'>, live: LiveMeeting, now: number): MeetingEvent {
  const planned = whenOf(live);
  const { place } = live.details;
  requireWhen(when, place, ['when']);
  requireBegun(when ?? planned, place, now);
  const asPlanned = saysTheSame(when, planned, place);
  return { type: 'MeetingHeld', data: { when: asPlanned ? undefined : when, outcome } };
}

type RecordCommand = Extract<
  LiveCommand,
  { type: 'reclassify' | 'merge' | 'add-participant' | 'remove-participant' }
>;

function decideRecord(
  command: RecordCommand,
  live: LiveMeeting,
  context: MeetingContext,
): MeetingEvent {
  switch (command.type) {
    case 'reclassify':
      return reclassify(command, live, context);
    case 'merge':
      return merge(command, context);
    case 'add-participant': {
      const { participant, reason } = command;
      requireOnce([...live.details.participants, participant]);
      return { type: 'MeetingParticipantAdded', data: { participant, reason } };
    }
    case 'remove-participant': {
      const { party, reason } = command;
      if (!live.details.participants.some((p) => p.party === party)) throw notThere(party);
      return { type: 'MeetingParticipantRemoved', data: { party, reason } };
    }
    default:
      return command satisfies never;
  }
}

const notThere = (party: string): Rejected =>
  new Rejected(
    'participant-not-there',
    `${party} does not take part: read the meeting for the party ids of those who do.`,
  );

function reclassify(command: Command<'reclassify'>, live: LiveMeeting, { now }: MeetingContext) {
  const { classification, reason } = command;
  const embargoUntil = futureEmbargo(command.embargoUntil, now);
  const { details } = live;
  if (classification === details.classification && embargoUntil === standingEmbargo(details, now)) {
    throw nothingChanges();
  }
  return { type: 'MeetingReclassified', data: { classification, embargoUntil, reason } } as const;
}

function merge({ into, reason }: Command<'merge'>, { id, survivor }: MeetingContext): MeetingEvent {
  if (into === id) {
    throw new Rejected('merge-into-itself', 'Name another meeting in into: the one that stays.');
  }
  if (survivor === undefined || survivor.state.status === 'none') {
    throw new Rejected('unknown-meeting', `There is no meeting ${into}: check the id in into.`);
  }
  if (survivor.mergedInto.includes(id)) {
    throw new Rejected(
      'merge-circle',
      `${into} was itself merged into this meeting: restore it first, or leave this one as it is.`,
    );
  }
  if (survivor.state.status === 'merged' || survivor.state.status === 'withdrawn') {
    throw new Rejected(
      'merge-target-gone',
      `${into} is ${survivor.state.status}: restore it first, or merge into the one that stays.`,
    );
  }
  return { type: 'MeetingMerged', data: { into, reason } };
}
