import type { AnnouncementEvent } from '../../events/announcement.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { MeetingEvent } from '../../events/meeting.ts';
import type { DateOrInstant, When } from '../../events/values.ts';
import type { AnnouncementState } from './announcement/state.ts';
import { hasBegunSomewhere, instantMs, isoInstant, utcDay } from './date/index.ts';
import { evolve, initialState } from './meeting/evolve.ts';
import { lastWhenOf, liveOf, type MeetingState, whenOf } from './meeting/state.ts';
import { Rejected } from './rules.ts';
import { equal } from './values.ts';

/**
 * Stated time: when a source said something, as against when it was recorded. Events order by (UTC day of
 * statedAt, revision); the rules here keep folding in that order at the present state.
 */

export type SourcedEvent = MeetingEvent | AnnouncementEvent;

/** An event of the stream with what it set: field names, and `status`. */
export interface StatedFact {
  readonly statedAt: DateOrInstant;
  readonly fields: readonly string[];
}

// What was said about the plan, as against how it moved: not fields of the entry.
const NOT_FIELDS = new Set(['reason', 'requestedBy', 'participant', 'party', 'into']);
// They hold for all stated time, whenever they were said.
const TIMELESS = new Set(['MeetingMerged', 'MeetingWithdrawn', 'MeetingRestored']);
// Access follows the present, so stated time ignores them.
const IGNORED = new Set([
  'MeetingReclassified',
  'MeetingReleased',
  'AnnouncementReclassified',
  'AnnouncementReleased',
]);
const PLACELESS: ReadonlySet<string> = new Set([...TIMELESS, ...IGNORED]);

function ownFields(event: SourcedEvent): string[] {
  if (TIMELESS.has(event.type) || event.type.endsWith('Released')) return [];
  if (event.type.startsWith('MeetingParticipant')) return ['participants'];
  if (event.type.endsWith('Reclassified')) return ['classification', 'embargoUntil'];
  // It comes of the meeting having been held: so it was not known before that was.
  if (event.type === 'MeetingOutcomeRecorded') return ['outcome', 'status'];
  // Without a date it sets none: as where there was none to restore.
  if (event.type === 'MeetingReinstated' && event.data.when === null) return [];
  return Object.keys(event.data).filter((key) => !NOT_FIELDS.has(key));
}

interface Moving {
  readonly status: string;
  readonly when: When | undefined;
  readonly last: When | undefined;
}

function moving(state: MeetingState | AnnouncementState): Moving {
  if (state.status === 'none' || 'facts' in state) {
    return { status: state.status, when: undefined, last: undefined };
  }
  const live = liveOf(state);
  return { status: live.status, when: whenOf(live), last: lastWhenOf(live) };
}

/**
 * The fields that an event sets, given the states around it. Entering and leaving `postponed` sets the
 * date too: what follows may not be stated before it, or it would meet another date.
 */
export function fieldsSet<S extends MeetingState | AnnouncementState>(
  event: SourcedEvent,
  before: S,
  after: S,
): string[] {
  const [a, b] = [moving(before), moving(after)];
  const fields = new Set(ownFields(event));
  if (a.status !== b.status) fields.add('status');
  const turns = (a.status === 'postponed') !== (b.status === 'postponed');
  if (turns || !equal(a.when, b.when) || !equal(a.last, b.last)) fields.add('when');
  return [...fields];
}

export interface StatedRequest {
  /** As the caller gave it. */
  readonly given?: DateOrInstant | undefined;
  /** When its source published: the latest of basedOn; of an announcement, its publishedAt. */
  readonly published?: DateOrInstant | undefined;
  /** A correction's default is when the corrected fields were stated, not when the error was noticed. */
  readonly correction: boolean;
  readonly fields: readonly string[];
  /** Epoch ms. */
  readonly recordedAt: number;
}

/**
 * The statedAt of the next event of a stream.
 * @param history what the caller knows of it
 * @param shared what everybody knows who sees the entry: a default tells them nothing else
 * @throws {Rejected} stated-in-future, stated-before-first, stated-out-of-order
 */
export function resolveStatedAt(
  request: StatedRequest,
  history: readonly StatedFact[],
  shared: readonly StatedFact[] = history,
): DateOrInstant {
  const { given, recordedAt } = request;
  const wanted = normalised(given ?? defaultStatedAt(request, shared));
  requireNotFuture(wanted, recordedAt);
  const day = utcDay(wanted);
  const known = given === undefined ? shared : history;
  const bound = latestDay([...known.slice(0, 1), ...settersOf(request.fields, known)]);
  if (bound === undefined || day >= bound) return wanted;
  if (given === undefined) return bound;
  throw tooEarly(day, bound, utcDay(known[0]?.statedAt ?? bound));
}

const normalised = (value: DateOrInstant): DateOrInstant =>
  value.includes('T') ? isoInstant(instantMs(value)) : value;

function defaultStatedAt(request: StatedRequest, history: readonly StatedFact[]): DateOrInstant {
  const [first] = history;
  if (request.correction && first !== undefined) {
    const setters = settersOf(request.fields, history);
    return latestStated(setters.map((fact) => fact.statedAt)) ?? first.statedAt;
  }
  return request.published ?? isoInstant(request.recordedAt);
}

/** Those that set one of the fields. */
export const settersOf = (
  fields: readonly string[],
  history: readonly StatedFact[],
): StatedFact[] => history.filter((fact) => fact.fields.some((field) => fields.includes(field)));

const latestDay = (facts: readonly StatedFact[]): string | undefined =>
  facts
    .map((fact) => utcDay(fact.statedAt))
    .sort()
    .at(-1);

/** The latest of several, by UTC day; on one day an instant, the more exact, comes after the date. */
export const latestStated = (values: readonly DateOrInstant[]): DateOrInstant | undefined =>
  [...values].sort(compareStated).at(-1);

function compareStated(a: DateOrInstant, b: DateOrInstant): number {
  const [dayA, dayB] = [utcDay(a), utcDay(b)];
  if (dayA !== dayB) return dayA < dayB ? -1 : 1;
  const [momentA, momentB] = [momentOf(a), momentOf(b)];
  return momentA === momentB ? 0 : momentA - momentB;
}

/** A date is before every instant of its day. */
const momentOf = (value: DateOrInstant): number =>
  value.includes('T') ? instantMs(value) : Number.NEGATIVE_INFINITY;

function requireNotFuture(value: DateOrInstant, recordedAt: number): void {
  const come = value.includes('T')
    ? instantMs(value) <= recordedAt
    : hasBegunSomewhere(value, recordedAt);
  if (come) return;
  throw new Rejected(
    'stated-in-future',
    `statedAt (${value}) is later than now: give when the source said so, or leave it out.`,
  );
}

const tooEarly = (day: string, bound: string, first: string): Rejected =>
  day < first
    ? new Rejected(
        'stated-before-first',
        `Nothing of the entry can be stated before ${first}: record an earlier claim in an announcement, or give a later statedAt.`,
      )
    : new Rejected(
        'stated-out-of-order',
        `What this sets was last set by something stated on ${bound}: give that day or a later one in statedAt, or record the earlier claim in an announcement.`,
      );

/** What each event of a stream set, in order. */
export function statedHistory<
  S extends MeetingState | AnnouncementState,
  E extends SourcedEvent & { readonly meta: { readonly statedAt: DateOrInstant } },
>(events: readonly E[], initial: S, next: (state: S, event: E) => S): StatedFact[] {
  let before = initial;
  return events.map((event) => {
    const after = next(before, event);
    const fields = fieldsSet(event, before, after);
    before = after;
    return { statedAt: event.meta.statedAt, fields };
  });
}

type Stated = Pick<RecordedEvent, 'type' | 'revision'> & {
  readonly meta: { readonly statedAt: DateOrInstant };
};

/** Which part of stated time is asked for: UTC days. */
export interface StatedSpan {
  /** Up to and including this day. */
  readonly upTo?: string | undefined;
  /** What was stated before this day counts as stated on it. */
  readonly notBefore?: string | undefined;
}

/**
 * Whether an event moves something at its own place of stated time. What holds for all stated time moves no date,
 * and access is not part of it.
 */
export const hasStatedPlace = ({ type }: { readonly type: string }): boolean =>
  !PLACELESS.has(type);

/**
 * Events in stated order. Merging, withdrawing and restoring come last, whatever the day; what only concerns
 * access is left out.
 */
export function inStatedOrder<E extends Stated>(
  events: readonly E[],
  { upTo, notBefore = '' }: StatedSpan = {},
): E[] {
  const inTime = events
    .filter(hasStatedPlace)
    .map((event) => ({ event, day: statedDay(event, notBefore) }))
    .filter(({ day }) => upTo === undefined || day <= upTo)
    .sort((a, b) => compareText(a.day, b.day) || a.event.revision - b.event.revision);
  const timeless = events.filter((event) => TIMELESS.has(event.type));
  return [...inTime.map(({ event }) => event), ...timeless];
}

/** The UTC day on which an event counts as stated. */
export function statedDay({ meta }: Stated, notBefore = ''): string {
  const day = utcDay(meta.statedAt);
  return day < notBefore ? notBefore : day;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** The meeting as sources had described it by the end of a UTC day; `none` when nobody had yet. */
export const foldStated = (
  events: readonly (RecordedEvent & MeetingEvent)[],
  upTo?: string,
): MeetingState => inStatedOrder(events, { upTo }).reduce(evolve, initialState);
