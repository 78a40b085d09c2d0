import type { CalendarText, FeedAsk } from './deps.ts';
import { Problem } from './problem.ts';
import { hasItsShare, type Waiter } from './share.ts';

/**
 * How many feeds are composed at once: the work is shared, waits for its turn, and is refused in the end. Feeds of
 * filters that somebody thought of can be any number: so they wait behind all others, and of one address few do.
 */

interface UnderWay {
  readonly version: number;
  readonly text: Promise<CalendarText>;
}

/** `from`: the address that thought of it; undefined: it is everybody's. */
interface Waiting extends Waiter {
  readonly begin: () => void;
  readonly refuse: (why: Problem) => void;
}

export class Composing {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Map<FeedAsk, UnderWay>();
  #running = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Callers for one feed share one composition, unless the view has gone on since it began.
   * @param from the address that asks for filters of its own
   * @throws {Problem} overloaded
   */
  share(
    ask: FeedAsk,
    version: number,
    compose: () => Promise<CalendarText>,
    from?: string,
  ): Promise<CalendarText> {
    const known = this.#underWay.get(ask);
    if (known?.version === version) return known.text;
    const text = this.#inTurn(compose, from);
    const mine = { version, text };
    this.#underWay.set(ask, mine);
    const done = () => {
      if (this.#underWay.get(ask) === mine) this.#underWay.delete(ask);
    };
    text.then(done, done);
    return text;
  }

  async #inTurn<T>(work: () => Promise<T>, from: string | undefined): Promise<T> {
    if (this.#running < this.#most) this.#running += 1;
    else await this.#turn(from);
    try {
      return await work();
    } finally {
      const next = this.#next();
      if (next === undefined) this.#running -= 1;
      else next.begin();
    }
  }

  /** Whoever waits longest takes over the place, everybody's feeds first. */
  #next(): Waiting | undefined {
    const first = this.#waiting.findIndex(({ from }) => from === undefined);
    return this.#waiting.splice(Math.max(first, 0), 1)[0];
  }

  #turn(from: string | undefined): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting && !this.#makeRoom(from)) throw overloaded();
    if (hasItsShare(this.#waiting, from, this.#mostWaiting)) throw overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ from, begin: resolve, refuse: reject });
    return promise;
  }

  /** For what is everybody's the one goes that came last of the others. */
  #makeRoom(from: string | undefined): boolean {
    const last = this.#waiting.findLastIndex((waiting) => waiting.from !== undefined);
    if (from !== undefined || last < 0) return false;
    this.#waiting.splice(last, 1)[0]?.refuse(overloaded());
    return true;
  }
}

const overloaded = (): Problem =>
  new Problem('overloaded', 'too many feeds are being composed: try again');
