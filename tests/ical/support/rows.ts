import type { When } from '../../../events/values.ts';
import type { EntryRow } from '../../../projections/entry.ts';
import { type ResolvedWhen, resolveWhen } from '../../../src/domain/date/index.ts';
import {
  type Addresses,
  DEFAULT_OPTIONS,
  type FeedOptions,
  renderEntry,
} from '../../../src/ical/index.ts';
import { entryUid } from '../../../src/ids.ts';

/** A date as rows carry it: EDTF text, or a wall time with its zone. */
export const on = (when: string | When): ResolvedWhen =>
  resolveWhen(typeof when === 'string' ? { edtf: when } : when);

export const at = (start: string, timezone: string, end?: string): ResolvedWhen =>
  on({ start, timezone, ...(end === undefined ? {} : { end }) });

export const AUGUST = on({
  edtf: '2022-08',
  timezone: 'Europe/Zurich',
  phrase: 'August next year',
  anchor: '2021-11-21',
});

/** A day on which nothing needs a prefix. */
export const DAY = on('2022-06-10');

/** The Committee's meeting as the report of 21 November 2021 has it. */
const COMMITTEE: Omit<EntryRow, 'id' | 'stream' | 'uid' | 'statuses'> = {
  version: 1,
  title: 'Syrian Constitutional Committee meeting',
  form: 'session',
  status: 'announced',
  likelihood: 'may-occur',
  when: AUGUST,
  lastWhen: null,
  dates: [AUGUST],
  place: { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  participants: [],
  topics: ['constitution'],
  track: 'syrian-constitutional-committee',
  reason: null,
  outcome: null,
  mergedInto: null,
  previousDates: [],
  recent: [{ sentence: 'Announced for August 2022', statedAt: '2021-11-21T20:00:00Z' }],
  sources: [
    {
      announcement: 'tehran-times-2021-11-21',
      outlet: 'Tehran Times',
      url: 'https://www.tehrantimes.com/news/467281',
      publishedAt: '2021-11-21',
    },
  ],
  sequence: 0,
  stamp: '2021-11-21T20:00:00Z',
  created: '2021-11-21T20:00:00Z',
  goneAt: null,
};

/**
 * A row like the Committee's, with what a test is about. A date that is given is the only one that ever stood,
 * unless `dates` says otherwise.
 */
export function row(changes: Partial<EntryRow> = {}): EntryRow {
  const id = changes.id ?? 'scc-geneva-2022-08';
  const stream = `meeting-${id}`;
  const stood = changes.when === undefined ? AUGUST : (changes.when ?? changes.lastWhen ?? null);
  return {
    ...COMMITTEE,
    id,
    stream,
    uid: entryUid(stream),
    dates: stood === null ? [] : [stood],
    statuses: ['announced'],
    ...changes,
  };
}

export const options = (changes: Partial<FeedOptions> = {}): FeedOptions => ({
  ...DEFAULT_OPTIONS,
  ...changes,
});

/** The VEVENT of a row like the Committee's; null when it is left out. */
export function rendered(
  changes: Partial<EntryRow> = {},
  chosen: Partial<FeedOptions> = {},
  addresses: Addresses = {},
): string | null {
  return renderEntry(row(changes), options(chosen), addresses)?.text ?? null;
}
