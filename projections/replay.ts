import { utcDay } from '../src/domain/date/index.ts';
import type { Statements } from './lookup.ts';
import { applyDiffs, type Snapshot } from './snapshot.ts';
import type { Diff, Reader } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** The states of one meeting as one level saw them, replayed from its change rows. */

export interface ReplayedChange {
  readonly n: number;
  readonly statedDay: string;
  readonly diffs: readonly Diff[];
  readonly before: Snapshot | undefined;
  readonly after: Snapshot;
}

interface Row {
  readonly n: number;
  readonly statedAt: string;
  readonly diffs: readonly Diff[];
}

function rowsOf(
  statements: Statements,
  reader: Reader,
  meeting: string,
  pending: readonly ViewRow[],
): Row[] {
  const rows = statements
    .of(
      `SELECT n, body FROM changes WHERE entity = ? AND kind = 'meeting'
       AND lo <= ? AND hi >= ? AND body IS NOT NULL ORDER BY n`,
    )
    .all(meeting, reader.level, reader.level);
  return [...rows, ...pending].map((row) => {
    const { statedAt, diffs } = JSON.parse(row.body as string) as Row;
    return { n: row.n as number, statedAt, diffs };
  });
}

/**
 * Every change visible to the reader with the state before and after it, in recorded order. `pending`: the
 * meeting's own change that is not in the table yet.
 */
export function replay(
  statements: Statements,
  reader: Reader,
  meeting: string,
  pending: readonly ViewRow[] = [],
): ReplayedChange[] {
  let before: Snapshot | undefined;
  return rowsOf(statements, reader, meeting, pending).map(({ n, statedAt, diffs }) => {
    const change = {
      n,
      statedDay: utcDay(statedAt),
      diffs,
      before,
      after: applyDiffs(before, diffs),
    };
    before = change.after;
    return change;
  });
}

/**
 * The state by what had been said by the end of a UTC day: changes stated by then, in stated order.
 * Undefined when nothing had been said.
 */
export function statedBy(changes: readonly ReplayedChange[], day: string): Snapshot | undefined {
  const said = changes
    .filter((change) => change.statedDay <= day)
    .toSorted((a, b) =>
      a.statedDay < b.statedDay ? -1 : a.statedDay > b.statedDay ? 1 : a.n - b.n,
    );
  let state: Snapshot | undefined;
  for (const { diffs } of said) state = applyDiffs(state, diffs);
  return state;
}
