import { describe, expect, it } from 'vitest';
import type { MeetingEvent } from '../../../events/meeting.ts';
import type { MeetingCommand, MeetingContext } from '../../../src/domain/meeting/index.ts';
import {
  announced,
  august,
  DAY,
  facts,
  fold,
  given,
  HISTORIES,
  khaji,
  lastWeek,
  march,
  NOW,
  now,
  proposed,
} from './facts.ts';

const reason = 'as reported';
const refused = (rule: string) => expect.objectContaining({ code: 'rejected', rule });
const dated = (when?: object): MeetingEvent => {
  const { when: _, ...rest } = facts;
  return { type: 'MeetingAnnounced', data: { ...rest, ...(when && { when }) } as never };
};
const create = (changes: object): MeetingCommand => ({
  type: 'create',
  status: 'announced',
  facts: { ...facts, ...changes },
});
const survivor = (events: readonly MeetingEvent[], mergedInto: string[] = []): MeetingContext => ({
  ...now,
  survivor: { state: fold(events), mergedInto },
});

const REFUSALS: [string, string, readonly MeetingEvent[], MeetingCommand, MeetingContext?][] = [
  [
    'nothing-changes',
    'revising to the same title',
    [announced],
    { type: 'revise', changes: { title: facts.title } },
  ],
  ['nothing-changes', 'revising nothing', [announced], { type: 'revise', changes: {} }],
  [
    'nothing-changes',
    'clearing what is not there',
    [announced],
    { type: 'revise', changes: { track: null } },
  ],
  [
    'nothing-changes',
    'relocating to the same place',
    [announced],
    { type: 'relocate', place: { timezone: 'Europe/Zurich', country: 'CH', name: 'Geneva' } },
  ],
  [
    'nothing-changes',
    'correcting nothing',
    [announced],
    { type: 'correct', changes: { when: august }, reason },
  ],
  [
    'nothing-changes',
    'the same outcome',
    [...HISTORIES.held, { type: 'MeetingOutcomeRecorded', data: { outcome: 'x' } }],
    { type: 'outcome', outcome: 'x' },
  ],
  [
    'nothing-changes',
    'the same classification',
    [announced],
    { type: 'reclassify', classification: 'public' },
  ],
  [
    'nothing-changes',
    'lifting an embargo that has ended',
    [{ type: 'MeetingAnnounced', data: { ...facts, embargoUntil: '2021-11-22T07:00:00Z' } }],
    { type: 'reclassify', classification: 'public' },
  ],
  [
    'same-date',
    'rescheduling to the same date',
    [announced],
    { type: 'reschedule', when: { edtf: '2022-08', timezone: 'Europe/Zurich', phrase: 'August' } },
  ],
  [
    'end-before-start',
    'a time that ends before it starts',
    [announced],
    {
      type: 'reschedule',
      when: { start: '2022-03-21T10:00', end: '2022-03-21T09:00', timezone: 'Europe/Zurich' },
    },
  ],
  ['hold-before-start', 'holding what is to come', [announced], { type: 'hold' }],
  ['hold-before-start', 'holding on a given day to come', [dated()], { type: 'hold', when: march }],
  [
    'hold-before-start',
    'correcting a held one into the future',
    HISTORIES.held,
    { type: 'correct', changes: { when: march }, reason },
  ],
  ['not-held-too-early', 'a date to come', [announced], { type: 'not-held', reason }],
  [
    'not-held-too-early',
    'a date open at its end',
    [dated({ edtf: '2021-11-01/..' })],
    { type: 'not-held', reason },
  ],
  ['not-held-too-early', 'today', [dated({ edtf: '2021-11-22' })], { type: 'not-held', reason }],
  ['date-passed', 'reinstating on a date gone by', HISTORIES['not-held'], { type: 'reinstate' }],
  [
    'date-passed',
    'reinstating a postponed one on a date gone by',
    [dated(lastWeek), { type: 'MeetingPostponed', data: {} }],
    { type: 'reinstate' },
  ],
  [
    'correct-postponed-date',
    'correcting a date that is not there',
    HISTORIES.postponed,
    { type: 'correct', changes: { when: march }, reason },
  ],
  [
    'wrong-status',
    'an outcome before it was held',
    [announced],
    { type: 'correct', changes: { outcome: 'x' }, reason },
  ],
  [
    'participant-already-there',
    'adding one twice',
    [announced],
    { type: 'add-participant', participant: khaji },
  ],
  [
    'participant-already-there',
    'a list that names one twice',
    [],
    create({ participants: [khaji, khaji] }),
  ],
  [
    'participant-already-there',
    'a corrected list that names one twice',
    [announced],
    { type: 'correct', changes: { participants: [khaji, khaji] }, reason },
  ],
  [
    'participant-not-there',
    'removing a stranger',
    [announced],
    { type: 'remove-participant', party: 'lavrov' },
  ],
  ['merge-into-itself', 'merging into itself', [announced], { type: 'merge', into: 'geneva' }],
  ['unknown-meeting', 'merging into nothing', [announced], { type: 'merge', into: 'other' }],
  [
    'merge-target-gone',
    'merging into a merged one',
    [announced],
    { type: 'merge', into: 'other' },
    survivor(HISTORIES.merged, ['third']),
  ],
  [
    'merge-target-gone',
    'merging into a withdrawn one',
    [announced],
    { type: 'merge', into: 'other' },
    survivor(HISTORIES.withdrawn),
  ],
  [
    'merge-circle',
    'merging in a circle',
    [announced],
    { type: 'merge', into: 'other' },
    survivor(HISTORIES.merged, ['third', 'geneva']),
  ],
  [
    'embargo-passed',
    'an embargo that has ended',
    [],
    create({ embargoUntil: '2021-11-22T08:00:00Z' }),
  ],
  [
    'embargo-passed',
    'reclassifying until the past',
    [announced],
    { type: 'reclassify', classification: 'public', embargoUntil: '2021-11-22T08:00:00Z' },
  ],
];

describe('refusals', () => {
  it.each(REFUSALS)('%s: %s', (rule, _, history, command, context = now) => {
    expect(() => given(history, context).when(command)).toThrow(refused(rule));
  });

  it.each([
    ['/when/edtf', create({ when: { edtf: '2022-13' } })],
    ['/when/timezone', create({ when: { start: '2022-03-21T10:00', timezone: 'Europe/Geneva' } })],
    [
      '/place/timezone',
      create({ place: { name: 'Geneva', timezone: 'Europe/Geneva' }, when: undefined }),
    ],
  ])('a date or zone that does not exist is invalid at %s', (path, command) => {
    const command2 = command;
    try {
      given([]).when(command2);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'validation-failed' });
      const [first] = (error as { errors: { path: string }[] }).errors;
      expect(first && path.startsWith(first.path) && first.path !== '').toBe(true);
    }
  });
});

const ALLOWED: [string, readonly MeetingEvent[], MeetingCommand, MeetingEvent][] = [
  [
    'announcing keeps only what changed',
    [proposed],
    { type: 'announce', changes: { title: 'New', when: august } },
    { type: 'MeetingAnnounced', data: { title: 'New' } },
  ],
  ['holding an undated meeting', [dated()], { type: 'hold' }, { type: 'MeetingHeld', data: {} }],
  [
    'holding one with an open start',
    [dated({ edtf: '../2022-01-01' })],
    { type: 'hold' },
    { type: 'MeetingHeld', data: {} },
  ],
  [
    'an undated meeting did not take place',
    [dated()],
    { type: 'not-held', reason },
    { type: 'MeetingNotHeld', data: { reason } },
  ],
  [
    'a postponed one is rescheduled to its old date',
    HISTORIES.postponed,
    { type: 'reschedule', when: august },
    { type: 'MeetingRescheduled', data: { when: august } },
  ],
  [
    'a coarse date is refined',
    [announced],
    { type: 'reschedule', when: { edtf: '2022-08-30' } },
    { type: 'MeetingRescheduled', data: { when: { edtf: '2022-08-30' } } },
  ],
  [
    'the phrase of a date is corrected',
    [announced],
    { type: 'correct', changes: { when: { ...august, phrase: 'August' } }, reason },
    { type: 'MeetingCorrected', data: { when: { ...august, phrase: 'August' }, reason } },
  ],
  [
    'a correction keeps only what changed',
    [announced],
    { type: 'correct', changes: { title: facts.title, when: null }, reason },
    { type: 'MeetingCorrected', data: { when: null, reason } },
  ],
  [
    'an embargo is stored in one form',
    [announced],
    { type: 'reclassify', classification: 'public', embargoUntil: '2021-12-01T08:00:00.000Z' },
    {
      type: 'MeetingReclassified',
      data: { classification: 'public', embargoUntil: '2021-12-01T08:00:00Z' },
    },
  ],
];

describe('decisions', () => {
  it.each(ALLOWED)('%s', (_, history, command, event) => {
    expect(given(history).when(command)).toStrictEqual([event]);
  });
});

describe('states', () => {
  it('reinstating restores the date from before a postponement, also after a cancellation', () => {
    const history: MeetingEvent[] = [
      ...HISTORIES.postponed,
      { type: 'MeetingCancelled', data: {} },
    ];
    expect(fold(history)).toMatchObject({ status: 'cancelled', lastWhen: august });
    expect(fold(history)).not.toHaveProperty('when');
    const state = fold([...history, ...given(history).when({ type: 'reinstate' })]);
    expect(state).toMatchObject({ status: 'announced', when: august });
    expect(state).not.toHaveProperty('lastWhen');
  });

  it('null in a correction clears', () => {
    const state = fold([
      announced,
      { type: 'MeetingCorrected', data: { place: null, when: null, reason } },
    ]);
    expect(state).not.toHaveProperty('when');
    expect(state).not.toHaveProperty('details.place');
  });

  it('a release ends the embargo, also of a meeting that is off the calendar', () => {
    const embargoUntil = '2021-12-01T08:00:00Z';
    const history: MeetingEvent[] = [
      { type: 'MeetingAnnounced', data: { ...facts, embargoUntil } },
      { type: 'MeetingWithdrawn', data: { reason } },
    ];
    expect(fold(history)).toHaveProperty('before.details.embargoUntil', embargoUntil);
    const released = fold([...history, { type: 'MeetingReleased', data: { embargoUntil } }]);
    expect(released).not.toHaveProperty('before.details.embargoUntil');
  });

  it('reclassifying without an embargo clears it', () => {
    const state = fold([
      { type: 'MeetingAnnounced', data: { ...facts, embargoUntil: '2021-12-01T08:00:00Z' } },
      { type: 'MeetingReclassified', data: { classification: 'internal' } },
    ]);
    expect(state).toHaveProperty('details.classification', 'internal');
    expect(state).not.toHaveProperty('details.embargoUntil');
  });

  it('the last day must be over where the meeting is', () => {
    const today = dated({ edtf: '2021-11-22' });
    const endInGeneva = Date.UTC(2021, 10, 22, 23);
    const notHeld: MeetingCommand = { type: 'not-held', reason };
    expect(() => given([today], { ...now, now: endInGeneva - 1 }).when(notHeld)).toThrow();
    expect(given([today], { ...now, now: endInGeneva }).when(notHeld)).toHaveLength(1);
    expect(NOW + DAY).toBeGreaterThan(endInGeneva);
  });

  it('participants come and go', () => {
    const lavrov = { ...khaji, party: 'lavrov' };
    const state = fold([
      announced,
      { type: 'MeetingParticipantAdded', data: { participant: lavrov } },
      { type: 'MeetingParticipantRemoved', data: { party: 'khaji' } },
    ]);
    expect(state).toHaveProperty('details.participants', [lavrov]);
  });
});
