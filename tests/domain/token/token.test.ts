import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../../src/domain/rules.ts';
import {
  decide,
  evolve,
  initialState,
  type TokenCommand,
  type TokenState,
} from '../../../src/domain/token/index.ts';
import { ruleOf } from '../rule.ts';

const now = Date.UTC(2021, 10, 22, 8);
const hash = 'a'.repeat(64);
const issue = {
  type: 'issue',
  name: 'Desk',
  role: 'editor',
  ceiling: 'internal',
  hash,
} as const satisfies TokenCommand;
const facts = { name: 'Desk', role: 'editor', ceiling: 'internal', hash } as const;
const issued: TokenState = { status: 'issued', facts };
const revoked: TokenState = { status: 'revoked', facts };

const rule = (command: TokenCommand, state: TokenState): string =>
  ruleOf(() => decide(command, state, { now }));

describe('decide', () => {
  test('issues a token', () => {
    expect(decide(issue, initialState, { now })).toEqual([{ type: 'TokenIssued', data: facts }]);
  });

  test('keeps the expiry in the one form of instants', () => {
    const expiresAt = '2021-11-22T08:00:01.000Z';
    const [event] = decide({ ...issue, expiresAt }, initialState, { now });
    expect(event?.data).toMatchObject({ expiresAt: '2021-11-22T08:00:01Z' });
  });

  test('refuses one that would expire now', () => {
    expect(rule({ ...issue, expiresAt: '2021-11-22T08:00:00Z' }, initialState)).toBe(
      'expiry-passed',
    );
  });

  test.each([
    ['editor', 'public'],
    ['admin', 'public'],
    ['admin', 'internal'],
  ] as const)('refuses role %s with ceiling %s', (role, ceiling) => {
    expect(() => decide({ ...issue, role, ceiling }, initialState, { now })).toThrow(InvalidInput);
  });

  test.each([issued, revoked])('issues nothing twice: $status', (state) => {
    expect(rule(issue, state)).toBe('wrong-status');
  });

  test('revokes a token once', () => {
    expect(decide({ type: 'revoke' }, issued, { now })).toEqual([
      { type: 'TokenRevoked', data: {} },
    ]);
    expect(rule({ type: 'revoke' }, revoked)).toBe('nothing-changes');
  });
});

describe('evolve', () => {
  test('a token is issued, then revoked for ever', () => {
    const after = evolve(initialState, { type: 'TokenIssued', data: facts });
    expect(after).toEqual(issued);
    const end = evolve(after, { type: 'TokenRevoked', data: {} });
    expect(end).toEqual(revoked);
    expect(evolve(end, { type: 'TokenIssued', data: { ...facts, role: 'admin' } })).toBe(end);
  });

  test('a second issue changes nothing', () => {
    expect(evolve(issued, { type: 'TokenIssued', data: { ...facts, role: 'admin' } })).toBe(issued);
  });
});
