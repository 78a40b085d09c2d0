import { announcementStepsOf, changeView, stepsOf, type TellingStep } from './change-view.ts';
import { CHANGES_PER_EVENT, ENTITY_KINDS, type EntityKind } from './changes.ts';
import { RELEASE_SEQ } from './levels.ts';
import type { Lookup, QueryContext } from './lookup.ts';
import { snapshotAfter, snapshotBefore } from './meeting-telling.ts';
import { allTests, type Test } from './meeting-tests.ts';
import type { ChangeView, MeetingFilters } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** Change rows as what they say to a reader, by filters. */
export class ChangeTeller {
  readonly #context: QueryContext;
  readonly #lookup: Lookup;
  readonly #tests: readonly Test[];
  readonly #pending: ReadonlySet<ViewRow>;
  readonly #steps: Steps;

  /** `pending`: the rows among those to tell that the clock has made. */
  constructor(
    context: QueryContext,
    lookup: Lookup,
    filters: MeetingFilters,
    pending: readonly ViewRow[] = [],
  ) {
    this.#context = context;
    this.#lookup = lookup;
    this.#tests = allTests(filters);
    this.#pending = new Set(pending);
    this.#steps = new Steps(lookup);
  }

  /** Whether there is something of it that the reader may know, matching or not. */
  exists(row: ViewRow): boolean {
    return row.since !== null || this.#steps.of(row, this.#pending.has(row)) !== undefined;
  }

  /** Undefined: it does not match. */
  tell(row: ViewRow): ChangeView | undefined {
    if (row.since !== null) return this.#removed(row);
    const told = this.#steps.of(row, this.#pending.has(row));
    if (told === undefined || !this.#matches(told)) return undefined;
    return changeView(told, row.event as string, this.#lookup, false);
  }

  /** The state before or after it matches. */
  #matches({ kind, step }: TellingStep): boolean {
    if (this.#tests.length === 0) return true;
    if (kind !== 'meeting') return false;
    const states = [snapshotBefore(step), snapshotAfter(step.after)];
    return states.some((state) => state !== undefined && this.#tests.every((test) => test(state)));
  }

  /** Of an entry that left the reader's sight, only that it did. */
  #removed(row: ViewRow): ChangeView | undefined {
    const kind = kindOf(row);
    // Nothing of a removed entry is left to test: whoever follows a filter must still hear that it went.
    if (this.#tests.length > 0 && kind !== 'meeting') return undefined;
    const entry = this.#lookup.row(kind, row.entity as number);
    const events = entry === undefined ? [] : this.#context.tellings.events(entry);
    const event = events.find(({ id }) => id === row.event);
    return {
      cursor: row.event as string,
      type: 'removed',
      [kind]: entry?.id ?? '',
      recordedAt: event?.meta.recordedAt ?? '',
    };
  }
}

/** The steps of entries by the row numbers of their changes, each entry told once a request. */
class Steps {
  readonly #lookup: Lookup;
  readonly #entries = new Map<number, ReadonlyMap<number, TellingStep>>();

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  of(row: ViewRow, pending: boolean): TellingStep | undefined {
    const seq = pending ? RELEASE_SEQ : Math.floor((row.n as number) / CHANGES_PER_EVENT);
    return this.#entry(kindOf(row), row.entity as number).get(seq);
  }

  #entry(kind: EntityKind, n: number): ReadonlyMap<number, TellingStep> {
    let steps = this.#entries.get(n);
    if (steps === undefined) {
      steps = new Map(this.#told(kind, n).map((told) => [told.step.event.seq, told]));
      this.#entries.set(n, steps);
    }
    return steps;
  }

  #told(kind: EntityKind, n: number): TellingStep[] {
    if (kind === 'announcement') {
      const visible = this.#lookup.announcement(n);
      return visible === undefined ? [] : announcementStepsOf(visible, this.#lookup);
    }
    const visible = this.#lookup.meeting(n);
    return visible === undefined ? [] : stepsOf(visible);
  }
}

const kindOf = (row: ViewRow): EntityKind => ENTITY_KINDS[row.kind as number] ?? 'meeting';
