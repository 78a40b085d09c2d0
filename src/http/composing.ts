import type { CalendarText, FeedAsk } from './deps.ts';
import { Problem } from './problem.ts';

/** How many feeds are composed at once: the work is shared, waits for its turn, and is refused in the end. */

interface UnderWay {
  readonly version: number;
  readonly text: Promise<CalendarText>;
}

export class Composing {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  readonly #underWay = new Map<FeedAsk, UnderWay>();
  #running = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Callers for one feed share one composition, unless the view has gone on since it began.
   * @throws {Problem} overloaded
   */
  share(
    ask: FeedAsk,
    version: number,
    compose: () => Promise<CalendarText>,
  ): Promise<CalendarText> {
    const known = this.#underWay.get(ask);
    if (known?.version === version) return known.text;
    const text = this.#inTurn(compose);
    const mine = { version, text };
    this.#underWay.set(ask, mine);
    const done = () => {
      if (this.#underWay.get(ask) === mine) this.#underWay.delete(ask);
    };
    text.then(done, done);
    return text;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      // Whoever waits longest takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new Problem('overloaded', 'too many feeds are being composed: try again');
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
