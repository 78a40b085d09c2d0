import { describe, expect, test } from 'vitest';
import type { FeedEvent, FeedFacts } from '../../../events/feed.ts';
import {
  decide,
  evolve,
  type FeedCommand,
  type FeedState,
  initialState,
} from '../../../src/domain/feed/index.ts';
import { ruleOf } from '../rule.ts';

const now = Date.UTC(2021, 10, 22, 8);
const AT = '2021-11-22T08:00:00Z';
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];

const FACTS: FeedFacts = {
  name: 'Geneva',
  filters: { country: ['CH'] },
  options: { cancelled: 'status', postponed: 'cancelled', approx: 'span', past: 365 },
  visibility: 'private',
  ceiling: 'internal',
};
const PUBLIC: FeedFacts = { ...FACTS, visibility: 'public', ceiling: 'public' };

const after = (events: readonly FeedEvent[], state: FeedState = initialState): FeedState =>
  events.reduce((s, event) => evolve(s, { ...event, meta: { recordedAt: AT } }), state);
const on = (commands: readonly FeedCommand[]): FeedState =>
  commands.reduce((state, command) => after(decide(command, state, { now }), state), initialState);

const save: FeedCommand = { type: 'save', facts: FACTS, hash: A };
const saved = on([save]);
const open = on([{ type: 'save', facts: PUBLIC }]);
const rotate = (hash: string, graceDays = 7): FeedCommand => ({ type: 'rotate', hash, graceDays });

const change = (changes: object, expiresAt?: string | null): FeedCommand => {
  const { name, filters, options } = FACTS;
  return { type: 'change', changes: { name, filters, options, ...changes }, expiresAt };
};

const rule = (command: FeedCommand, state: FeedState): string =>
  ruleOf(() => decide(command, state, { now }));

/** Hash → whether it is the present one, or until when it works; null: it does not. */
const tokensOf = (state: FeedState) =>
  state.status === 'saved'
    ? state.tokens.map(({ hash, endedAt, graceUntil }) => [
        hash,
        endedAt === null ? 'now' : graceUntil,
      ])
    : undefined;

describe('saving', () => {
  test('a public feed is one event', () => {
    expect(decide({ type: 'save', facts: PUBLIC }, initialState, { now })).toEqual([
      { type: 'FeedSaved', data: PUBLIC },
    ]);
  });

  test('a private one has a token in its address, of which the hash is recorded', () => {
    const expiresAt = '2022-01-01T00:00:00.000Z';
    expect(decide({ ...save, expiresAt }, initialState, { now })).toEqual([
      { type: 'FeedSaved', data: FACTS },
      { type: 'FeedTokenIssued', data: { hash: A, expiresAt: '2022-01-01T00:00:00Z' } },
    ]);
  });

  test('an expiry that has come is refused', () => {
    expect(rule({ ...save, expiresAt: AT }, initialState)).toBe('expiry-passed');
  });

  test('an id is used once, also after it was deleted', () => {
    expect(rule(save, saved)).toBe('wrong-status');
    expect(rule(save, on([save, { type: 'delete' }]))).toBe('wrong-status');
  });
});

describe('changing', () => {
  test('records what is different, and leaves the address alone', () => {
    expect(decide(change({ name: 'Genève' }), saved, { now })).toEqual([
      { type: 'FeedChanged', data: { name: 'Genève' } },
    ]);
    expect(tokensOf(on([save, change({ name: 'Genève' })]))).toEqual([[A, 'now']]);
  });

  test('filters are replaced as a whole', () => {
    const state = on([save, change({ filters: { topic: ['water'] } })]);
    expect(state).toMatchObject({ facts: { filters: { topic: ['water'] }, name: 'Geneva' } });
    expect(state).not.toHaveProperty('facts.filters.country');
  });

  test('what changes nothing is refused', () => {
    expect(rule(change({}), saved)).toBe('nothing-changes');
    expect(rule(change({}, null), saved)).toBe('nothing-changes');
  });

  test('the ceiling is raised, and never lowered: calendars would keep what they were shown', () => {
    const raised = on([save, change({ ceiling: 'confidential' })]);
    expect(raised).toMatchObject({ facts: { ceiling: 'confidential' } });
    expect(rule(change({ ceiling: 'internal' }), raised)).toBe('ceiling-lowered');
    expect(rule(change({ ceiling: 'public' }), saved)).toBe('ceiling-lowered');
  });

  test('what makes its entries different is counted, with the moment; no other change is', () => {
    const options = { ...FACTS.options, cancelled: 'label' } as const;
    const others = [
      change({ name: 'Genève' }),
      change({ filters: {} }),
      change({}, '2022-06-01T00:00:00Z'),
      change({ options: { ...FACTS.options, past: 30 } }),
    ];
    for (const other of others) expect(on([save, other])).toHaveProperty('edition', undefined);
    expect(on([save, change({ options })])).toMatchObject({ edition: { count: 1, at: AT } });
    const equal: FeedEvent = { type: 'FeedChanged', data: FACTS };
    expect(after([equal], saved)).toHaveProperty('edition', undefined);
    const twice = [save, change({ options }), change({ options, ceiling: 'confidential' })];
    expect(on([...twice, change({ options, name: 'Genève' })])).toMatchObject({
      edition: { count: 2, at: AT },
    });
  });

  test('the expiry moves, and is taken away', () => {
    const later = '2022-06-01T00:00:00Z';
    const moved = on([save, change({}, later)]);
    expect(moved).toMatchObject({ tokens: [{ hash: A, expiresAt: later }] });
    expect(on([save, change({}, later), change({}, null)])).toMatchObject({
      tokens: [{ hash: A, expiresAt: null }],
    });
    expect(on([save, { type: 'revoke' }, change({}, later), rotate(B)])).toMatchObject({
      tokens: [{ hash: A }, { hash: B, expiresAt: later }],
    });
    expect(rule(change({}, AT), saved)).toBe('expiry-passed');
    expect(rule(change({}, later), open)).toBe('public-feed');
  });
});

describe('rotating', () => {
  test('another address takes over, and the old one works for its grace', () => {
    expect(decide(rotate(B), saved, { now })).toEqual([
      { type: 'FeedTokenRevoked', data: { hash: A, graceUntil: '2021-11-29T08:00:00Z' } },
      { type: 'FeedTokenIssued', data: { hash: B } },
    ]);
    expect(tokensOf(on([save, rotate(B)]))).toEqual([
      [A, '2021-11-29T08:00:00Z'],
      [B, 'now'],
    ]);
  });

  test('without grace the old one ends now', () => {
    expect(tokensOf(on([save, rotate(B, 0)]))).toEqual([
      [A, AT],
      [B, 'now'],
    ]);
  });

  test('an expiry goes on with the new address', () => {
    const expiresAt = '2022-01-01T00:00:00Z';
    expect(on([{ ...save, expiresAt }, rotate(B)])).toMatchObject({
      tokens: [{ hash: A }, { hash: B, expiresAt }],
    });
  });

  test('twice leaves both old ones their grace', () => {
    expect(tokensOf(on([save, rotate(B, 7), rotate(C, 1)]))).toEqual([
      [A, '2021-11-29T08:00:00Z'],
      [B, '2021-11-23T08:00:00Z'],
      [C, 'now'],
    ]);
  });

  test('an expiry goes on also when the last address was revoked', () => {
    const expiresAt = '2022-01-01T00:00:00Z';
    expect(on([{ ...save, expiresAt }, { type: 'revoke' }, rotate(B)])).toMatchObject({
      tokens: [{ hash: A }, { hash: B, expiresAt }],
    });
  });

  test('is refused once the feed has expired, until its expiry is changed', () => {
    const soon = '2021-11-22T08:00:01Z';
    const later = '2022-01-01T00:00:00Z';
    const state = on([{ ...save, expiresAt: soon }]);
    const over = { now: now + 2_000 };
    expect(() => decide(rotate(B), state, over)).toThrow(/expired at 2021-11-22T08:00:01Z/);
    const changed = after(decide(change({}, later), state, over), state);
    expect(decide(rotate(B), changed, over)).toContainEqual({
      ...{ type: 'FeedTokenIssued', data: { hash: B, expiresAt: later } },
    });
  });

  test('opens again what was revoked', () => {
    expect(tokensOf(on([save, { type: 'revoke' }, rotate(B)]))).toEqual([
      [A, null],
      [B, 'now'],
    ]);
  });

  test('is nothing for a public feed', () => {
    expect(rule(rotate(B), open)).toBe('public-feed');
  });
});

describe('revoking', () => {
  test('ends every address that works, also those in their grace', () => {
    const state = on([save, rotate(B), { type: 'revoke' }]);
    expect(tokensOf(state)).toEqual([
      [A, null],
      [B, null],
    ]);
    expect(rule({ type: 'revoke' }, state)).toBe('nothing-changes');
  });

  test('leaves alone those whose grace is over', () => {
    expect(decide({ type: 'revoke' }, on([save, rotate(B, 0)]), { now })).toEqual([
      { type: 'FeedTokenRevoked', data: { hash: B } },
    ]);
  });

  test('is nothing for a public feed', () => {
    expect(rule({ type: 'revoke' }, open)).toBe('public-feed');
  });
});

describe('deleting', () => {
  test('is for ever', () => {
    const gone = on([save, { type: 'delete' }]);
    expect(gone).toEqual({ status: 'deleted', facts: FACTS });
    for (const command of [{ type: 'delete' }, { type: 'revoke' }, rotate(B)] as const) {
      expect(rule(command, gone)).toBe('wrong-status');
    }
    expect(after([{ type: 'FeedSaved', data: PUBLIC }], gone)).toBe(gone);
  });

  test.each(['revoke', 'delete'] as const)('%s of what never was is refused', (type) => {
    expect(rule({ type }, initialState)).toBe('wrong-status');
  });
});
