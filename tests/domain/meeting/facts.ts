import type { MeetingEvent, MeetingFacts } from '../../../events/meeting.ts';
import type { Participant, When } from '../../../events/values.ts';
import {
  decide,
  evolve,
  initialState,
  type MeetingCommand,
  type MeetingContext,
  type MeetingState,
} from '../../../src/domain/meeting/index.ts';

/** Named facts: on 22 November 2021 the Geneva meeting is planned for August 2022. */
export const NOW = Date.UTC(2021, 10, 22, 8);
export const DAY = 86_400_000;
export const august: When = { edtf: '2022-08' };
export const march: When = { edtf: '2022-03-21/2022-03-25' };
export const lastWeek: When = { edtf: '2021-11-17' };
export const now: MeetingContext = { now: NOW, id: 'geneva' };

export const khaji: Participant = {
  party: 'khaji',
  name: 'Ali Asghar Khaji',
  role: 'host',
  presence: 'reported',
};

export const facts: MeetingFacts = {
  title: 'Syrian Constitutional Committee meeting',
  form: 'session',
  when: august,
  place: { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  participants: [khaji],
  topics: ['constitution'],
  classification: 'public',
};

export const proposed: MeetingEvent = { type: 'MeetingProposed', data: facts };
export const announced: MeetingEvent = { type: 'MeetingAnnounced', data: facts };
const reason = 'entered twice';
const past: MeetingEvent = { type: 'MeetingAnnounced', data: { ...facts, when: lastWeek } };

/** A history that ends in each status; dates lie so that no guard but the status stands in the way. */
export const HISTORIES = {
  none: [],
  proposed: [proposed],
  announced: [announced],
  confirmed: [announced, { type: 'MeetingConfirmed', data: {} }],
  postponed: [announced, { type: 'MeetingPostponed', data: {} }],
  held: [past, { type: 'MeetingHeld', data: {} }],
  'not-held': [past, { type: 'MeetingNotHeld', data: { reason } }],
  cancelled: [announced, { type: 'MeetingCancelled', data: {} }],
  merged: [announced, { type: 'MeetingMerged', data: { into: 'other' } }],
  withdrawn: [announced, { type: 'MeetingWithdrawn', data: { reason } }],
} as const satisfies Record<string, readonly MeetingEvent[]>;

export type Status = keyof typeof HISTORIES;

export const fold = (events: readonly MeetingEvent[]): MeetingState =>
  events.reduce<MeetingState>(evolve, initialState);

export const given = (events: readonly MeetingEvent[], context: MeetingContext = now) => ({
  when: (command: MeetingCommand): MeetingEvent[] => decide(command, fold(events), context),
});
