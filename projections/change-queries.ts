import { announcementStepsOf, changeView, stepsOf, type TellingStep } from './change-view.ts';
import { CHANGES_PER_EVENT, ENTITY_KINDS, type EntityKind } from './changes.ts';
import type { KeptEvent } from './journal.ts';
import { RELEASE_SEQ } from './levels.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import type { MeetingRow } from './meeting-record.ts';
import { snapshotAfter, snapshotBefore } from './meeting-telling.ts';
import { allTests } from './meeting-tests.ts';
import { pendingChanges } from './pending-changes.ts';
import {
  type CalendarQueries,
  type ChangeView,
  type MeetingFilters,
  type Reader,
  UnknownCursor,
} from './types.ts';
import type { ViewRow, ViewValue } from './view-database.ts';

/** How many rows one request reads at most: a filter that matches little answers with a short page. */
export const CHANGES_SCANNED = 2_000;

type ChangesRequest = Parameters<CalendarQueries['listChanges']>[0];

/** The row number to go on after. @throws {UnknownCursor} */
function startOf(
  { statements }: QueryContext,
  reader: Reader,
  after: string | undefined,
  pending: readonly ViewRow[],
): number {
  if (after === undefined) return -1;
  const row = statements
    .of('SELECT n FROM changes WHERE event = ? AND known_lo <= ? AND hi >= ?')
    .get(after, reader.level, reader.level);
  const known = row ?? pending.find(({ event }) => event === after);
  if (known === undefined) throw new UnknownCursor(`no change ${after} is known here`);
  return known.n as number;
}

/** Rows of one entry's events. */
function rowsOfMeeting(context: QueryContext, id: string): ViewRow[] {
  const { statements, tellings } = context;
  const row = new Lookup(context, ANYBODY).row<MeetingRow>('meeting', id);
  if (row === undefined) return [];
  const select = statements.of('SELECT * FROM changes WHERE n >= ? AND n < ?');
  return tellings
    .events(row)
    .flatMap(({ seq }: Pick<KeptEvent, 'seq'>) =>
      select.all(seq * CHANGES_PER_EVENT, (seq + 1) * CHANGES_PER_EVENT),
    );
}

/** Only rows are looked up for it. */
const ANYBODY: Reader = { level: 0, editor: false, clockMs: 0 };

function scan(context: QueryContext, request: ChangesRequest, start: number): ViewRow[] {
  const { reader, after, filters } = request;
  // `removed` tells those who may have seen the entry that it went: they continue from between the two.
  const latest = after === undefined ? -1 : Math.floor(start / CHANGES_PER_EVENT);
  if (filters.meeting !== undefined) {
    const seen = ({ n, lo, hi, since }: ViewRow): boolean =>
      (n as number) > start &&
      (lo as number) <= reader.level &&
      (hi as number) >= reader.level &&
      (since === null || (since as number) <= latest);
    const rows = [...new Set(filters.meeting)].flatMap((id) => rowsOfMeeting(context, id));
    return rows.filter(seen).toSorted(byNumber).slice(0, CHANGES_SCANNED);
  }
  const params: ViewValue[] = [start, reader.level, reader.level, latest, CHANGES_SCANNED];
  return context.statements
    .of(
      `SELECT * FROM changes WHERE n > ? AND lo <= ? AND hi >= ? AND (since IS NULL OR since <= ?)
       ORDER BY n LIMIT ?`,
    )
    .all(...params);
}

const byNumber = (a: ViewRow, b: ViewRow): number => (a.n as number) - (b.n as number);

/** The stored rows of a page with those among the pending ones that fall between or after them. */
function withPending(
  rows: readonly ViewRow[],
  pending: readonly ViewRow[],
  { filters: { meeting } }: ChangesRequest,
  start: number,
  lookup: Lookup,
): ViewRow[] {
  const end = rows.length < CHANGES_SCANNED ? Infinity : (rows.at(-1)?.n as number);
  const asked = new Set(meeting?.map((id) => lookup.meeting(id)?.row.n));
  const fitting = pending.filter(
    ({ n, entity }) =>
      (meeting === undefined || asked.has(entity as number)) &&
      (n as number) > start &&
      (n as number) < end,
  );
  return [...rows, ...fitting].toSorted(byNumber);
}

/** The newest change this reader sees: where someone at the end goes on from. */
function newest(
  { statements }: QueryContext,
  reader: Reader,
  pending: readonly ViewRow[],
): string | null {
  const row = statements
    .of(
      'SELECT n, event FROM changes WHERE lo <= ? AND hi >= ? AND since IS NULL ORDER BY n DESC LIMIT 1',
    )
    .get(reader.level, reader.level);
  const last = [...(row === undefined ? [] : [row]), ...pending].toSorted(byNumber).at(-1);
  return (last?.event as string | undefined) ?? null;
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
      return visible === undefined ? [] : announcementStepsOf(visible);
    }
    const visible = this.#lookup.meeting(n);
    return visible === undefined ? [] : stepsOf(visible);
  }
}

const kindOf = (row: ViewRow): EntityKind => ENTITY_KINDS[row.kind as number] ?? 'meeting';

/** Whether a change of a meeting matches: the state before or after it does. */
function matcher(filters: MeetingFilters): (told: TellingStep) => boolean {
  const tests = allTests(filters);
  if (tests.length === 0) return () => true;
  return ({ kind, step }) => {
    if (kind !== 'meeting') return false;
    const states = [snapshotBefore(step), snapshotAfter(step.after)];
    return states.some((state) => state !== undefined && tests.every((test) => test(state)));
  };
}

/** Of an entry that left the reader's sight, only that it did. */
function removedView(context: QueryContext, row: ViewRow, lookup: Lookup): ChangeView {
  const kind = kindOf(row);
  const entry = lookup.row(kind, row.entity as number);
  const events = entry === undefined ? [] : context.tellings.events(entry);
  const event = events.find(({ id }) => id === row.event);
  return {
    cursor: row.event as string,
    type: 'removed',
    [kind]: entry?.id ?? '',
    recordedAt: event?.meta.recordedAt ?? '',
  };
}

export function listChanges(
  context: QueryContext,
  request: ChangesRequest,
): { items: readonly ChangeView[]; cursor: string | null } {
  const { reader, after, filters, limit } = request;
  const lookup = new Lookup(context, reader);
  const pending = pendingChanges(context, reader);
  const start = startOf(context, reader, after, pending);
  const rows = withPending(scan(context, request, start), pending, request, start, lookup);
  const steps = new Steps(lookup);
  const matches = matcher(filters);
  const filtered = allTests(filters).length > 0;
  const view = (row: ViewRow): ChangeView | undefined => {
    // Nothing of a removed entry is left to test: whoever follows a filter must still hear that it went.
    if (row.since !== null) {
      return filtered && kindOf(row) !== 'meeting' ? undefined : removedView(context, row, lookup);
    }
    const told = steps.of(row, pending.includes(row));
    if (told === undefined || !matches(told)) return undefined;
    return changeView(told, row.event as string, lookup, false);
  };
  const items: ChangeView[] = [];
  let last: string | undefined;
  for (const row of rows) {
    if (items.length === limit) break;
    const item = view(row);
    if (item !== undefined) items.push(item);
    last = row.event as string;
  }
  return { items, cursor: last ?? after ?? newest(context, reader, pending) };
}
