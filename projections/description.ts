import { form, MEETING_STATUSES } from '../events/values.ts';
import type { Precision } from '../src/domain/date/types.ts';
import { liveOf } from '../src/domain/meeting/state.ts';
import { foldText, foldWords } from './fold.ts';
import type { MeetingFacts } from './meeting-facts.ts';

/**
 * What a meeting is found by, now and in the past. What it ever had only narrows a search down: whether it has
 * that, or had it on the day asked for, is then told from its events.
 */
export interface Description {
  /** Folded words of everything it was ever called, and tokens of everything it ever had, each once. */
  readonly words: string;
  /** Bits of the statuses, forms and precisions it ever had: see everMask. */
  readonly ever: number;
}

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

export type TokenKind =
  | 'party'
  | 'topic'
  | 'track'
  | 'country'
  | 'place'
  | 'meeting'
  | 'speaker'
  | 'kind'
  | 'outlet';

// No folded word has it, and the tokenizer does not split at it.
const JOINT = '\u2010';

/** A value as one word of the full text, which no search for words finds. Values that look alike may share one. */
export const tokenOf = (kind: TokenKind, value: string): string =>
  `${kind}${JOINT}${value.toLowerCase().replaceAll(/[^a-z0-9\u0080-\uffff]/g, JOINT)}`;

const PRECISIONS = [
  ...['time', 'day', 'days', 'month', 'quarter'],
  ...['season', 'half', 'year', 'interval'],
] as const satisfies readonly Precision[];

const BITS: ReadonlyMap<string, number> = new Map(
  [
    ...MEETING_STATUSES.map((value) => `status ${value}`),
    ...form.options.map((value) => `form ${value}`),
    ...PRECISIONS.map((value) => `precision ${value}`),
  ].map((name, bit) => [name, 1 << bit]),
);

/** The bits of values in `Description.ever`; 0 of values that none ever has. */
export const everMask = (
  kind: 'status' | 'form' | 'precision',
  values: readonly string[],
): number => values.reduce((mask, value) => mask | (BITS.get(`${kind} ${value}`) ?? 0), 0);

const everOf = ({ state, when }: MeetingFacts): number =>
  everMask('status', [state.status]) |
  everMask('form', [liveOf(state).details.form]) |
  (when === null ? 0 : everMask('precision', [when.precision]));

function addTokens({ state }: MeetingFacts, tokens: Set<string>): void {
  const { participants, topics, track, place } = liveOf(state).details;
  for (const { party } of participants) tokens.add(tokenOf('party', party));
  for (const topic of topics) tokens.add(tokenOf('topic', topic));
  if (track !== undefined) tokens.add(tokenOf('track', track));
  if (place?.country !== undefined) tokens.add(tokenOf('country', place.country));
  if (place?.name !== undefined) tokens.add(tokenOf('place', foldText(place.name)));
}

/** Whether nothing that it is found by is different. */
function sameDescription(a: MeetingFacts, b: MeetingFacts): boolean {
  const [was, is] = [liveOf(a.state).details, liveOf(b.state).details];
  return (
    was.title === is.title &&
    was.participants === is.participants &&
    was.topics === is.topics &&
    was.track === is.track &&
    was.place === is.place
  );
}

/** `marks`: the meeting after each of its events. */
export function describeMeeting(marks: readonly { readonly facts: MeetingFacts }[]): Description {
  const texts = new Set<string>();
  const tokens = new Set<string>();
  let ever = 0;
  let before: MeetingFacts | undefined;
  for (const { facts } of marks) {
    ever |= everOf(facts);
    if (before === undefined || !sameDescription(before, facts)) {
      for (const text of searchTexts(liveOf(facts.state).details)) texts.add(text);
      addTokens(facts, tokens);
    }
    before = facts;
  }
  return { words: wordsOf(texts, tokens), ever };
}

/** The line of the full text: each folded word and each token once. */
export function wordsOf(texts: ReadonlySet<string>, tokens: ReadonlySet<string>): string {
  const words = new Set<string>();
  for (const text of texts) for (const word of folded(text)) words.add(word);
  for (const token of tokens) words.add(token);
  return [...words].join(' ');
}

/** Texts folded last: names, places and topics come again and again. Beyond it the memory starts afresh. */
const MAX_FOLDED = 10_000;
const foldedTexts = new Map<string, readonly string[]>();

function folded(text: string): readonly string[] {
  let words = foldedTexts.get(text);
  if (words === undefined) {
    words = foldWords(text);
    if (foldedTexts.size >= MAX_FOLDED) foldedTexts.clear();
    foldedTexts.set(text, words);
  }
  return words;
}
