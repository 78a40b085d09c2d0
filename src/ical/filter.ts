import { searchTexts } from '../../projections/description.ts';
import type { EntryRow } from '../../projections/entry.ts';
import { foldText, foldWords } from '../../projections/fold.ts';
import { InvalidFilter, type MeetingFilters } from '../../projections/types.ts';
import { matchesRange, parseBound, type ResolvedWhen } from '../domain/date/index.ts';

/**
 * The filters of REST lists, for entries. They test the date on which an entry stands, and what is cancelled
 * passes `status` by what it was before: what a feed drops, clients delete without a word.
 */
export interface FeedFilter {
  /** Names the test: the same for filters that say the same. */
  readonly key: string;
  readonly has: (entry: { readonly facts: Facts }) => boolean;
}

/** What filters test of an entry. */
export interface Facts {
  readonly form: string;
  /** Those that let it through: of one that is cancelled, all it ever had. */
  readonly statuses: readonly string[];
  readonly track: string | null;
  readonly country: string | null;
  /** Folded, as are `words`. */
  readonly place: string | null;
  readonly parties: readonly string[];
  readonly topics: readonly string[];
  readonly when: ResolvedWhen;
  /** Each between spaces. */
  readonly words: string;
}

/** The facts of a row that stands on a date; `cancelled`: its STATUS, or what its title says instead. */
export function factsOf(row: EntryRow, when: ResolvedWhen, cancelled: boolean): Facts {
  const name = row.place?.name;
  return {
    form: row.form,
    statuses: cancelled ? [...new Set([...row.statuses, row.status])] : [row.status],
    track: row.track,
    country: row.place?.country ?? null,
    place: name === undefined ? null : foldText(name),
    parties: row.participants.map(({ party }) => party),
    topics: row.topics,
    when,
    words: ` ${foldWords(searchTexts(row).join(' ')).join(' ')} `,
  };
}

type Test = (facts: Facts) => boolean;

const oneOf = (
  values: readonly string[] | undefined,
  of: (facts: Facts) => string | null,
): Test[] => {
  if (values === undefined) return [];
  const wanted: ReadonlySet<string | null> = new Set(values);
  return [(facts) => wanted.has(of(facts))];
};

const anyOf = (
  values: readonly string[] | undefined,
  of: (facts: Facts) => readonly string[],
): Test[] => {
  if (values === undefined) return [];
  const wanted = new Set(values);
  return [(facts) => of(facts).some((value) => wanted.has(value))];
};

function inText(q: readonly string[] | undefined): Test[] {
  if (q === undefined) return [];
  const groups = q.map(foldWords);
  if (groups.some((words) => words.length === 0)) {
    throw new InvalidFilter('q', 'must contain at least one word');
  }
  return [
    ({ words }) => groups.some((group) => group.every((word) => words.includes(` ${word} `))),
  ];
}

function inRange({ from, to, certain }: MeetingFilters): Test[] {
  if (from === undefined && to === undefined) return [];
  const lower = from === undefined ? undefined : parseBound(from);
  const upper = to === undefined ? undefined : parseBound(to);
  return [({ when }) => matchesRange(when, lower, upper, certain === true)];
}

const testsOf = (filters: MeetingFilters): Test[] => [
  ...anyOf(filters.status, (facts) => facts.statuses),
  ...oneOf(filters.form, (facts) => facts.form),
  ...oneOf(filters.track, (facts) => facts.track),
  ...oneOf(filters.country, (facts) => facts.country),
  ...oneOf(filters.place?.map(foldText), (facts) => facts.place),
  ...oneOf(filters.precision, (facts) => facts.when.precision),
  ...anyOf(filters.participant, (facts) => facts.parties),
  ...anyOf(filters.topic, (facts) => facts.topics),
  ...inRange(filters),
  ...inText(filters.q),
];

/**
 * The test of a feed; undefined: none, everything belongs in it.
 * @throws {InvalidFilter} a `q` without a word
 */
export function filterOf(filters: MeetingFilters): FeedFilter | undefined {
  const tests = testsOf(filters);
  if (tests.length === 0) return undefined;
  return {
    key: filterQuery(filters),
    has: ({ facts }) => tests.every((test) => test(facts)),
  };
}

/** Filters as a query string in one order of names and values: the same text for the same filters. */
export const filterQuery = (filters: MeetingFilters): string =>
  Object.entries(filters)
    .filter(([, value]) => value !== undefined && value !== false)
    .flatMap(([name, value]) =>
      [...new Set([value].flat().map(String))].sort().map((each) => [name, each] as const),
    )
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
