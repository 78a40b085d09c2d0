import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { MeetingEvent } from '../../events/meeting.ts';
import type { Participant } from '../../events/values.ts';
import {
  decide,
  evolve,
  initialState,
  type LiveMeeting,
  type MeetingCommand,
  type MeetingState,
} from '../../src/domain/meeting/index.ts';
import { InvalidInput, Rejected } from '../../src/domain/rules.ts';
import {
  fieldsSet,
  foldStated,
  inStatedOrder,
  latestStated,
  resolveStatedAt,
  type StatedFact,
  type StatedRequest,
  statedHistory,
} from '../../src/domain/stated.ts';
import { announced, DAY, facts, khaji, NOW } from './meeting/facts.ts';

const request: StatedRequest = { correction: false, fields: ['when'], recordedAt: NOW };
const refused = (rule: string) => expect.objectContaining({ code: 'rejected', rule });
const history: StatedFact[] = [
  { statedAt: '2021-10-22', fields: ['status', 'title', 'when'] },
  { statedAt: '2021-11-05T10:00:00Z', fields: ['when'] },
  { statedAt: '2021-11-10', fields: ['status'] },
];

describe('statedAt', () => {
  it.each<[string, Partial<StatedRequest>, string]>([
    ['as given', { given: '2021-11-06', published: '2021-11-07' }, '2021-11-06'],
    ['given, in the one form', { given: '2021-11-06T08:00:00.000Z' }, '2021-11-06T08:00:00Z'],
    ['else when its source published', { published: '2021-11-07' }, '2021-11-07'],
    ['else when recorded', {}, '2021-11-22T08:00:00Z'],
    ['a default is raised to the day of the field', { published: '2021-11-01' }, '2021-11-05'],
    ['a default is raised to the first day', { published: '2021-10-01', fields: [] }, '2021-10-22'],
    ['of a correction: when the field was stated', { correction: true }, '2021-11-05T10:00:00Z'],
    [
      'of a correction: whatever its source',
      { correction: true, published: '2021-11-07' },
      '2021-11-05T10:00:00Z',
    ],
    [
      'of a correction of a field never set: the first',
      { correction: true, fields: ['track'] },
      '2021-10-22',
    ],
    ['the same day in spite of the hour', { given: '2021-11-05' }, '2021-11-05'],
    ['tomorrow, where it has begun', { given: '2021-11-22' }, '2021-11-22'],
  ])('%s', (_, changes, statedAt) => {
    expect(resolveStatedAt({ ...request, ...changes }, history)).toBe(statedAt);
  });

  it('begins a day 14 hours before UTC does', () => {
    const given = '2021-11-23';
    const ten = Date.UTC(2021, 10, 22, 10);
    expect(resolveStatedAt({ ...request, given, recordedAt: ten }, history)).toBe(given);
    expect(() => resolveStatedAt({ ...request, given, recordedAt: ten - 1 }, history)).toThrow(
      refused('stated-in-future'),
    );
  });

  it.each<[string, Partial<StatedRequest>]>([
    ['stated-in-future', { given: '2021-11-22T08:00:01Z' }],
    ['stated-before-first', { given: '2021-10-21', fields: ['track'] }],
    ['stated-before-first', { given: '2021-10-21' }],
    ['stated-out-of-order', { given: '2021-11-04' }],
    ['stated-out-of-order', { given: '2021-11-04', correction: true }],
    ['stated-out-of-order', { given: '2021-11-09', fields: ['status'] }],
  ])('%s', (rule, changes) => {
    expect(() => resolveStatedAt({ ...request, ...changes }, history)).toThrow(refused(rule));
  });

  it('of two sources is the later; on one day the instant', () => {
    expect(latestStated(['2021-11-21', '2021-10-22T23:00:00Z'])).toBe('2021-11-21');
    expect(latestStated(['2021-11-21T01:00:00Z', '2021-11-21'])).toBe('2021-11-21T01:00:00Z');
    expect(latestStated(['1969-05-01T01:00:00Z', '1969-05-01'])).toBe('1969-05-01T01:00:00Z');
    expect(latestStated([])).toBeUndefined();
  });
});

const recorded = (events: readonly (readonly [MeetingEvent, string])[]) =>
  events.map(([event, statedAt], revision) => ({
    ...event,
    revision,
    meta: { statedAt },
  })) as unknown as (RecordedEvent & MeetingEvent)[];

describe('the fields an event sets', () => {
  const setBy = (...events: MeetingEvent[]) =>
    statedHistory(recorded(events.map((e) => [e, '2021-10-22'])), initialState, evolve).map(
      (fact) => fact.fields.toSorted(),
    );

  it('are its own, and status and date where they move', () => {
    expect(
      setBy(
        announced,
        { type: 'MeetingRescheduled', data: { when: { edtf: '2022' }, reason: 'x' } },
        { type: 'MeetingPostponed', data: {} },
        { type: 'MeetingCancelled', data: {} },
        { type: 'MeetingReinstated', data: {} },
        { type: 'MeetingParticipantRemoved', data: { party: 'khaji' } },
        { type: 'MeetingWithdrawn', data: { reason: 'x' } },
        { type: 'MeetingRestored', data: { reason: 'x' } },
      ).slice(1),
    ).toEqual([
      ['when'],
      ['status', 'when'],
      ['status', 'when'],
      ['status', 'when'],
      ['participants'],
      [],
      [],
    ]);
  });
});

describe('folding in stated order', () => {
  const events = recorded([
    [announced, '2021-10-22'],
    [{ type: 'MeetingRescheduled', data: { when: { edtf: '2022-09' } } }, '2021-12-21'],
    [{ type: 'MeetingReclassified', data: { classification: 'confidential' } }, '2021-12-22'],
    [{ type: 'MeetingConfirmed', data: {} }, '2021-11-01T23:59:00Z'],
    [{ type: 'MeetingWithdrawn', data: { reason: 'x' } }, '2022-03-01'],
  ]);

  it('orders by day and revision, keeps what is timeless for last and leaves access out', () => {
    expect(inStatedOrder(events).map((e) => e.revision)).toEqual([0, 3, 1, 4]);
    expect(inStatedOrder(events, { upTo: '2021-11-01' }).map((e) => e.revision)).toEqual([0, 3, 4]);
  });

  it('tells what had been said by a day', () => {
    expect(foldStated(events, '2021-10-21').status).toBe('none');
    expect(foldStated(events, '2021-11-01')).toMatchObject({
      status: 'withdrawn',
      before: { status: 'confirmed', when: { edtf: '2022-08' } },
    });
    expect(foldStated(events)).toMatchObject({ before: { when: { edtf: '2022-09' } } });
  });
});

// Access is not a matter of stated time: everything else must agree.
function withoutAccess(state: MeetingState): unknown {
  if (state.status === 'none') return state;
  if (state.status === 'merged' || state.status === 'withdrawn') {
    return { ...state, before: withoutAccess(state.before) };
  }
  const live: LiveMeeting = state;
  return { ...live, details: { ...live.details, classification: null, embargoUntil: null } };
}

const when = fc.constantFrom<{ edtf: string }>(
  { edtf: '2021-11-01' },
  { edtf: '2021-12-05/2021-12-06' },
  { edtf: '2022-08' },
  { edtf: '../2021-11-21' },
  { edtf: '2023' },
);
const word = fc.constantFrom('one', 'two', 'three');
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const participant = word.map((party) => ({ ...khaji, party }));
const place = word.map((name) => ({ name }));

const command = fc.oneof(
  fc.record({
    type: fc.constant('announce' as const),
    changes: fc.record({ title: word, when }, { requiredKeys: [] }),
  }),
  fc.record({
    type: fc.constant('confirm' as const),
    likelihood: maybe(fc.constant('certain' as const)),
  }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('reschedule' as const), when }) },
  fc.record({
    type: fc.constant('revise' as const),
    changes: fc.record({ title: word, track: fc.option(word) }, { requiredKeys: [] }),
  }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('postpone' as const) }) },
  fc.record({ type: fc.constant('relocate' as const), place }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('correct' as const),
      reason: word,
      changes: fc.record(
        {
          title: word,
          when: fc.option(when),
          place: fc.option(place),
          outcome: fc.option(word),
          participants: fc.constant<Participant[]>([khaji]),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  fc.record({ type: fc.constant('hold' as const), when: maybe(when), outcome: maybe(word) }),
  fc.record({ type: fc.constant('outcome' as const), outcome: word }),
  fc.record({ type: fc.constant('not-held' as const), reason: word }),
  fc.record({ type: fc.constant('cancel' as const) }),
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('reinstate' as const), when: maybe(when) }),
  },
  fc.record({
    type: fc.constant('reclassify' as const),
    classification: fc.constantFrom('public' as const, 'internal' as const),
  }),
  fc.record({ type: fc.constant('merge' as const), into: fc.constant('other') }),
  fc.record({ type: fc.constant('withdraw' as const), reason: word }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('restore' as const), reason: word }) },
  fc.record({ type: fc.constant('add-participant' as const), participant }),
  fc.record({ type: fc.constant('remove-participant' as const), party: word }),
);

const step = fc.record({
  command,
  /** Days before its recording that it was stated; undefined leaves the default. */
  statedAgo: maybe(fc.integer({ min: 0, max: 60 })),
  /** Days until it is recorded. */
  later: fc.integer({ min: 0, max: 40 }),
});
const survivor = { state: [announced].reduce<MeetingState>(evolve, initialState), mergedInto: [] };
const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** A stream under way: commands go in, events with their statedAt come out. */
function aStream() {
  let state: MeetingState = initialState;
  const events: (readonly [MeetingEvent, string])[] = [];
  return {
    log: () => recorded(events),
    state: () => state,
    run(next: MeetingCommand, now: number, given: string | undefined): void {
      const [event] = decide(next, state, { now, id: 'geneva', survivor });
      if (event === undefined) throw new Error('a command without an event');
      const after = evolve(state, event);
      const fields = fieldsSet(event, state, after);
      const correction = next.type === 'correct';
      const before = statedHistory(recorded(events), initialState, evolve);
      const statedAt = resolveStatedAt({ given, correction, fields, recordedAt: now }, before);
      events.push([event, statedAt]);
      state = after;
    },
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Rejected || error instanceof InvalidInput;

function accepts(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

describe('property', () => {
  it('accepted commands, whenever stated, fold in stated order to the present state', () => {
    let accepted = 0;
    let reordered = 0;
    const status = fc.constantFrom('proposed' as const, 'announced' as const);
    const steps = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(status, steps, (first, commands) => {
        let now = NOW;
        const stream = aStream();
        stream.run({ type: 'create', status: first, facts }, now, '2021-10-22');
        for (const { command: next, statedAgo, later } of commands) {
          now += later * DAY;
          const given = statedAgo === undefined ? undefined : isoDay(now - statedAgo * DAY);
          accepted += Number(accepts(() => stream.run(next, now, given)));
        }
        const order = inStatedOrder(stream.log()).map((e) => e.revision);
        reordered += Number(order.some((revision, i) => revision < (order[i - 1] ?? -1)));
        expect(withoutAccess(foldStated(stream.log()))).toEqual(withoutAccess(stream.state()));
      }),
      { numRuns: 1000 },
    );
    // The property would say nothing if most commands were refused, or none came out of order.
    expect(accepted).toBeGreaterThan(3000);
    expect(reordered).toBeGreaterThan(100);
  });
});
