import type { Claim } from '../events/announcement.ts';
import type { Place, When } from '../events/values.ts';
import {
  contains,
  isCoarse,
  overlaps,
  resolveWhen,
  sameWhen,
  utcDay,
} from '../src/domain/date/index.ts';
import { foldText } from './fold.ts';
import { Lookup, type QueryContext } from './lookup.ts';
import { snapshotAfter } from './meeting-telling.ts';
import type { Snapshot } from './snapshot.ts';
import type { Agreement } from './types.ts';

/** How a claim stands to the calendar: the first of design.md's five that fits. */

type Match = 'agrees' | 'compatible' | 'differs' | 'unknown';

function compareWhen(value: When, snapshot: Snapshot): Match {
  const { when, place } = snapshot;
  if (when === null) return 'unknown';
  // A source that names no zone means that of the meeting.
  const claimed = resolveWhen(value, when.timezone ?? place?.timezone);
  if (sameWhen(claimed, when)) return 'agrees';
  if (isCoarse(claimed) && contains(claimed, when)) return 'agrees';
  return overlaps(claimed, when) ? 'compatible' : 'differs';
}

const sameName = (a: string | undefined, b: string | undefined): boolean =>
  foldText(a ?? '') === foldText(b ?? '');

/** What a claim leaves unsaid about a place cannot contradict the calendar. */
function comparePlace(value: Place, place: Place | null): Match {
  if (place === null) return 'unknown';
  const same =
    (value.name === undefined || sameName(value.name, place.name)) &&
    (value.country === undefined || value.country === place.country) &&
    (value.venue === undefined || sameName(value.venue, place.venue)) &&
    (value.online === undefined || place.online !== undefined);
  return same ? 'agrees' : 'differs';
}

function compareParticipants(
  claim: Extract<Claim, { field: 'participants' }>,
  now: Snapshot,
): Match {
  const named = new Set(now.participants.map((p) => p.party));
  const claimed = claim.value.map((p) => p.party);
  if (!claimed.every((party) => named.has(party))) return 'differs';
  return claimed.length === named.size ? 'agrees' : 'compatible';
}

function compare(claim: Claim, snapshot: Snapshot): Match {
  switch (claim.field) {
    case 'when':
      return compareWhen(claim.value, snapshot);
    case 'place':
      return comparePlace(claim.value, snapshot.place);
    case 'status':
      return claim.value === snapshot.status ? 'agrees' : 'differs';
    case 'title':
      return sameName(claim.value, snapshot.title) ? 'agrees' : 'differs';
    case 'participants':
      return compareParticipants(claim, snapshot);
    default:
      return claim satisfies never;
  }
}

/** Judges claims for one reader: what they cannot see plays no part. */
export class Agreements {
  readonly #context: QueryContext;
  readonly #lookup: Lookup;

  constructor(context: QueryContext, lookup: Lookup) {
    this.#context = context;
    this.#lookup = lookup;
  }

  /** `publishedAt`: the day it was said. Claims on a merged meeting count for the survivor. */
  of(claim: Claim, publishedAt: string): Agreement {
    const meeting = this.#lookup.survivor(claim.meeting);
    if (meeting === undefined) return 'unknown';
    const now = compare(claim, snapshotAfter(meeting.told.facts));
    if (now === 'agrees' || now === 'compatible') return now;
    const { reader, past } = this.#lookup;
    const said = utcDay(publishedAt);
    const statedDay = past.statedDay !== undefined && past.statedDay < said ? past.statedDay : said;
    const then = new Lookup(this.#context, reader, { ...past, statedDay }).seen(meeting.row);
    const agreed =
      then !== undefined && compare(claim, snapshotAfter(then.told.facts)) === 'agrees';
    return agreed ? 'outdated' : now;
  }
}
