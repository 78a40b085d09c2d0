import type * as z from 'zod';
import { DEFAULT_OPTIONS, type FeedOptions, filterOf, filterQuery } from '../ical/index.ts';
import type { FeedAsk } from './deps.ts';
import { type feedQuery, meetingFiltersOf } from './parameters.ts';

/** Feeds that are described by their address alone. */

export const EVERYTHING = '/calendar.ics';
const NAME = 'Chancery';
export const DESCRIPTION =
  'Diplomatic meetings as announced and as held. A date is shown as exactly as it is known.';
/** UTF-16 units of a filter in a calendar's name, at most. */
const NAME_LENGTH = 80;

type FeedQuery = z.output<typeof feedQuery>;
type Given = Pick<FeedQuery, 'cancelled' | 'postponed' | 'approx' | 'past'>;

/** The options given, and the defaults for the rest. */
export const optionsOf = ({ cancelled, postponed, approx, past }: Given): FeedOptions => ({
  cancelled: cancelled ?? DEFAULT_OPTIONS.cancelled,
  postponed: postponed ?? DEFAULT_OPTIONS.postponed,
  approx: approx ?? DEFAULT_OPTIONS.approx,
  past: past === undefined ? DEFAULT_OPTIONS.past : past === 'all' ? past : Number(past),
});

const optionsQuery = (options: FeedOptions): string =>
  Object.entries(options)
    .filter(([name, value]) => DEFAULT_OPTIONS[name as keyof FeedOptions] !== value)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');

/**
 * The feed of a query. Queries that say the same, in whatever order, are one feed with one address.
 * @throws {InvalidFilter}
 */
function askOf(query: FeedQuery): FeedAsk {
  const { cancelled, postponed, approx, past, ...rest } = query;
  const options = optionsOf({ cancelled, postponed, approx, past });
  const filters = meetingFiltersOf(rest);
  filterOf(filters);
  const told = [filterQuery(filters), optionsQuery(options)].filter((part) => part !== '');
  const path = told.length === 0 ? EVERYTHING : `${EVERYTHING}?${told.join('&')}`;
  return {
    level: 0,
    name: nameOf(filterQuery(filters)),
    description: DESCRIPTION,
    options,
    filters,
    path,
  };
}

function nameOf(query: string): string {
  const values = new URLSearchParams(query);
  // Its value is `true`, which names nothing.
  values.delete('certain');
  const words = [...values.values()].join(', ');
  return words === '' ? NAME : `${NAME}: ${shortened(words)}`;
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cut before the character that goes on beyond the length: half of one is no text. */
function shortened(words: string): string {
  const beyond = GRAPHEMES.segment(words).containing(NAME_LENGTH);
  return beyond === undefined ? words : `${words.slice(0, beyond.index)}…`;
}

/** Addresses known at a time, and the longest that is remembered. */
const KNOWN = 1_000;
const KNOWN_LENGTH = 500;

/** Remembers the feed of an address, so that it is read once and the calendars know it again. */
export class FeedAsks {
  // Insertion order is order of use.
  readonly #known = new Map<string, FeedAsk>();
  #latest = '';

  /** The feed of a request target that was asked for before. */
  known(target: string): FeedAsk | undefined {
    const ask = this.#known.get(target);
    if (ask !== undefined && target !== this.#latest) this.#keep(target, ask);
    return ask;
  }

  /** @throws {InvalidFilter} */
  of(target: string, query: FeedQuery): FeedAsk {
    const fresh = askOf(query);
    const ask = this.known(fresh.path ?? '') ?? fresh;
    this.#keep(ask.path ?? '', ask);
    // One that waits for an event has to wait again.
    if (query.seen === undefined) this.#keep(target, ask);
    return ask;
  }

  #keep(key: string, ask: FeedAsk): void {
    if (key.length > KNOWN_LENGTH) return;
    this.#known.delete(key);
    this.#known.set(key, ask);
    this.#latest = key;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN) return;
      // Nearly everybody's: no number of filters makes it unknown.
      if (oldest !== EVERYTHING) this.#known.delete(oldest);
    }
  }
}
