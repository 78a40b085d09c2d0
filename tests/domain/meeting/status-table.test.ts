import { describe, expect, it } from 'vitest';
import type { MeetingEvent } from '../../../events/meeting.ts';
import {
  decide,
  evolve,
  type MeetingCommand,
  type STATUS_TABLE,
} from '../../../src/domain/meeting/index.ts';
import { announced, fold, HISTORIES, khaji, lastWeek, march, now, type Status } from './facts.ts';

/** design.md's table once more, cell by cell: command → from → to. */
const PLAN = ['proposed', 'announced', 'confirmed', 'postponed'] as const;
const LIVE = [...PLAN, 'held', 'not-held', 'cancelled'] as const;
const same = (statuses: readonly Status[]) => Object.fromEntries(statuses.map((s) => [s, s]));
const all = (statuses: readonly Status[], to: Status) =>
  Object.fromEntries(statuses.map((s) => [s, to]));

const TABLE: Record<keyof typeof STATUS_TABLE, Partial<Record<Status, Status>>> = {
  announce: { proposed: 'announced' },
  confirm: { proposed: 'confirmed', announced: 'confirmed' },
  reschedule: { ...same(PLAN), postponed: 'announced' },
  revise: same(PLAN),
  postpone: all(['proposed', 'announced', 'confirmed'], 'postponed'),
  relocate: same(PLAN),
  correct: same(LIVE),
  hold: all(PLAN, 'held'),
  outcome: { held: 'held' },
  'not-held': all(PLAN, 'not-held'),
  cancel: all(PLAN, 'cancelled'),
  reinstate: all(['postponed', 'cancelled', 'not-held'], 'announced'),
  reclassify: same(LIVE),
  merge: all(LIVE, 'merged'),
  withdraw: all(LIVE, 'withdrawn'),
  restore: { merged: 'announced', withdrawn: 'announced' },
  'add-participant': same(LIVE),
  'remove-participant': same(LIVE),
};

const reason = 'as reported';
const COMMANDS: Record<keyof typeof STATUS_TABLE, MeetingCommand> = {
  announce: { type: 'announce', changes: {} },
  confirm: { type: 'confirm' },
  reschedule: { type: 'reschedule', when: march },
  revise: { type: 'revise', changes: { title: 'Eighth session' } },
  postpone: { type: 'postpone' },
  relocate: { type: 'relocate', place: { online: true } },
  correct: { type: 'correct', changes: { title: 'Eighth session' }, reason },
  hold: { type: 'hold', when: lastWeek },
  outcome: { type: 'outcome', outcome: 'A joint statement' },
  'not-held': { type: 'not-held', reason },
  cancel: { type: 'cancel' },
  reinstate: { type: 'reinstate', when: march },
  reclassify: { type: 'reclassify', classification: 'internal' },
  merge: { type: 'merge', into: 'other' },
  withdraw: { type: 'withdraw', reason },
  restore: { type: 'restore', reason },
  'add-participant': { type: 'add-participant', participant: { ...khaji, party: 'lavrentiev' } },
  'remove-participant': { type: 'remove-participant', party: 'khaji' },
};

// After the planned August 2022, so that its not taking place can be told.
const late = {
  ...now,
  now: Date.UTC(2022, 9, 1),
  survivor: { state: fold([announced]), mergedInto: [] },
};

const cells = Object.entries(TABLE).flatMap(([command, row]) =>
  Object.keys(HISTORIES).map((from) => ({
    command: command as keyof typeof STATUS_TABLE,
    from: from as Status,
    to: row[from as Status],
  })),
);

describe('the status table', () => {
  it.each(cells.filter((cell) => cell.to !== undefined))(
    '$command takes $from to $to',
    ({ command, from, to }) => {
      const state = fold(HISTORIES[from]);
      const events = decide(COMMANDS[command], state, late);
      expect(events).toHaveLength(1);
      expect(events.reduce(evolve, state).status).toBe(to);
    },
  );

  it.each(cells.filter((cell) => cell.to === undefined))(
    '$command is refused when $from',
    ({ command, from }) => {
      expect(() => decide(COMMANDS[command], fold(HISTORIES[from]), late)).toThrow(
        expect.objectContaining({ code: 'rejected', rule: 'wrong-status' }),
      );
    },
  );

  it.each(['proposed', 'announced'] as const)('creates a meeting as %s', (status) => {
    const data = announced.data as never;
    const events = decide({ type: 'create', status, facts: data }, fold([]), now);
    expect(fold(events).status).toBe(status);
  });

  it('creates no meeting twice', () => {
    const command = { type: 'create', status: 'announced', facts: announced.data } as never;
    expect(() => decide(command, fold([announced]), now)).toThrow(
      expect.objectContaining({ rule: 'wrong-status' }),
    );
  });

  const ENDS: MeetingEvent[] = [
    { type: 'MeetingWithdrawn', data: { reason } },
    { type: 'MeetingMerged', data: { into: 'other' } },
  ];
  it.each(ENDS.flatMap((end) => LIVE.map((status) => ({ end, status }))))(
    'restore after $end.type brings a meeting back to $status',
    ({ end, status }) => {
      const before = fold(HISTORIES[status]);
      const gone = evolve(before, end);
      expect(gone.status).not.toBe(status);
      const [restored] = decide({ type: 'restore', reason }, gone, now);
      expect(restored && evolve(gone, restored)).toEqual(before);
    },
  );
});
