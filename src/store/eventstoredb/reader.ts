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
import { collect, type Reading } from './collect.ts';
import type { Connection } from './connection.ts';
import type { Driver } from './driver.ts';
import { isNotLeader } from './errors.ts';
import { onLeader } from './patience.ts';
import { comparePlaces, type Place } from './position.ts';
import { type Found, foundIn, type Names } from './recorded.ts';

/** Events asked for in one call, others' included: a page of the usual size, and the event that it follows. */
const PAGE = 1_001;
/** Of a head that is not ours, the first pages back are short: almost always the next few events are. */
const FIRST_BACK = 8;

/** Reads events; every answer is the leader's, so that whoever reads after an append finds it. */
export class Reader {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #timeoutMs: number;
  /** The last head found, and how far back from the end of the log was looked for it. */
  #head: { readonly found: Found | undefined; readonly end: Place } | undefined;

  constructor(connection: Connection, names: Names, timeoutMs: number) {
    this.#connection = connection;
    this.#names = names;
    this.#timeoutMs = timeoutMs;
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
      return this.#ours(await this.#all(read)).map(({ event }) => event);
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      throw error;
    }
  }

  /** Our events strictly after a place, or before it when backwards; as many as asked for, unless the log ends. */
  async page(after: Place | undefined, limit: number, backwards: boolean): Promise<Found[]> {
    const found: Found[] = [];
    let at = after;
    for (let size = Math.min(PAGE, limit + 1); ; size = Math.min(PAGE, size * 4)) {
      const events = await this.raw(at, size, backwards);
      found.push(...this.#ours(beyond(events, at, backwards)));
      if (found.length >= limit) return found.slice(0, limit);
      // Others' events were in between: the next call takes more of them at once.
      const last = placeOf(events.at(-1));
      // Fewer than asked for: that was the end. The same again: there is nothing beyond.
      if (last === undefined || events.length < size || samePlace(last, at)) return found;
      at = last;
    }
  }

  /** Our last event. Others' that came later are passed over once, and not again by the next call. */
  async head(): Promise<Found | undefined> {
    const known = this.#head;
    let at: Place | undefined;
    let end: Place | undefined;
    for (let size = FIRST_BACK; ; size = Math.min(PAGE, size * 4)) {
      const events = beyond(await this.raw(at, size, true), at, true);
      end ??= placeOf(events[0]);
      const [found] = this.#ours(events);
      const last = placeOf(events.at(-1));
      if (found !== undefined) return this.#remember(found, end);
      if (last === undefined) return this.#remember(undefined, end);
      const covered = known !== undefined && comparePlaces(last, known.end) <= 0;
      if (covered) return this.#remember(known.found, end);
      at = last;
    }
  }

  /** The place of the last event of the whole log, whosever it is. */
  async end(): Promise<Place | undefined> {
    return placeOf((await this.raw(undefined, 1, true))[0]);
  }

  /** Events of the whole log, the one at the place included. */
  raw(from: Place | undefined, maxCount: number, backwards: boolean): Promise<ResolvedEvent[]> {
    const start: ReadPosition = backwards ? END : START;
    return this.#all((driver) =>
      driver.readAll({
        fromPosition: from ?? start,
        maxCount,
        direction: backwards ? BACKWARDS : FORWARDS,
        requiresLeader: true,
      }),
    );
  }

  #remember(found: Found | undefined, end: Place | undefined): Found | undefined {
    this.#head = end === undefined ? undefined : { found, end };
    return found;
  }

  #ours(events: readonly ResolvedEvent[]): Found[] {
    return events.flatMap((event) => foundIn(event, this.#names) ?? []);
  }

  #all(read: (driver: Driver) => Reading): Promise<ResolvedEvent[]> {
    return onLeader(async () => {
      const driver = this.#connection.driver('reading');
      try {
        const events = await collect(read(driver), this.#timeoutMs, this.#connection.shown);
        this.#connection.answered();
        return events;
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

const samePlace = (a: Place, b: Place | undefined): boolean =>
  b !== undefined && comparePlaces(a, b) === 0;

/** The server counts the event at the place in; whoever goes on from it does not. */
function beyond(
  events: readonly ResolvedEvent[],
  from: Place | undefined,
  backwards: boolean,
): ResolvedEvent[] {
  if (from === undefined) return [...events];
  const sign = backwards ? -1 : 1;
  return events.filter((event) => {
    const place = placeOf(event);
    return place !== undefined && comparePlaces(place, from) * sign > 0;
  });
}
