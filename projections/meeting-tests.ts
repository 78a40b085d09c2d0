import { matchesRange } from '../src/domain/date/index.ts';
import { searchTexts } from './description.ts';
import { foldText, foldWords } from './fold.ts';
import { isGone } from './meeting-record.ts';
import type { Snapshot } from './snapshot.ts';
import { InvalidFilter, type MeetingFilters } from './types.ts';

/** The filters of lists as tests of a state, where no column has it. */

export type Test = (snapshot: Snapshot) => boolean;

const oneOf = (
  values: readonly string[] | undefined,
  of: (s: Snapshot) => string | undefined | null,
): Test[] => (values === undefined ? [] : [(s) => values.includes(of(s) ?? '\u0000')]);

const anyOf = (
  values: readonly string[] | undefined,
  of: (s: Snapshot) => readonly string[],
): Test[] => (values === undefined ? [] : [(s) => of(s).some((value) => values.includes(value))]);

/** Whether the texts hold all words of one of several `q`. @throws {InvalidFilter} one has no word */
export function wordsTest(q: readonly string[]): (texts: readonly string[]) => boolean {
  const groups = q.map(foldWords);
  if (groups.some((words) => words.length === 0)) {
    throw new InvalidFilter('q', 'must contain at least one word');
  }
  return (texts) => {
    const words = new Set(foldWords(texts.join(' ')));
    return groups.some((group) => group.every((word) => words.has(word)));
  };
}

function inText(q: readonly string[] | undefined): Test[] {
  if (q === undefined) return [];
  const holds = wordsTest(q);
  return [(s) => holds(searchTexts(s))];
}

function inRange({ from, to, certain }: MeetingFilters): Test[] {
  if (from === undefined && to === undefined) return [];
  return [({ when }) => when !== null && matchesRange(when, from, to, certain === true)];
}

/** What no column of a present meeting has: who takes part, its topics, its words. */
export const listTests = (filters: MeetingFilters): Test[] => [
  ...anyOf(filters.participant, (s) => s.participants.map((p) => p.party)),
  ...anyOf(filters.topic, (s) => s.topics),
  ...inText(filters.q),
];

/** All of them; `status` only when it is given. */
export const allTests = (filters: MeetingFilters): Test[] => [
  ...oneOf(filters.status, (s) => s.status),
  ...oneOf(filters.form, (s) => s.form),
  ...oneOf(filters.track, (s) => s.track),
  ...oneOf(filters.country, (s) => s.place?.country),
  ...oneOf(filters.place?.map(foldText), (s) => s.place?.name && foldText(s.place.name)),
  ...oneOf(filters.precision, (s) => s.when?.precision),
  ...listTests(filters),
  ...inRange(filters),
];

/** All of them, as lists ask: without `status`, merged and withdrawn stay out. */
export const pastTests = (filters: MeetingFilters): Test[] => [
  ...allTests(filters),
  ...(filters.status === undefined ? [(s: Snapshot) => !isGone(s)] : []),
];
