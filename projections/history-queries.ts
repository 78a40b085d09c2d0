import { announcementStepsOf, changeView, stepsOf, type TellingStep } from './change-view.ts';
import { CHANGES_PER_EVENT } from './changes.ts';
import { RELEASE_SEQ } from './levels.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import { pendingId } from './pending-changes.ts';
import { type ChangeView, type Page, type Past, type Reader, UnknownCursor } from './types.ts';

export interface HistoryPage {
  readonly limit: number;
  readonly cursor?: string;
}

/** One entry as its history needs it. */
interface Told {
  readonly steps: readonly TellingStep[];
  readonly entity: number;
  /** Id of the release that the clock brought and no event says yet. */
  readonly pending: string | undefined;
}

const idOf = ({ step }: TellingStep, { pending }: Told): string =>
  step.event.seq === RELEASE_SEQ ? (pending ?? '') : step.event.id;

/** How many of the steps a page leaves out at the beginning. @throws {UnknownCursor} */
function historyStart(
  { statements }: QueryContext,
  { level }: Reader,
  told: Told,
  cursor: string | undefined,
): number {
  if (cursor === undefined) return 0;
  const index = told.steps.findIndex((step) => idOf(step, told) === cursor);
  if (index >= 0) return index + 1;
  // One that the level saw before it lost sight of the entry for a while still says where to go on.
  const row = statements
    .of('SELECT n FROM changes WHERE event = ? AND entity = ? AND known_lo <= ? AND hi >= ?')
    .get(cursor, told.entity, level, level);
  if (row === undefined) throw new UnknownCursor('this cursor is not of this history');
  const seq = Math.floor((row.n as number) / CHANGES_PER_EVENT);
  return told.steps.filter(({ step }) => step.event.seq <= seq).length;
}

function history(
  context: QueryContext,
  lookup: Lookup,
  told: Told,
  { limit, cursor }: HistoryPage,
): Page<ChangeView> {
  const start = historyStart(context, lookup.reader, told, cursor);
  const steps = told.steps.slice(start, start + limit);
  const more = told.steps.length > start + limit;
  const last = steps.at(-1);
  return {
    items: steps.map((step) => changeView(step, idOf(step, told), lookup, true)),
    next: more && last !== undefined ? idOf(last, told) : null,
  };
}

/** What the reader has seen of one meeting; undefined when it does not exist for them. */
export function meetingHistory(
  context: QueryContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
  past: Past,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context, reader, past);
  const visible = lookup.meeting(id);
  if (visible === undefined) return undefined;
  const pending = pendingId(context, 'meeting', visible);
  const told = { steps: stepsOf(visible), entity: visible.row.n, pending };
  return history(context, lookup, told, page);
}

export function announcementHistory(
  context: QueryContext,
  reader: Reader,
  id: string,
  page: HistoryPage,
  past: Past,
): Page<ChangeView> | undefined {
  const lookup = new Lookup(context, reader, past);
  const visible = lookup.announcement(id);
  if (visible === undefined) return undefined;
  const pending = pendingId(context, 'announcement', visible);
  const told = { steps: announcementStepsOf(visible, lookup), entity: visible.row.n, pending };
  return history(context, lookup, told, page);
}
