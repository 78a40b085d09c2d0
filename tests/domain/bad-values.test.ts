import { describe, expect, it } from 'vitest';
import type { AnnouncementFacts, Claim } from '../../events/announcement.ts';
import type { MeetingFacts } from '../../events/meeting.ts';
import type { Participant, Place, When } from '../../events/values.ts';
import * as announcement from '../../src/domain/announcement/index.ts';
import type { MeetingCommand } from '../../src/domain/meeting/index.ts';
import { facts, given, HISTORIES, khaji, NOW, proposed, type Status } from './meeting/facts.ts';

/** A bad date, a zone that does not exist and a party twice are refused by every command that takes one. */

const reason = 'as reported';
const report: AnnouncementFacts = {
  title: 'Delegation in Tehran',
  kind: 'report',
  outlet: 'Tehran Times',
  publishedAt: { value: '2021-11-21', basis: 'inferred' },
  language: 'en',
  speakers: [],
  topics: [],
  about: [],
  claims: [],
  classification: 'public',
};

const meetingIn = (status: Status, command: MeetingCommand) => () =>
  given(HISTORIES[status]).when(command);
const create = (changes: Partial<MeetingFacts>) =>
  meetingIn('none', { type: 'create', status: 'announced', facts: { ...facts, ...changes } });
const announce = (changes: Partial<MeetingFacts>) => () =>
  given([proposed]).when({ type: 'announce', changes });
const correct = (changes: Partial<MeetingFacts>) =>
  meetingIn('announced', { type: 'correct', changes, reason });

const asClaim = (claim: Omit<Claim, 'id' | 'meeting'>): Claim[] => [
  { id: 'first', meeting: 'geneva', field: 'title', value: 'Session' },
  { ...claim, id: 'second', meeting: 'geneva' } as Claim,
];
const publish = (claim: Omit<Claim, 'id' | 'meeting'>) => () =>
  announcement.decide(
    { type: 'publish', facts: { ...report, claims: asClaim(claim) } },
    announcement.initialState,
    { now: NOW },
  );
const correctClaims = (claim: Omit<Claim, 'id' | 'meeting'>) => () =>
  announcement.decide(
    { type: 'correct', changes: { claims: asClaim(claim) }, reason },
    { status: 'published', facts: report },
    { now: NOW },
  );

type Attempt = () => unknown;

/** Where the date goes in the body, and the command with it. */
const DATED: [string, string, (when: When) => Attempt][] = [
  ['create', '/when', (when) => create({ when })],
  ['announce', '/when', (when) => announce({ when })],
  ['reschedule', '/when', (when) => meetingIn('announced', { type: 'reschedule', when })],
  ['correct', '/when', (when) => correct({ when })],
  ['hold', '/when', (when) => meetingIn('announced', { type: 'hold', when })],
  ['reinstate', '/when', (when) => meetingIn('cancelled', { type: 'reinstate', when })],
  ['publish', '/claims/1/value', (value) => publish({ field: 'when', value })],
  ['correct (claims)', '/claims/1/value', (value) => correctClaims({ field: 'when', value })],
];
const PLACED: [string, string, (place: Place) => Attempt][] = [
  ['create', '/place', (place) => create({ place })],
  ['announce', '/place', (place) => announce({ place })],
  ['relocate', '/place', (place) => meetingIn('announced', { type: 'relocate', place })],
  ['correct', '/place', (place) => correct({ place })],
  ['publish', '/claims/1/value', (value) => publish({ field: 'place', value })],
  ['correct (claims)', '/claims/1/value', (value) => correctClaims({ field: 'place', value })],
];
const LISTED: [string, (participants: Participant[]) => Attempt][] = [
  ['create', (participants) => create({ participants })],
  ['announce', (participants) => announce({ participants })],
  ['correct', (participants) => correct({ participants })],
  [
    'add-participant',
    ([participant]) =>
      meetingIn('announced', { type: 'add-participant', participant: participant ?? khaji }),
  ],
  ['publish', (value) => publish({ field: 'participants', value })],
  ['correct (claims)', (value) => correctClaims({ field: 'participants', value })],
];

const invalid = (path: string) =>
  expect.objectContaining({
    code: 'validation-failed',
    errors: [expect.objectContaining({ path })],
  });

describe('a date that is none', () => {
  it.each(DATED)('is refused by %s', (_, path, attempt) => {
    expect(attempt({ edtf: '2022-02-30' })).toThrow(invalid(`${path}/edtf`));
    expect(attempt({ start: '2022-02-30T10:00', timezone: 'UTC' })).toThrow(
      invalid(`${path}/start`),
    );
  });

  it.each(DATED)('and ends before it starts, by %s', (_, __, attempt) => {
    expect(attempt({ edtf: '2021-11-12/2021-11-11' })).toThrow(
      expect.objectContaining({ rule: 'end-before-start' }),
    );
  });
});

describe('a zone that does not exist', () => {
  const timezone = 'Europe/Geneva';

  it.each(DATED)('is refused in the date by %s', (_, path, attempt) => {
    expect(attempt({ edtf: '2021-11-12', timezone })).toThrow(invalid(`${path}/timezone`));
    expect(attempt({ start: '2021-11-12T10:00', timezone })).toThrow(invalid(`${path}/timezone`));
  });

  it.each(PLACED)('is refused in the place by %s', (_, path, attempt) => {
    expect(attempt({ name: 'Geneva', timezone })).toThrow(invalid(`${path}/timezone`));
  });
});

describe('a party twice', () => {
  it.each(LISTED)('is refused by %s', (_, attempt) => {
    const again = { ...khaji, role: 'head' as const };
    expect(attempt([khaji, again])).toThrow(
      expect.objectContaining({ rule: 'participant-already-there' }),
    );
  });
});

it('what is well-formed passes all of them', () => {
  const attempts = [
    ...DATED.map(([, , attempt]) => attempt({ edtf: '2021-11-12' })),
    ...PLACED.map(([, , attempt]) => attempt({ name: 'Bern', timezone: 'Europe/Zurich' })),
    ...LISTED.map(([, attempt]) => attempt([{ ...khaji, party: 'vershinin' }])),
  ];
  for (const attempt of attempts) expect(attempt()).toHaveLength(1);
});
