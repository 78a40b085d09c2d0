import type { MeetingEvent } from '../events/meeting.ts';
import { type ResolvedWhen, utcDay } from '../src/domain/date/index.ts';
import { hasStatedPlace } from '../src/domain/stated.ts';
import { type EndedDate, endedDate } from './ended-date.ts';
import type { KeptEvent } from './journal.ts';
import { changeType } from './levels.ts';
import { factsAfter, type MeetingFacts, setsDate } from './meeting-facts.ts';
import { laterOf } from './meeting-record.ts';
import { meetingSentence, releasedSentence } from './sentences.ts';
import { diffSnapshots, type Snapshot, sameDate, snapshotOf } from './snapshot.ts';
import type { ChangeContent } from './telling.ts';

/** What a meeting tells of itself to a level that has seen it since one of its events. */

/** One event with the facts around it; what it says is worked out only when asked. */
export interface MeetingStep {
  readonly event: KeptEvent<MeetingEvent>;
  /** Undefined: nothing of it was known before, to anybody. */
  readonly before: MeetingFacts | undefined;
  readonly after: MeetingFacts;
  /** With this event the level began to see a meeting that was there before: a release of its full state. */
  readonly released: boolean;
}

export interface MeetingTelling {
  /** As the last event left it. */
  readonly facts: MeetingFacts;
  /** recordedAt of the first event told, and the latest among those told. */
  readonly recordedAt: string;
  readonly changedAt: string;
  readonly previousDates: readonly EndedDate[];
  /** Of the event that set the present status or date. */
  readonly reason: string | null;
  /** Every date that stood here, oldest first: a feed shows the last one after it is lost. */
  readonly dates: readonly ResolvedWhen[];
  readonly statuses: ReadonlySet<string>;
  readonly steps: readonly MeetingStep[];
}

const reasonOf = (event: KeptEvent<MeetingEvent>): string | null =>
  (event.data as { reason?: string }).reason ?? null;

/** What is gathered while events are told one after the other. */
class Teller {
  readonly steps: MeetingStep[] = [];
  readonly previousDates: EndedDate[] = [];
  readonly dates: ResolvedWhen[] = [];
  readonly statuses = new Set<string>();
  recordedAt = '';
  changedAt = '';
  #reason: string | null = null;
  #reasonDay = '';
  #reasonRevision = 0;

  get reason(): string | null {
    return this.#reason;
  }

  /** The level's first sight of it: the whole state, with an empty history. */
  begin(step: MeetingStep): void {
    const { event, after, released } = step;
    this.recordedAt = event.meta.recordedAt;
    this.#reason = released ? null : reasonOf(event);
    this.#reasonRevision = event.revision;
    // A release sets neither status nor date: these are of the day they were stated.
    this.#reasonDay = utcDay(after.dateStatedAt);
    this.#note(step);
  }

  goOn(step: MeetingStep): void {
    const ended = endedDate(step.event, step.before, step.after);
    if (ended !== undefined) this.previousDates.push(ended);
    // Facts may be recorded out of stated order: the reason follows what was said last, not what came in last.
    if (setsStatusOrDate(step) && this.#isLater(step.event)) {
      this.#reason = reasonOf(step.event);
      this.#reasonRevision = step.event.revision;
      // Merging, withdrawing and restoring hold for all stated time: what was said before them stands in no one's way.
      if (hasStatedPlace(step.event)) this.#reasonDay = utcDay(step.event.meta.statedAt);
    }
    this.#note(step);
  }

  /** Of what holds for all stated time it is the stream that says what came after. */
  #isLater(event: KeptEvent<MeetingEvent>): boolean {
    return hasStatedPlace(event)
      ? utcDay(event.meta.statedAt) >= this.#reasonDay
      : event.revision > this.#reasonRevision;
  }

  #note(step: MeetingStep): void {
    const { event, after } = step;
    this.steps.push(step);
    this.statuses.add(after.state.status);
    if (after.when !== null && !sameDate(this.dates.at(-1) ?? null, after.when)) {
      this.dates.push(after.when);
    }
    // In stated order the last to be told need not be the last recorded.
    const { recordedAt } = event.meta;
    this.changedAt = this.changedAt === '' ? recordedAt : laterOf(this.changedAt, recordedAt);
  }
}

const setsStatusOrDate = ({ before, after }: MeetingStep): boolean =>
  before === undefined || setsDate(before, after) || before.state.status !== after.state.status;

/**
 * Tells a meeting's events in the order given, to a level that has seen it since the event with seq `since`: what
 * comes before it makes the state and does not exist otherwise. Undefined when that event is not among them.
 */
export function tellMeeting(
  events: readonly KeptEvent<MeetingEvent>[],
  since: number,
): MeetingTelling | undefined {
  const teller = new Teller();
  let facts: MeetingFacts | undefined;
  for (const event of events) {
    if (event.ignored === true) continue;
    const after = factsAfter(facts, event);
    const step = { event, before: facts, after, released: false };
    if (event.seq === since) teller.begin({ ...step, released: facts !== undefined });
    else if (teller.steps.length > 0) teller.goOn(step);
    facts = after;
  }
  if (facts === undefined || teller.steps.length === 0) return undefined;
  const { steps, previousDates, dates, statuses, recordedAt, changedAt, reason } = teller;
  return { facts, steps, previousDates, dates, statuses, recordedAt, changedAt, reason };
}

export const snapshotAfter = ({ state, when }: MeetingFacts): Snapshot => snapshotOf(state, when);

/** The state as the level knew it before the step; it knew nothing before its first. */
export const snapshotBefore = ({ before, released }: MeetingStep): Snapshot | undefined =>
  before === undefined || released ? undefined : snapshotAfter(before);

/** What a step says. */
export function contentOf(step: MeetingStep): ChangeContent {
  const { event, before, after, released } = step;
  if (released) return releasedContent(after);
  const to = snapshotAfter(after);
  const from = before && snapshotAfter(before);
  const diffs = diffSnapshots(from, to);
  return {
    type: changeType(event.type, 'Meeting'),
    sentence: meetingSentence(event, { before: from, after: to, diffs }),
    diffs,
    reason: reasonOf(event),
    cites: event.meta.basedOn ?? [],
    statedAt: event.meta.statedAt,
    into: { from: survivorOf(before), to: survivorOf(after) },
  };
}

const survivorOf = (facts: MeetingFacts | undefined): string | null =>
  facts?.state.status === 'merged' ? facts.state.into : null;

/** The full state, as it first appears to a level; its date counts as stated when it was. */
function releasedContent(facts: MeetingFacts): ChangeContent {
  const to = snapshotAfter(facts);
  return {
    type: 'released',
    sentence: releasedSentence(to),
    diffs: diffSnapshots(undefined, to),
    reason: null,
    cites: facts.cites,
    statedAt: facts.dateStatedAt,
  };
}
