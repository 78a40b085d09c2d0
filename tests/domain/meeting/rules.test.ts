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

// 8 o'clock in Greenwich is 9 in Geneva, and still the day before in Honolulu.
const honolulu = { name: 'Honolulu', country: 'US', timezone: 'Pacific/Honolulu' };
const heldToday: MeetingEvent[] = [
  dated({ edtf: '2021-11-22' }),
  { type: 'MeetingHeld', data: {} },
];

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
    "correcting the date to the same one, with the place's zone",
    [announced],
    { type: 'correct', changes: { when: { ...august, timezone: 'Europe/Zurich' } }, reason },
  ],
  [
    'nothing-changes',
    'correcting the date to the same one, with its usual extent',
    [dated(march)],
    { type: 'correct', changes: { when: { ...march, extent: 'throughout' } }, reason },
  ],
  [
    'nothing-changes',
    'correcting the time to the same one, with seconds',
    [dated({ start: '2022-03-21T10:00', timezone: 'Europe/Zurich' })],
    {
      type: 'correct',
      changes: { when: { start: '2022-03-21T10:00:00', timezone: 'Europe/Zurich' } },
      reason,
    },
  ],
  [
    'nothing-changes',
    'clearing a date that is not there',
    [dated()],
    { type: 'correct', changes: { when: null }, reason },
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
  [
    'hold-before-start',
    'correcting the place of a held one so that its day has not begun there',
    heldToday,
    { type: 'correct', changes: { place: honolulu }, reason },
  ],
  [
    'hold-before-start',
    'correcting date and place of a held one so that the day has not begun there',
    HISTORIES.held,
    { type: 'correct', changes: { when: { edtf: '2021-11-22' }, place: honolulu }, reason },
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
    'correct-postponed-date',
    'clearing a date that is not there',
    HISTORIES.postponed,
    { type: 'correct', changes: { when: null }, reason },
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
    expect(() => given([]).when(command)).toThrow(
      expect.objectContaining({
        code: 'validation-failed',
        errors: [expect.objectContaining({ path })],
      }),
    );
  });
});

const likely: MeetingEvent = {
  type: 'MeetingAnnounced',
  data: { ...facts, likelihood: 'may-occur' },
};

const ALLOWED: [string, readonly MeetingEvent[], MeetingCommand, MeetingEvent, MeetingContext?][] =
  [
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
      'a date spelled otherwise is left out of a correction',
      [announced],
      {
        type: 'correct',
        changes: { title: 'New', when: { ...august, timezone: 'Europe/Zurich' } },
        reason,
      },
      { type: 'MeetingCorrected', data: { title: 'New', reason } },
    ],
    [
      'the anchor of a date is corrected',
      [announced],
      { type: 'correct', changes: { when: { ...august, anchor: '2021-11-21' } }, reason },
      { type: 'MeetingCorrected', data: { when: { ...august, anchor: '2021-11-21' }, reason } },
    ],
    [
      'a corrected phrase takes the whole date along, however it is spelled',
      [announced],
      {
        type: 'correct',
        changes: { when: { ...august, timezone: 'Europe/Zurich', phrase: 'August' } },
        reason,
      },
      {
        type: 'MeetingCorrected',
        data: { when: { ...august, timezone: 'Europe/Zurich', phrase: 'August' }, reason },
      },
    ],
    [
      'the zone that a date had from its place is kept when the place is corrected',
      [announced],
      {
        type: 'correct',
        changes: { when: { ...august, timezone: 'Europe/Zurich' }, place: honolulu },
        reason,
      },
      {
        type: 'MeetingCorrected',
        data: { when: { ...august, timezone: 'Europe/Zurich' }, place: honolulu, reason },
      },
    ],
    [
      'a date spelled for the corrected place is left out',
      [announced],
      {
        type: 'correct',
        changes: { when: { ...august, timezone: 'Pacific/Honolulu' }, place: honolulu },
        reason,
      },
      { type: 'MeetingCorrected', data: { place: honolulu, reason } },
    ],
    [
      'a date spelled otherwise is left out of announcing',
      [proposed],
      { type: 'announce', changes: { when: { ...august, timezone: 'Europe/Zurich' } } },
      { type: 'MeetingAnnounced', data: {} },
    ],
    [
      'a date spelled otherwise is left out of holding',
      [dated(lastWeek)],
      { type: 'hold', when: { ...lastWeek, extent: 'throughout', timezone: 'Europe/Zurich' } },
      { type: 'MeetingHeld', data: {} },
    ],
    [
      'a date given with a new phrase is kept in holding',
      [dated(lastWeek)],
      { type: 'hold', when: { ...lastWeek, phrase: 'Wednesday' } },
      { type: 'MeetingHeld', data: { when: { ...lastWeek, phrase: 'Wednesday' } } },
    ],
    [
      'a postponed one is held on its old date',
      [dated(lastWeek), { type: 'MeetingPostponed', data: {} }],
      { type: 'hold', when: lastWeek },
      { type: 'MeetingHeld', data: { when: lastWeek } },
    ],
    [
      'the place of a held one is corrected where its day has begun too',
      heldToday,
      { type: 'correct', changes: { place: { name: 'Tehran', timezone: 'Asia/Tehran' } }, reason },
      {
        type: 'MeetingCorrected',
        data: { place: { name: 'Tehran', timezone: 'Asia/Tehran' }, reason },
      },
    ],
    [
      'what does not move the date of a held one is corrected, whatever its date',
      [dated(march), { type: 'MeetingHeld', data: {} }],
      {
        type: 'correct',
        changes: { place: { name: 'Bern', timezone: 'Europe/Zurich' }, outcome: 'A statement' },
        reason,
      },
      {
        type: 'MeetingCorrected',
        data: {
          place: { name: 'Bern', timezone: 'Europe/Zurich' },
          outcome: 'A statement',
          reason,
        },
      },
    ],
    [
      'the date of a held one is cleared, whatever its place',
      heldToday,
      { type: 'correct', changes: { when: null, place: honolulu }, reason },
      { type: 'MeetingCorrected', data: { when: null, place: honolulu, reason } },
    ],
    [
      'confirming with another likelihood',
      [likely],
      { type: 'confirm', likelihood: 'certain' },
      { type: 'MeetingConfirmed', data: { likelihood: 'certain' } },
    ],
    [
      'confirming with the likelihood it has',
      [likely],
      { type: 'confirm', likelihood: 'may-occur' },
      { type: 'MeetingConfirmed', data: {} },
    ],
    [
      'relocating keeps the reason',
      [announced],
      { type: 'relocate', place: { online: true }, reason },
      { type: 'MeetingRelocated', data: { place: { online: true }, reason } },
    ],
    [
      'reclassifying keeps the reason',
      [announced],
      { type: 'reclassify', classification: 'internal', reason },
      { type: 'MeetingReclassified', data: { classification: 'internal', reason } },
    ],
    [
      'merging keeps the reason',
      [announced],
      { type: 'merge', into: 'other', reason },
      { type: 'MeetingMerged', data: { into: 'other', reason } },
      survivor([announced]),
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
  it.each(ALLOWED)('%s', (_, history, command, event, context = now) => {
    expect(given(history, context).when(command)).toStrictEqual([event]);
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

  it('a date that the writer never saw is not restored, and stays for those who did', () => {
    const postponed: MeetingEvent[] = [dated(march), { type: 'MeetingPostponed', data: {} }];
    const unseen = { ...now, lastDateHidden: true };
    const [event] = given(postponed, unseen).when({ type: 'reinstate' });
    expect(event).toEqual({ type: 'MeetingReinstated', data: { when: null } });
    const history = [...postponed, event as MeetingEvent];
    expect(fold(history)).toMatchObject({ status: 'announced', lastWhen: march });
    expect(fold(history)).not.toHaveProperty('when');
    const again = given([...history, { type: 'MeetingCancelled', data: {} }]);
    expect(again.when({ type: 'reinstate' })).toEqual([{ type: 'MeetingReinstated', data: {} }]);
    const undated: MeetingEvent[] = [dated(), { type: 'MeetingPostponed', data: {} }];
    expect(given(undated, unseen).when({ type: 'reinstate' })).toEqual([
      { type: 'MeetingReinstated', data: {} },
    ]);
  });

  it('an embargo that is over stays on what is not public until it is cleared', () => {
    const embargoUntil = '2021-11-22T07:00:00Z';
    const clear = (classification: 'internal' | 'public') => {
      const data = { ...facts, classification, embargoUntil };
      return () =>
        given([{ type: 'MeetingAnnounced', data }]).when({ type: 'reclassify', classification });
    };
    expect(clear('internal')()).toEqual([
      { type: 'MeetingReclassified', data: { classification: 'internal' } },
    ]);
    expect(clear('public')).toThrow(refused('nothing-changes'));
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

  it.each([
    [dated({ edtf: '2021-11-23' }), '2021-11-22T23:00:00Z'],
    [dated({ start: '2021-11-23T10:00', timezone: 'Asia/Tehran' }), '2021-11-23T06:30:00Z'],
  ])('%# is held from its earliest moment on', (history, moment) => {
    const at = Date.parse(moment);
    const hold: MeetingCommand = { type: 'hold' };
    expect(() => given([history], { ...now, now: at - 1 }).when(hold)).toThrow(
      refused('hold-before-start'),
    );
    expect(given([history], { ...now, now: at }).when(hold)).toHaveLength(1);
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
