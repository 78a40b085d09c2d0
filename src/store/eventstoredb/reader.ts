import {
  BACKWARDS,
  END,
  FORWARDS,
  type ReadPosition,
  type ResolvedEvent,
  START,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { RecordedEvent } from '../../../events/envelope.ts';
import type { Head, ReadStreamOptions } from '../event-store.ts';
import type { Connection } from './connection.ts';
import type { Driver } from './driver.ts';
import { isNotLeader } from './errors.ts';
import { Onward } from './onward.ts';
import { Paced, type Reading } from './paced.ts';
import { onLeader } from './patience.ts';
import { comparePlaces, type Place } from './position.ts';
import { type Found, foundIn, type Names } from './recorded.ts';

/** Events asked for in one call, others' included: a page of the usual size, and the event that it follows. */
const PAGE = 1_001;
/** Events that the driver holds ready while a page is at work. */
const READ_AHEAD = 1_000;
/** Of a head that is not ours, the first pages back are short: almost always the next few events are. */
const FIRST_BACK = 8;

/** Reads events; every answer is the leader's, so that whoever reads after an append finds it. */
export class Reader {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #timeoutMs: number;
  readonly #onward: Onward;
  /** The last head found, and how far back from the end of the log was looked for it. */
  #head: { readonly found: Found | undefined; readonly end: Place } | undefined;

  constructor(connection: Connection, names: Names, timeoutMs: number) {
    this.#connection = connection;
    this.#names = names;
    this.#timeoutMs = timeoutMs;
    this.#onward = new Onward(
      (after, limit) => this.#page(after, limit, false),
      (after) => this.#paced(this.#connection.driver('reading'), readingFrom(after)),
      names,
      timeoutMs,
    );
  }

  async stream(stream: string, options: ReadStreamOptions): Promise<RecordedEvent[]> {
    const { from, limit, backwards = false } = options;
    const start = backwards ? END : START;
    const read = (driver: Driver): Reading =>
      driver.readStream(this.#names.outside(stream), {
        fromRevision: from === undefined ? start : BigInt(from),
        direction: backwards ? BACKWARDS : FORWARDS,
        requiresLeader: true,
        ...(limit === undefined ? {} : { maxCount: limit }),
      });
    try {
      const { ours } = await this.#all(read);
      return ours.map(({ event }) => event);
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      throw error;
    }
  }

  /** Our events strictly after a place, or before it when backwards; as many as asked for, unless the log ends. */
  page(after: Place | undefined, limit: number, backwards: boolean): Promise<Found[]> {
    return backwards ? this.#page(after, limit, true) : this.#onward.page(after, limit);
  }

  async #page(after: Place | undefined, limit: number, backwards: boolean): Promise<Found[]> {
    const found: Found[] = [];
    let at = after;
    for (let size = Math.min(PAGE, limit + 1); ; size = Math.min(PAGE, size * 4)) {
      const { ours, count, last } = await this.#part(at, size, backwards);
      found.push(...ours);
      if (found.length >= limit) return found.slice(0, limit);
      // Fewer than asked for: that was the end. None beyond: so is this.
      if (last === undefined || count < size) return found;
      // Others' events were in between: the next call takes more of them at once.
      at = last;
    }
  }

  /** Our last event. Others' that came later are passed over once, and not again by the next call. */
  async head(): Promise<Found | undefined> {
    const known = this.#head;
    let at: Place | undefined;
    let end: Place | undefined;
    for (let size = FIRST_BACK; ; size = Math.min(PAGE, size * 4)) {
      const { ours, first, last } = await this.#part(at, size, true);
      end ??= first;
      const [found] = ours;
      if (found !== undefined) return this.#remember(found, end);
      if (last === undefined) return this.#remember(undefined, end);
      const covered = known !== undefined && comparePlaces(last, known.end) <= 0;
      if (covered) return this.#remember(known.found, end);
      at = last;
    }
  }

  /** The place of the last event of the whole log, whosever it is. */
  async end(): Promise<Place | undefined> {
    return (await this.#part(undefined, 1, true)).first;
  }

  /** Some of the whole log, from a place on. */
  #part(from: Place | undefined, maxCount: number, backwards: boolean): Promise<Gathered> {
    return this.#all(
      readingFrom(from, maxCount, backwards),
      (place) => from === undefined || comparePlaces(place, from) * (backwards ? -1 : 1) > 0,
    );
  }

  #remember(found: Found | undefined, end: Place | undefined): Found | undefined {
    this.#head = end === undefined ? undefined : { found, end };
    return found;
  }

  #paced(driver: Driver, read: (driver: Driver) => Reading): Paced {
    const { shown } = this.#connection;
    return new Paced(read(driver), { timeoutMs: this.#timeoutMs, shown, gone: driver.gone });
  }

  /** @param counts whether an event at that place is looked at: the server gives the one at the place too */
  #all(
    read: (driver: Driver) => Reading,
    counts: (place: Place) => boolean = () => true,
  ): Promise<Gathered> {
    return onLeader(async () => {
      const driver = this.#connection.driver('reading');
      const gathered = new Gathered(this.#names, counts);
      try {
        await this.#paced(driver, read).take((event) => gathered.add(event));
        this.#connection.answered();
        return gathered;
      } catch (error) {
        if (error instanceof StreamNotFoundError) this.#connection.answered();
        if (error instanceof StreamNotFoundError || isNotLeader(error)) throw error;
        // Who answers next may be a server that was restored from an older backup.
        this.#head = undefined;
        throw this.#connection.failed('reading', driver, error);
      }
    });
  }
}

/** Events of the whole log, the one at the place included. */
const readingFrom =
  (from: Place | undefined, maxCount?: number, backwards = false) =>
  (driver: Driver): Reading =>
    driver.readAll(
      {
        fromPosition: (from ?? (backwards ? END : START)) satisfies ReadPosition,
        direction: backwards ? BACKWARDS : FORWARDS,
        requiresLeader: true,
        ...(maxCount === undefined ? {} : { maxCount }),
      },
      { highWaterMark: READ_AHEAD },
    );

/** What one call gave. */
class Gathered {
  readonly #names: Names;
  readonly #counts: (place: Place) => boolean;
  readonly ours: Found[] = [];
  /** All that came, whosever it is and wherever. */
  count = 0;
  /** Places of the first and the last event that were looked at, whosever they are. */
  first: Place | undefined;
  last: Place | undefined;

  constructor(names: Names, counts: (place: Place) => boolean) {
    this.#names = names;
    this.#counts = counts;
  }

  /** @returns false: more can be added */
  add(event: ResolvedEvent): boolean {
    this.count += 1;
    const place = placeOf(event);
    if (place === undefined || !this.#counts(place)) return false;
    this.first ??= place;
    this.last = place;
    const found = foundIn(event, this.#names);
    if (found !== undefined) this.ours.push(found);
    return false;
  }
}

export const headOf = ({ event }: Found): Head => ({
  position: event.position,
  id: event.id,
  recordedAt: event.meta.recordedAt,
});

const placeOf = (resolved: ResolvedEvent | undefined): Place | undefined => {
  const event = resolved?.event ?? resolved?.link;
  if (event?.position !== undefined) return event.position;
  const commit = resolved?.commitPosition;
  return commit === undefined ? undefined : { commit, prepare: commit };
};
