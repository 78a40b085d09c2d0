import { form as forms, MEETING_STATUSES } from '../events/values.ts';
import type { Precision } from '../src/domain/date/types.ts';
import { liveOf, type MeetingDetails } from '../src/domain/meeting/state.ts';
import { foldText, foldWords } from './fold.ts';
import type { MeetingFacts } from './meeting-facts.ts';

/** Everything that `q` finds a meeting by: title, names, places, topics. */
export interface Searchable {
  readonly title: string;
  readonly participants: readonly { name: string; as?: string | undefined; party: string }[];
  readonly topics: readonly string[];
  readonly track?: string | null | undefined;
  readonly place?:
    | { name?: string | undefined; venue?: string | undefined; country?: string | undefined }
    | null
    | undefined;
}

export function searchTexts({ title, participants, topics, track, place }: Searchable): string[] {
  const names = participants.flatMap((p) => [p.name, p.party, p.as ?? '']);
  const texts = [
    title,
    ...names,
    ...topics,
    track ?? '',
    place?.name ?? '',
    place?.venue ?? '',
    place?.country ?? '',
  ];
  return texts.filter((text) => text !== '');
}

const TOKEN_KINDS = [
  ...['party', 'topic', 'track', 'country', 'place'],
  ...['meeting', 'speaker', 'kind', 'outlet'],
] as const satisfies readonly string[];

export type TokenKind = (typeof TOKEN_KINDS)[number];

// No folded word has it, and the tokenizer does not split at it.
const JOINT = '\u2010';

/** Tokens made last, and texts folded last: names, places and topics come again and again. */
const MAX_REMEMBERED = 10_000;

/** What a function gave for its last values. Beyond the bound the memory starts afresh. */
function remembering<T>(work: (value: string) => T): (value: string) => T {
  const known = new Map<string, T>();
  return (value) => {
    let result = known.get(value);
    if (result === undefined) {
      result = work(value);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(value, result);
    }
    return result;
  };
}

const tokenMaker = (kind: TokenKind) =>
  remembering(
    (value) => `${kind}${JOINT}${value.toLowerCase().replaceAll(/[^a-z0-9\u0080-\uffff]/g, JOINT)}`,
  );

const TOKEN_MAKERS = Object.fromEntries(
  TOKEN_KINDS.map((kind) => [kind, tokenMaker(kind)]),
) as Record<TokenKind, (value: string) => string>;

/** A value as one word of the full text, which no search for words finds. Values that look alike may share one. */
export const tokenOf = (kind: TokenKind, value: string): string => TOKEN_MAKERS[kind](value);

const PRECISIONS = [
  ...['time', 'day', 'days', 'month', 'quarter'],
  ...['season', 'half', 'year', 'interval'],
] as const satisfies readonly Precision[];

const EVER = { status: MEETING_STATUSES, form: forms.options, precision: PRECISIONS } as const;
type EverKind = keyof typeof EVER;

function bitsFrom(first: number, values: readonly string[]): ReadonlyMap<string, number> {
  return new Map(values.map((value, i) => [value, 1 << (first + i)]));
}

const BITS: Readonly<Record<EverKind, ReadonlyMap<string, number>>> = {
  status: bitsFrom(0, EVER.status),
  form: bitsFrom(EVER.status.length, EVER.form),
  precision: bitsFrom(EVER.status.length + EVER.form.length, EVER.precision),
};

const bitOf = (kind: EverKind, value: string): number => BITS[kind].get(value) ?? 0;

/** The bits of values in the column `ever`; 0 of values that none ever has. */
export const everMask = (kind: EverKind, values: readonly string[]): number =>
  values.reduce((mask, value) => mask | bitOf(kind, value), 0);

/** Bits of the status, form and precision it has, if one of them is another than before. */
export function everOf(before: MeetingFacts | undefined, { state, when }: MeetingFacts): number {
  const { form } = liveOf(state).details;
  const same =
    before !== undefined &&
    before.state.status === state.status &&
    before.when?.precision === when?.precision &&
    liveOf(before.state).details.form === form;
  if (same) return 0;
  const precision = when === null ? 0 : bitOf('precision', when.precision);
  return bitOf('status', state.status) | bitOf('form', form) | precision;
}

function tokensOf({ participants, topics, track, place }: Searchable): string[] {
  const tokens: string[] = [];
  for (const { party } of participants) tokens.push(tokenOf('party', party));
  for (const topic of topics) tokens.push(tokenOf('topic', topic));
  if (track !== undefined && track !== null) tokens.push(tokenOf('track', track));
  if (place?.country !== undefined) tokens.push(tokenOf('country', place.country));
  if (place?.name !== undefined) tokens.push(tokenOf('place', foldText(place.name)));
  return tokens;
}

type Details = Pick<MeetingDetails, 'title' | 'participants' | 'topics' | 'track' | 'place'>;

/** Whether nothing that it is found by is different. */
const sameDescription = (was: Details, is: Details): boolean =>
  was.title === is.title &&
  was.participants === is.participants &&
  was.topics === is.topics &&
  was.track === is.track &&
  was.place === is.place;

const partsOf = ({ title, participants, topics, track, place }: Details): Searchable => ({
  title,
  participants,
  topics,
  track,
  place,
});

/** What a list has that it did not have before. Of no list at all, writing the row says what is wrong with it. */
function newAmong<T>(is: readonly T[], was: readonly T[]): readonly T[] {
  if (is === was) return [];
  return Array.isArray(is) && Array.isArray(was) ? is.filter((item) => !was.includes(item)) : is;
}

/** Of what a meeting is found by, the parts that an event set. */
const partsSet = (was: Details, is: Details): Searchable => ({
  title: was.title === is.title ? '' : is.title,
  participants: newAmong(is.participants, was.participants),
  topics: was.topics === is.topics ? [] : is.topics,
  track: was.track === is.track ? null : is.track,
  place: was.place === is.place ? null : is.place,
});

/** What an event adds to what a meeting was found by before; some of it may not be new. Undefined: nothing. */
export function meetingParts(
  before: MeetingFacts | undefined,
  after: MeetingFacts,
): Searchable | undefined {
  const was = before && liveOf(before.state).details;
  const is = liveOf(after.state).details;
  if (was === undefined) return partsOf(is);
  return was === is || sameDescription(was, is) ? undefined : partsSet(was, is);
}

/** What one part of an entry is found by: its names, and tokens of what it has. */
export interface Named {
  readonly texts: readonly string[];
  readonly tokens: readonly string[];
}

/**
 * The line of the full text: each folded word of what an entry was ever called, and each token of what it ever
 * had, each once. It only narrows a search down: whether the entry has that, or had it on the day asked for, is then
 * told from its events.
 */
export function wordsOf<P>(parts: readonly P[], named: (part: P) => Named): string {
  const all = parts.map(named);
  const words = new Set<string>();
  for (const { texts } of all) {
    for (const text of texts) for (const word of folded(text)) words.add(word);
  }
  // No word is a token.
  for (const { tokens } of all) for (const token of tokens) words.add(token);
  return [...words].join(' ');
}

/** That line of a meeting. */
export const meetingWords = (parts: readonly Searchable[]): string =>
  wordsOf(parts, (part) => ({ texts: searchTexts(part), tokens: tokensOf(part) }));

const folded = remembering<readonly string[]>(foldWords);
