import { matchesRange } from '../src/domain/date/index.ts';
import { foldText, foldWords } from './fold.ts';
import type { Statements } from './lookup.ts';
import { searchTexts } from './meetings.ts';
import { type ReplayedChange, replay } from './replay.ts';
import type { Snapshot } from './snapshot.ts';
import { InvalidFilter, type MeetingFilters, type Reader } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** The filters of lists, for changes: a change matches when the state before or after it does. */

type Test = (snapshot: Snapshot) => boolean;

const oneOf = (
  values: readonly string[] | undefined,
  of: (s: Snapshot) => string | undefined | null,
): Test[] => (values === undefined ? [] : [(s) => values.includes(of(s) ?? '\u0000')]);

const anyOf = (
  values: readonly string[] | undefined,
  of: (s: Snapshot) => readonly string[],
): Test[] => (values === undefined ? [] : [(s) => of(s).some((value) => values.includes(value))]);

function inText(q: readonly string[] | undefined): Test[] {
  if (q === undefined) return [];
  const groups = q.map(foldWords);
  if (groups.some((words) => words.length === 0)) {
    throw new InvalidFilter('q', 'must contain at least one word');
  }
  return [
    (s) => {
      const words = new Set(foldWords(searchTexts(s)));
      return groups.some((group) => group.every((word) => words.has(word)));
    },
  ];
}

function inRange({ from, to, certain }: MeetingFilters): Test[] {
  if (from === undefined && to === undefined) return [];
  return [({ when }) => when !== null && matchesRange(when, from, to, certain === true)];
}

/** `status` is asked of a change only when given: cancelled, merged and withdrawn are changes too. */
function testsOf(filters: MeetingFilters): Test[] {
  return [
    ...oneOf(filters.status, (s) => s.status),
    ...oneOf(filters.form, (s) => s.form),
    ...oneOf(filters.track, (s) => s.track),
    ...oneOf(filters.country, (s) => s.place?.country),
    ...oneOf(filters.place?.map(foldText), (s) => s.place?.name && foldText(s.place.name)),
    ...oneOf(filters.precision, (s) => s.when?.precision),
    ...anyOf(filters.participant, (s) => s.participants.map((p) => p.party)),
    ...anyOf(filters.topic, (s) => s.topics),
    ...inText(filters.q),
    ...inRange(filters),
  ];
}

/** A predicate over change rows of one request, the pending ones included; replays each meeting once. */
export function changeMatches(
  statements: Statements,
  reader: Reader,
  filters: MeetingFilters,
  pending: readonly ViewRow[],
): (row: ViewRow) => boolean {
  const tests = testsOf(filters);
  if (tests.length === 0) return () => true;
  const replays = new Map<string, Map<number, ReplayedChange>>();
  const changeOf = (meeting: string, n: number): ReplayedChange | undefined => {
    let changes = replays.get(meeting);
    if (changes === undefined) {
      const own = pending.filter(({ kind, entity }) => kind === 'meeting' && entity === meeting);
      changes = new Map(
        replay(statements, reader, meeting, own).map((change) => [change.n, change]),
      );
      replays.set(meeting, changes);
    }
    return changes.get(n);
  };
  const passes = (state: Snapshot | undefined): boolean =>
    state !== undefined && tests.every((test) => test(state));
  return (row) => {
    if (row.kind !== 'meeting') return false;
    // Nothing of a removed entry is left to test: whoever follows a filter must still hear that it went.
    if (row.body === null) return true;
    const change = changeOf(row.entity as string, row.n as number);
    return change !== undefined && (passes(change.before) || passes(change.after));
  };
}
