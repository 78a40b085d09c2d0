import type { MeetingEvent } from '../../events/meeting.ts';
import type { Classification, Participant, When } from '../../events/values.ts';
import { compact } from '../../src/domain/values.ts';
import type { Random } from '../random.ts';
import {
  DAY_MS,
  dayOf,
  formOf,
  participantOf,
  participantsOf,
  placeOf,
  titleOf,
  topicsOf,
  trackOf,
  whenOf,
} from './values.ts';

/** The life of one meeting as the events it leaves, each valid where it stands. */

/** What all lives share. */
export interface Setting {
  readonly random: Random;
  /** The moment at which the next event is recorded. */
  readonly clock: { ms: number };
  /** Every meeting is public and on a date that a calendar shows. */
  readonly allShown: boolean;
}

/** `endsEmbargo`: the release that a node writes by itself, with the id and time of the embargo's end. */
export type Draft<E> = E & { readonly endsEmbargo?: string };
export type MeetingDraft = Draft<MeetingEvent>;

interface Plan {
  when: When | undefined;
  readonly participants: Participant[];
  classification: Classification;
  embargoUntil: string | undefined;
  confirmed: boolean;
}

/** `others`: the id of a meeting to merge into; undefined: there is none. */
export function* meetingLife(
  setting: Setting,
  others: () => string | undefined,
): Generator<MeetingDraft> {
  const plan = planOf(setting);
  yield* beginning(setting, plan);
  for (let left = 3 + setting.random.below(7); left > 0; left -= 1) {
    yield* released(setting, plan);
    yield* change(setting, plan);
  }
  yield* ending(setting, plan, others);
}

function planOf({ random, clock, allShown }: Setting): Plan {
  const classification = allShown
    ? 'public'
    : random.weighted({ public: 45, internal: 45, confidential: 10 });
  const embargoed = classification === 'public' && !allShown && random.chance(0.06);
  const undated = !allShown && random.chance(0.05);
  return {
    when: undated ? undefined : ahead({ random, clock, allShown }),
    participants: participantsOf(random),
    classification,
    embargoUntil: embargoed
      ? new Date(clock.ms + (2 + random.below(20)) * DAY_MS).toISOString()
      : undefined,
    confirmed: false,
  };
}

const ahead = ({ random, clock, allShown }: Setting): When =>
  whenOf(random, clock.ms, { from: 10, to: 150 }, allShown);

function* beginning(setting: Setting, plan: Plan): Generator<MeetingDraft> {
  const { random } = setting;
  const facts = compact({
    title: titleOf(random),
    form: formOf(random),
    when: plan.when,
    place: random.chance(0.85) ? placeOf(random) : undefined,
    participants: [...plan.participants],
    topics: topicsOf(random),
    track: random.chance(0.6) ? trackOf(random) : undefined,
    likelihood: random.pick(['planned', 'may-occur', 'highly-likely', undefined] as const),
    classification: plan.classification,
    embargoUntil: plan.embargoUntil,
  });
  if (!random.chance(0.15)) {
    yield { type: 'MeetingAnnounced', data: facts };
    return;
  }
  yield { type: 'MeetingProposed', data: facts };
  plan.when = ahead(setting);
  yield { type: 'MeetingAnnounced', data: { when: plan.when } };
}

/** The end of an embargo that has come. */
function* released({ clock }: Setting, plan: Plan): Generator<MeetingDraft> {
  const { embargoUntil } = plan;
  if (embargoUntil === undefined || Date.parse(embargoUntil) > clock.ms) return;
  plan.embargoUntil = undefined;
  yield { type: 'MeetingReleased', data: { embargoUntil }, endsEmbargo: embargoUntil };
}

const CHANGES = {
  reschedule: 30,
  join: 20,
  leave: 3,
  revise: 12,
  confirm: 14,
  relocate: 6,
  correct: 8,
  postpone: 5,
  release: 14,
};

function* change(setting: Setting, plan: Plan): Generator<MeetingDraft> {
  const { random } = setting;
  switch (random.weighted(CHANGES)) {
    case 'join':
      yield* join(setting, plan);
      return;
    case 'leave':
      yield* leave(plan);
      return;
    case 'confirm':
      yield* confirm(setting, plan);
      return;
    case 'release':
      yield* release(setting, plan);
      return;
    case 'revise':
      yield { type: 'MeetingRevised', data: { title: titleOf(random), topics: topicsOf(random) } };
      return;
    case 'relocate':
      yield { type: 'MeetingRelocated', data: { place: { ...placeOf(random), venue: 'Annex' } } };
      return;
    case 'correct':
      yield {
        type: 'MeetingCorrected',
        data: { track: trackOf(random), reason: 'The earlier note named another track.' },
      };
      return;
    case 'postpone':
      yield { type: 'MeetingPostponed', data: { reason: 'A party asked for more time.' } };
      yield* reschedule(setting, plan);
      return;
    case 'reschedule':
      yield* reschedule(setting, plan);
      return;
  }
}

function* reschedule(setting: Setting, plan: Plan): Generator<MeetingDraft> {
  plan.when = ahead(setting);
  const reason = setting.random.chance(0.5) ? 'The agenda was not ready.' : undefined;
  yield { type: 'MeetingRescheduled', data: compact({ when: plan.when, reason }) };
}

function* join({ random }: Setting, plan: Plan): Generator<MeetingDraft> {
  const participant = participantOf(random);
  if (plan.participants.some(({ party }) => party === participant.party)) return;
  plan.participants.push(participant);
  yield { type: 'MeetingParticipantAdded', data: { participant } };
}

function* leave(plan: Plan): Generator<MeetingDraft> {
  const gone = plan.participants.shift();
  if (gone === undefined) return;
  yield { type: 'MeetingParticipantRemoved', data: { party: gone.party } };
}

function* confirm(setting: Setting, plan: Plan): Generator<MeetingDraft> {
  if (plan.confirmed) return yield* reschedule(setting, plan);
  plan.confirmed = true;
  yield { type: 'MeetingConfirmed', data: { likelihood: 'certain' } };
}

/** What a desk kept to itself becomes public; now and then a public entry is restricted. */
function* release(setting: Setting, plan: Plan): Generator<MeetingDraft> {
  if (setting.allShown) return yield* reschedule(setting, plan);
  const restrict = plan.classification === 'public';
  if (restrict && !setting.random.chance(0.1)) return yield* reschedule(setting, plan);
  plan.classification = restrict ? 'internal' : 'public';
  plan.embargoUntil = undefined;
  yield { type: 'MeetingReclassified', data: { classification: plan.classification } };
}

const ENDINGS = { held: 64, cancelled: 10, 'not-held': 4, merged: 3, withdrawn: 3, open: 16 };

function* ending(
  setting: Setting,
  plan: Plan,
  others: () => string | undefined,
): Generator<MeetingDraft> {
  const { random, allShown } = setting;
  switch (random.weighted(allShown ? { ...ENDINGS, merged: 0, withdrawn: 0 } : ENDINGS)) {
    case 'held':
      yield* held(setting, plan);
      return;
    case 'cancelled':
      yield { type: 'MeetingCancelled', data: { reason: 'One side withdrew.' } };
      if (!random.chance(0.2)) return;
      plan.when = ahead(setting);
      yield { type: 'MeetingReinstated', data: { when: plan.when } };
      return;
    case 'not-held':
      yield* notHeld(setting, plan);
      return;
    case 'merged': {
      const into = others();
      if (into !== undefined) yield { type: 'MeetingMerged', data: { into } };
      return;
    }
    case 'withdrawn':
      yield { type: 'MeetingWithdrawn', data: { reason: 'Entered in error.' } };
      if (random.chance(0.3)) {
        yield { type: 'MeetingRestored', data: { reason: 'It was no error.' } };
      }
      return;
    case 'open':
      return;
  }
}

/** The actual date is yesterday: whatever was planned, it has begun. */
function* held({ random, clock }: Setting, plan: Plan): Generator<MeetingDraft> {
  plan.when = { edtf: dayOf(clock.ms - 2 * DAY_MS) };
  yield { type: 'MeetingHeld', data: { when: plan.when } };
  if (!random.chance(0.6)) return;
  yield {
    type: 'MeetingOutcomeRecorded',
    data: { outcome: 'The parties agreed on a date for the next round and on its agenda.' },
  };
}

/** Only when its date is over: till then the plan is moved into the past by a correction. */
function* notHeld({ clock }: Setting, plan: Plan): Generator<MeetingDraft> {
  plan.when = { edtf: dayOf(clock.ms - 3 * DAY_MS) };
  yield {
    type: 'MeetingCorrected',
    data: { when: plan.when, reason: 'The note gave another date.' },
  };
  yield { type: 'MeetingNotHeld', data: { reason: 'Nobody came.' } };
}
