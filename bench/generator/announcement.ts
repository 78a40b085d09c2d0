import type { AnnouncementEvent, AnnouncementFacts } from '../../events/announcement.ts';
import { compact } from '../../src/domain/values.ts';
import type { Draft, Setting } from './meeting.ts';
import { DAY_MS, dayOf, participantOf, titleOf, topicsOf, whenOf } from './values.ts';

export type AnnouncementDraft = Draft<AnnouncementEvent>;

/** The life of one announcement about some meetings; most are published and stay as they are. */
export function* announcementLife(
  setting: Setting,
  about: readonly string[],
): Generator<AnnouncementDraft> {
  const { random, clock } = setting;
  const embargoUntil = random.chance(0.03)
    ? new Date(clock.ms + (1 + random.below(10)) * DAY_MS).toISOString()
    : undefined;
  yield { type: 'AnnouncementPublished', data: factsOf(setting, about, embargoUntil) };
  if (embargoUntil !== undefined) yield* released(setting, embargoUntil);
  else if (random.chance(0.15)) yield afterwards(setting);
}

function factsOf(
  { random, clock, allShown }: Setting,
  about: readonly string[],
  embargo: string | undefined,
): AnnouncementFacts {
  const classification = embargo === undefined && random.chance(0.2) ? 'internal' : 'public';
  const outlet = `Press service ${1 + random.below(30)}`;
  return compact({
    title: `${titleOf(random)} announced`,
    kind: random.pick(['report', 'communique', 'briefing', 'readout', 'statement'] as const),
    outlet,
    url: `https://press.example.org/${random.hex(8)}`,
    publishedAt: { value: dayOf(clock.ms), basis: 'stated' as const },
    language: 'en',
    speakers: [{ name: participantOf(random).name }],
    paraphrase: 'The parties are to meet; place and day were named, the agenda was not.',
    topics: topicsOf(random),
    about: [...about],
    claims: about.map((meeting, index) => ({
      id: `c${index + 1}`,
      meeting,
      field: 'when' as const,
      value: whenOf(random, clock.ms, { from: 10, to: 150 }, allShown),
      attributedTo: null,
    })),
    classification,
    embargoUntil: embargo,
  });
}

/** The release is written when the embargo has ended; before that the record is corrected. */
function* released({ clock }: Setting, embargoUntil: string): Generator<AnnouncementDraft> {
  if (Date.parse(embargoUntil) > clock.ms) {
    yield { type: 'AnnouncementCorrected', data: { language: 'en-GB', reason: 'As printed.' } };
  }
  if (Date.parse(embargoUntil) > clock.ms) return;
  yield { type: 'AnnouncementReleased', data: { embargoUntil }, endsEmbargo: embargoUntil };
}

function afterwards({ random }: Setting): AnnouncementDraft {
  switch (random.weighted({ correct: 6, reclassify: 2, retract: 2 })) {
    case 'correct':
      return {
        type: 'AnnouncementCorrected',
        data: { title: `${titleOf(random)}, corrected`, reason: 'The title was misread.' },
      };
    case 'reclassify':
      return { type: 'AnnouncementReclassified', data: { classification: 'public' } };
    case 'retract':
      return { type: 'AnnouncementRetracted', data: { reason: 'The outlet took it back.' } };
  }
}
