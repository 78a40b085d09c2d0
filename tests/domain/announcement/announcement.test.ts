import { describe, expect, it } from 'vitest';
import type { AnnouncementEvent, AnnouncementFacts, Claim } from '../../../events/announcement.ts';
import {
  type AnnouncementCommand,
  type AnnouncementState,
  decide,
  evolve,
  initialState,
} from '../../../src/domain/announcement/index.ts';

const now = Date.UTC(2021, 10, 22, 8);
const claim: Claim = { id: 'date', meeting: 'geneva', field: 'when', value: { edtf: '2022-08' } };
const facts: AnnouncementFacts = {
  title: 'Delegation in Tehran',
  kind: 'report',
  outlet: 'Tehran Times',
  publishedAt: { value: '2021-11-21', basis: 'inferred' },
  language: 'en',
  speakers: [],
  topics: [],
  about: ['geneva'],
  claims: [claim],
  classification: 'public',
};
const published: AnnouncementEvent = { type: 'AnnouncementPublished', data: facts };
const retracted: AnnouncementEvent = { type: 'AnnouncementRetracted', data: { reason: 'wrong' } };
const fold = (events: readonly AnnouncementEvent[]) =>
  events.reduce<AnnouncementState>(evolve, initialState);
const reason = 'misread';

const ALLOWED: [string, AnnouncementEvent[], AnnouncementCommand, AnnouncementEvent][] = [
  ['publish', [], { type: 'publish', facts }, published],
  [
    'correct',
    [published],
    { type: 'correct', changes: { title: 'New', outlet: facts.outlet }, reason },
    { type: 'AnnouncementCorrected', data: { title: 'New', reason } },
  ],
  [
    'correct a retracted one',
    [published, retracted],
    { type: 'correct', changes: { title: 'New' }, reason },
    { type: 'AnnouncementCorrected', data: { title: 'New', reason } },
  ],
  [
    'reclassify',
    [published],
    { type: 'reclassify', classification: 'internal' },
    { type: 'AnnouncementReclassified', data: { classification: 'internal' } },
  ],
  ['retract', [published], { type: 'retract', reason: 'wrong' }, retracted],
];

const REFUSED: [string, string, AnnouncementEvent[], AnnouncementCommand][] = [
  ['wrong-status', 'publishing twice', [published], { type: 'publish', facts }],
  ['wrong-status', 'correcting nothing', [], { type: 'correct', changes: { title: 'x' }, reason }],
  ['wrong-status', 'reclassifying nothing', [], { type: 'reclassify', classification: 'public' }],
  ['wrong-status', 'retracting nothing', [], { type: 'retract', reason }],
  ['wrong-status', 'retracting twice', [published, retracted], { type: 'retract', reason }],
  [
    'nothing-changes',
    'a correction without change',
    [published],
    { type: 'correct', changes: { claims: [claim], url: null }, reason },
  ],
  [
    'nothing-changes',
    'the same classification',
    [published],
    { type: 'reclassify', classification: 'public' },
  ],
  [
    'claim-twice',
    'two claims of one id',
    [],
    { type: 'publish', facts: { ...facts, claims: [claim, claim] } },
  ],
  [
    'stated-in-future',
    'tomorrow',
    [],
    {
      type: 'publish',
      facts: { ...facts, publishedAt: { value: '2021-11-23T00:00:00Z', basis: 'stated' } },
    },
  ],
  [
    'stated-in-future',
    'corrected to the day after',
    [published],
    { type: 'correct', changes: { publishedAt: { value: '2021-11-24', basis: 'stated' } }, reason },
  ],
  [
    'embargo-passed',
    'an embargo in the past',
    [],
    { type: 'publish', facts: { ...facts, embargoUntil: '2021-11-22T08:00:00Z' } },
  ],
  [
    'end-before-start',
    'a claim that ends before it starts',
    [],
    {
      type: 'publish',
      facts: {
        ...facts,
        claims: [
          {
            ...claim,
            field: 'when',
            value: { start: '2022-01-01T10:00', end: '2022-01-01T09:00', timezone: 'UTC' },
          },
        ],
      },
    },
  ],
];

describe('an announcement', () => {
  it.each(ALLOWED)('%s', (_, history, command, event) => {
    expect(decide(command, fold(history), { now })).toStrictEqual([event]);
  });

  it.each(REFUSED)('%s: %s', (rule, _, history, command) => {
    expect(() => decide(command, fold(history), { now })).toThrow(
      expect.objectContaining({ code: 'rejected', rule }),
    );
  });

  it.each([
    // A day begins 14 hours before it does in Greenwich.
    ['2021-11-22T08:00:00Z', now],
    ['2021-11-22', Date.UTC(2021, 10, 21, 10)],
  ])('is published %s at the earliest then', (value, at) => {
    const command: AnnouncementCommand = {
      type: 'publish',
      facts: { ...facts, publishedAt: { value, basis: 'stated' } },
    };
    expect(decide(command, fold([]), { now: at })).toHaveLength(1);
    expect(() => decide(command, fold([]), { now: at - 1 })).toThrow(
      expect.objectContaining({ rule: 'stated-in-future' }),
    );
  });

  it('names the claim whose date does not exist', () => {
    const claims: Claim[] = [claim, { ...claim, id: 'b', field: 'when', value: { edtf: 'soon' } }];
    expect(() =>
      decide({ type: 'publish', facts: { ...facts, claims } }, fold([]), { now }),
    ).toThrow(
      expect.objectContaining({
        code: 'validation-failed',
        errors: [expect.objectContaining({ path: expect.stringContaining('/claims/1/value') })],
      }),
    );
  });

  it('stays when retracted, marked and with its facts', () => {
    expect(fold([published, retracted])).toEqual({ status: 'retracted', facts, reason: 'wrong' });
  });

  it('loses its embargo when released, and by reclassifying without one', () => {
    const embargoUntil = '2021-12-01T08:00:00Z';
    const held: AnnouncementEvent = {
      type: 'AnnouncementPublished',
      data: { ...facts, embargoUntil },
    };
    expect(fold([held])).toHaveProperty('facts.embargoUntil', embargoUntil);
    expect(fold([held, { type: 'AnnouncementReleased', data: { embargoUntil } }])).toEqual(
      fold([published]),
    );
    expect(
      fold([held, { type: 'AnnouncementReclassified', data: { classification: 'public' } }]),
    ).toEqual(fold([published]));
  });

  it('is cleared of a field by null', () => {
    const url = {
      type: 'AnnouncementCorrected',
      data: { url: 'https://example.org/', reason },
    } as const;
    const none = { type: 'AnnouncementCorrected', data: { url: null, reason } } as const;
    expect(fold([published, url])).toHaveProperty('facts.url');
    expect(fold([published, url, none])).toEqual(fold([published]));
  });
});
