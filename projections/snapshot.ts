import type { Form, Likelihood, MeetingStatus, Participant, Place } from '../events/values.ts';
import { type ResolvedWhen, sameWhen } from '../src/domain/date/index.ts';
import { type ExistingMeeting, liveOf } from '../src/domain/meeting/state.ts';
import { equal } from '../src/domain/values.ts';
import type { Diff } from './types.ts';

/** The fields of a meeting that people see change, in the API's shape. */
export interface Snapshot {
  readonly title: string;
  readonly form: Form;
  readonly status: MeetingStatus;
  readonly likelihood: Likelihood | null;
  readonly classification: string;
  readonly embargoUntil: string | null;
  readonly when: ResolvedWhen | null;
  readonly place: Place | null;
  readonly participants: readonly Participant[];
  readonly topics: readonly string[];
  readonly track: string | null;
  readonly outcome: string | null;
}

/** The fields in the order in which diffs list them. */
export const SNAPSHOT_FIELDS = [
  'status',
  'title',
  'form',
  'when',
  'place',
  'participants',
  'topics',
  'track',
  'likelihood',
  'outcome',
  'classification',
  'embargoUntil',
] as const satisfies readonly (keyof Snapshot)[];

// What an event leaves is what the next one finds: each state is shown twice.
const shown = new WeakMap<ExistingMeeting, Snapshot>();

/** The state as shown; `when` is resolved by the caller, who may have it already. */
export function snapshotOf(state: ExistingMeeting, when: ResolvedWhen | null): Snapshot {
  const known = shown.get(state);
  if (known !== undefined && known.when === when) return known;
  const snapshot = showState(state, when);
  shown.set(state, snapshot);
  return snapshot;
}

function showState(state: ExistingMeeting, when: ResolvedWhen | null): Snapshot {
  const { details } = liveOf(state);
  return {
    title: details.title,
    form: details.form,
    status: state.status,
    likelihood: details.likelihood ?? null,
    classification: details.classification,
    embargoUntil: details.embargoUntil ?? null,
    when,
    place: details.place ?? null,
    participants: details.participants,
    topics: details.topics,
    track: details.track ?? null,
    outcome: details.outcome ?? null,
  };
}

export const sameDate = (a: ResolvedWhen | null, b: ResolvedWhen | null): boolean =>
  a === b || (a !== null && b !== null && sameWhen(a, b));

/** Equal as JSON; identity first, since evolve keeps what it does not touch. */
export const sameValue = equal;

const isEmpty = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.length === 0);

/** What changed; without `before`, every field that has a value, from null. */
export function diffSnapshots(before: Snapshot | undefined, after: Snapshot): Diff[] {
  const diffs: Diff[] = [];
  for (const field of SNAPSHOT_FIELDS) {
    const to = after[field];
    if (before === undefined) {
      if (!isEmpty(to)) diffs.push({ field, from: null, to });
    } else if (!sameValue(before[field], to)) {
      diffs.push({ field, from: before[field], to });
    }
  }
  return diffs;
}
