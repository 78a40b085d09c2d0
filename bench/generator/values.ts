import type { Form, Participant, Place, When } from '../../events/values.ts';
import type { Random } from '../random.ts';

/** Values that meetings are made of: real places, parties that are offices and never persons. */

export const DAY_MS = 86_400_000;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const PLACES: readonly Place[] = [
  { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  { name: 'Vienna', country: 'AT', timezone: 'Europe/Vienna' },
  { name: 'New York', country: 'US', timezone: 'America/New_York' },
  { name: 'Nairobi', country: 'KE', timezone: 'Africa/Nairobi' },
  { name: 'Amman', country: 'JO', timezone: 'Asia/Amman' },
  { name: 'Astana', country: 'KZ', timezone: 'Asia/Almaty' },
  { name: 'Jakarta', country: 'ID', timezone: 'Asia/Jakarta' },
  { name: 'Lima', country: 'PE', timezone: 'America/Lima' },
  { name: 'Oslo', country: 'NO', timezone: 'Europe/Oslo' },
  { name: 'Muscat', country: 'OM', timezone: 'Asia/Muscat' },
  { name: 'Brussels', country: 'BE', timezone: 'Europe/Brussels' },
  { name: 'Canberra', country: 'AU', timezone: 'Australia/Sydney' },
];

const COUNTRIES = ['AT', 'AU', 'BE', 'BR', 'CH', 'EG', 'FI', 'GH', 'ID', 'IN', 'JO', 'JP'] as const;
const OFFICES = ['Delegation', 'Foreign ministry', 'Permanent mission', 'Special envoy'] as const;
const SUBJECTS = ['water', 'trade', 'ceasefire', 'fisheries', 'borders', 'energy', 'health'];
const FORMS: Readonly<Partial<Record<Form, number>>> = {
  bilateral: 30,
  multilateral: 15,
  session: 20,
  summit: 5,
  'phone-call': 8,
  'video-call': 6,
  'side-meeting': 6,
  visit: 8,
  briefing: 2,
};
const TRACKS = 120;

export const placeOf = (random: Random): Place => random.pick(PLACES);
export const formOf = (random: Random): Form => random.weighted(FORMS as Record<Form, number>);
export const topicOf = (random: Random): string => random.pick(SUBJECTS);
export const trackOf = (random: Random): string => `track-${random.below(TRACKS)}`;

export const topicsOf = (random: Random): string[] => [
  ...new Set(Array.from({ length: 1 + random.below(3) }, () => topicOf(random))),
];

export const titleOf = (random: Random): string =>
  `Round ${1 + random.below(40)} of talks on ${topicOf(random)} and ${topicOf(random)}`;

export function participantOf(random: Random): Participant {
  const country = random.pick(COUNTRIES);
  const office = random.pick(OFFICES);
  return {
    party: `${office.toLowerCase().replaceAll(' ', '-')}-${country.toLowerCase()}`,
    name: `${office}, ${country}`,
    role: random.pick(['party', 'member', 'host', 'facilitator', 'observer'] as const),
    country,
    presence: random.pick(['confirmed', 'reported', 'expected', 'unknown'] as const),
  };
}

/** Each party once. */
export function participantsOf(random: Random): Participant[] {
  const some = Array.from({ length: 2 + random.below(5) }, () => participantOf(random));
  return [...new Map(some.map((participant) => [participant.party, participant])).values()];
}

const PRECISIONS = { time: 38, day: 22, days: 12, week: 8, month: 15, quarter: 5 };
const FINE = { time: 45, day: 25, days: 20, week: 10, month: 0, quarter: 0 };

/** A date that begins so many days after `ms`; `fine`: only dates that a calendar shows by default. */
export function whenOf(
  random: Random,
  ms: number,
  days: { from: number; to: number },
  fine: boolean,
): When {
  const start = ms + (days.from + random.below(days.to - days.from)) * DAY_MS;
  const day = dayOf(start);
  switch (random.weighted(fine ? FINE : PRECISIONS)) {
    case 'time':
      return timed(random, day);
    case 'day':
      return { edtf: day };
    case 'days':
      return { edtf: `${day}/${dayOf(start + (1 + random.below(4)) * DAY_MS)}` };
    case 'week':
      return { edtf: `${day}/${dayOf(start + 6 * DAY_MS)}`, extent: 'within', phrase: 'that week' };
    case 'month':
      return { edtf: day.slice(0, 7) };
    case 'quarter':
      return { edtf: `${day.slice(0, 4)}-${33 + Math.floor((Number(day.slice(5, 7)) - 1) / 3)}` };
  }
}

function timed(random: Random, day: string): When {
  const hour = 8 + random.below(10);
  const at = (h: number) => `${day}T${String(h).padStart(2, '0')}:00`;
  const { timezone = 'UTC' } = placeOf(random);
  return { start: at(hour), end: at(hour + 2), timezone };
}
