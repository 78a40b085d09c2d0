import type { StoreUnavailable } from '../event-store.ts';
import type { Address } from './address.ts';
import { Driver } from './driver.ts';
import { translate } from './errors.ts';

type Purpose = 'reading' | 'writing' | 'following';

/**
 * The connections to the cluster: one for reads, one for appends, one for subscriptions, so that one that
 * fails takes the others not with it. A connection on which something failed without a word of the domain is given up and
 * made anew by the next who asks: what the driver remembers of it would fail for ever.
 */
export class Connection {
  readonly shown: string;
  readonly #address: Address;
  readonly #drivers: Partial<Record<Purpose, Driver>> = {};
  readonly #ending = new Set<Promise<void>>();
  #awaySince: number | undefined;

  constructor(address: Address) {
    this.#address = address;
    this.shown = address.shown;
    // At once, so that a wrong file is named when the store is opened.
    this.driver('reading');
  }

  /** The connection as it is now: ask for it each time. */
  driver(purpose: Purpose): Driver {
    this.#drivers[purpose] ??= new Driver(this.#address);
    return this.#drivers[purpose];
  }

  /** Since when nothing answers, in milliseconds since 1970; undefined: the last call was answered. */
  get awaySince(): number | undefined {
    return this.#awaySince;
  }

  answered(): void {
    this.#awaySince = undefined;
  }

  /**
   * Gives a connection up after a failure, unless that has been done, and says what the failure is in our
   * words. What else was under way on it fails too, and is tried again by its callers.
   */
  failed(
    purpose: Purpose,
    driver: Driver,
    error: unknown,
    outcome: StoreUnavailable['outcome'] = 'not-written',
  ): Error {
    this.#awaySince ??= Date.now();
    if (this.#drivers[purpose] === driver) {
      delete this.#drivers[purpose];
      this.#end(driver);
    }
    return translate(error, this.shown, outcome);
  }

  async close(): Promise<void> {
    for (const driver of Object.values(this.#drivers)) this.#end(driver);
    await Promise.all(this.#ending);
  }

  #end(driver: Driver): void {
    const ending = driver.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
