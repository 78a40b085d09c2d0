import type { AnnouncementFacts } from '../events/announcement.ts';
import { announcementTexts, mentions, speakersOf } from './announcements.ts';
import { foldText } from './fold.ts';
import { wordsTest } from './meeting-tests.ts';
import type { AnnouncementFilters } from './types.ts';

/** The filters of lists of announcements as tests, where no column has it; `past`: where only a past one has. */

type Test = (facts: AnnouncementFacts) => boolean;

const anyOf = (
  values: readonly string[] | undefined,
  of: (facts: AnnouncementFacts) => readonly string[],
): Test[] =>
  values === undefined ? [] : [(facts) => of(facts).some((value) => values.includes(value))];

export function announcementTests(
  filters: AnnouncementFilters,
  visibleMeetings: readonly string[] | undefined,
  past: boolean,
): Test[] {
  const speakers = filters.speaker?.flatMap((s) => [s, foldText(s)]);
  const holds = filters.q && wordsTest(filters.q);
  const tests = [
    ...anyOf(visibleMeetings, mentions),
    ...anyOf(filters.topic, (facts) => facts.topics),
    ...anyOf(speakers, speakersOf),
    ...(holds === undefined ? [] : [(facts: AnnouncementFacts) => holds(announcementTexts(facts))]),
  ];
  if (!past) return tests;
  return [
    ...tests,
    ...anyOf(filters.kind, (facts) => [facts.kind]),
    ...anyOf(filters.outlet?.map(foldText), (facts) => [foldText(facts.outlet)]),
  ];
}
