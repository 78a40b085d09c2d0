import { correctedSentence } from './announcement-record.ts';
import type { ChangeBody } from './changes.ts';
import type { Lookup } from './lookup.ts';
import type { ChangeView, Diff, Reader } from './types.ts';
import type { ViewRow } from './view-database.ts';

/** Change rows as a reader may see them. */

/** What an announcement names may be hidden from the reader: claims and `about` are cut to what they see. */
function visibleDiff(diff: Diff, lookup: Lookup): Diff {
  if (diff.field !== 'about' && diff.field !== 'claims') return diff;
  return { ...diff, from: visibleNames(diff.from, lookup), to: visibleNames(diff.to, lookup) };
}

function visibleNames(value: unknown, lookup: Lookup): unknown {
  if (!Array.isArray(value)) return value;
  return value.filter((item: string | { meeting: string }) => {
    const meeting = typeof item === 'string' ? item : item.meeting;
    return lookup.meeting(meeting) !== undefined;
  });
}

// An empty list for none at all would tell that there is something hidden.
const says = ({ from, to }: Diff): boolean =>
  JSON.stringify(from ?? []) !== JSON.stringify(to ?? []);

function diffsFor(row: ViewRow, body: ChangeBody, lookup: Lookup): Diff[] {
  const diffs =
    row.kind === 'announcement'
      ? body.diffs.map((diff) => visibleDiff(diff, lookup)).filter(says)
      : [...body.diffs];
  if (body.into !== undefined && lookup.meeting(body.into) !== undefined) {
    diffs.push({ field: 'mergedInto', from: null, to: body.into });
  }
  return diffs;
}

/**
 * One change. `revision` is for editors; `history`: editors see the actor too, and a claim list whose every
 * difference is hidden shows none.
 */
export function changeView(
  row: ViewRow,
  reader: Reader,
  lookup: Lookup,
  history: boolean,
): ChangeView {
  const base = {
    cursor: row.event as string,
    type: row.type as string,
    [row.kind as string]: row.entity as string,
    recordedAt: row.recorded_at as string,
  };
  if (row.body === null) return base;
  const body = JSON.parse(row.body as string) as ChangeBody;
  const diffs = diffsFor(row, body, lookup);
  const corrected = row.kind === 'announcement' && row.type === 'corrected';
  return {
    ...base,
    statedAt: body.statedAt,
    sentence: corrected ? correctedSentence(diffs) : body.sentence,
    diffs,
    reason: body.reason,
    sources: lookup.sources(body.cites),
    ...(history && reader.editor && row.actor !== null
      ? { actor: row.actor as string, revision: row.revision as number }
      : {}),
  };
}
