import type { Paced } from './paced.ts';
import { comparePlaces, type Place } from './position.ts';
import { type Found, foundIn, type Names } from './recorded.ts';

/** A page of fewer events is not worth a call that stays open. */
const WORTH = 100;

type Read = (after: Place | undefined, limit: number) => Promise<Found[]>;

interface Open {
  readonly call: Paced;
  /** Where it stands. */
  readonly at: Place;
  readonly timer: NodeJS.Timeout;
}

/**
 * Pages forwards. Whoever reads one after another gets them from one call that stays open, at the pace of the
 * reader: with a call for each page, the server and the reader would wait for each other in turn.
 */
export class Onward {
  readonly #read: Read;
  readonly #call: (after: Place) => Paced;
  readonly #names: Names;
  readonly #idleMs: number;
  #open: Open | undefined;
  /** Where the last page ended. */
  #readTo: Place | undefined;

  /**
   * @param read one page by itself
   * @param call all from a place on, which is included
   * @param idleMs how long a call stays open that nobody takes from, in milliseconds
   */
  constructor(read: Read, call: (after: Place) => Paced, names: Names, idleMs: number) {
    this.#read = read;
    this.#call = call;
    this.#names = names;
    this.#idleMs = idleMs;
  }

  /** Events strictly after a place; as many as asked for, unless the log ends. */
  async page(after: Place | undefined, limit: number): Promise<Found[]> {
    if (limit < WORTH) return this.#read(after, limit);
    const readsOn = after !== undefined && samePlace(after, this.#readTo);
    const page = readsOn ? await this.#next(after, limit) : await this.#read(after, limit);
    this.#readTo = page.at(-1)?.place;
    return page;
  }

  async #next(after: Place, limit: number): Promise<Found[]> {
    const found: Found[] = [];
    try {
      const call = this.#takeOut(after) ?? this.#call(after);
      await call.take((event) => {
        const ours = foundIn(event, this.#names);
        if (ours !== undefined && comparePlaces(ours.place, after) > 0) found.push(ours);
        return found.length === limit;
      });
      const last = found.at(-1);
      if (last !== undefined && found.length === limit) {
        this.#keep(call, last.place);
        return found;
      }
    } catch {
      // Whatever is wrong, a call of its own says so, or does without what failed here.
    }
    // The call has come to the end of what there was when it began: there may be more by now.
    const rest = await this.#read(found.at(-1)?.place ?? after, limit - found.length);
    return [...found, ...rest];
  }

  #keep(call: Paced, at: Place): void {
    this.#drop();
    const timer = setTimeout(() => this.#drop(), this.#idleMs).unref();
    this.#open = { call, at, timer };
  }

  /** The call that stands at the place, for one who takes from it alone. */
  #takeOut(at: Place): Paced | undefined {
    const open = this.#open;
    if (open === undefined || !samePlace(at, open.at)) return undefined;
    clearTimeout(open.timer);
    this.#open = undefined;
    return open.call;
  }

  #drop(): void {
    if (this.#open === undefined) return;
    clearTimeout(this.#open.timer);
    this.#open.call.close();
    this.#open = undefined;
  }
}

const samePlace = (a: Place, b: Place | undefined): boolean =>
  b !== undefined && comparePlaces(a, b) === 0;
