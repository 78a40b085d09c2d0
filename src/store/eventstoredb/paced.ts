import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResolvedEvent } from '@eventstore/db-client';
import { StoreUnavailable } from '../event-store.ts';
import { silent } from './patience.ts';

/** A read of the driver's that ends by itself. */
export interface Reading {
  read(): ResolvedEvent | null;
  on(name: 'readable' | 'end', listener: () => void): unknown;
  on(name: 'error', listener: (error: Error) => void): unknown;
  cancel(): Promise<void>;
}

/** How to wait for a server. */
export interface Patience {
  /** How long the next event may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The cluster's address without its password. */
  readonly shown: string;
  /** Aborted when the connection is given up: the driver then says nothing more. */
  readonly gone: AbortSignal;
}

/** A read taken at the reader's pace: what is not taken yet, the server keeps. */
export class Paced {
  readonly #reading: Reading;
  readonly #patience: Patience;
  readonly #whenGone: () => void;
  #over: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(reading: Reading, patience: Patience) {
    const { shown, gone } = patience;
    this.#reading = reading;
    this.#patience = patience;
    this.#whenGone = () =>
      this.#end(
        new StoreUnavailable(`the connection to ${shown} was given up: try again`, 'not-written'),
      );
    gone.addEventListener('abort', this.#whenGone);
    reading.on('readable', () => this.#wake?.());
    reading.on('end', () => this.#end(undefined));
    // Stays, since a read that was given up can fail later.
    reading.on('error', (error) => this.#end(error));
  }

  /**
   * Gives events one by one, until there is enough or the read has come to its end.
   * @throws the driver's error; StoreUnavailable when it falls silent or its connection is given up
   */
  async take(isEnough: (event: ResolvedEvent) => boolean): Promise<void> {
    try {
      while (!this.#takeSome(isEnough)) {
        if (this.#over === undefined) await this.#more();
        else if (this.#over.error === undefined) return;
        else throw this.#over.error;
      }
    } finally {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Ends the call. One that still looks for its server is ended once it has found it. */
  close(): void {
    this.#patience.gone.removeEventListener('abort', this.#whenGone);
    this.#reading.cancel().catch(() => undefined);
  }

  /** @returns whether it was enough */
  #takeSome(isEnough: (event: ResolvedEvent) => boolean): boolean {
    for (let event = this.#reading.read(); event !== null; event = this.#reading.read()) {
      if (isEnough(event)) return true;
    }
    return false;
  }

  /** Settles when there may be more to take, and when it is over. */
  async #more(): Promise<void> {
    const { timeoutMs, shown } = this.#patience;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    if (this.#timer !== undefined) this.#timer.refresh();
    else {
      this.#timer = setTimeout(() => {
        this.close();
        this.#end(silent(shown, timeoutMs, 'not-written'));
      }, timeoutMs);
    }
    await woken.promise;
    // What arrives in one piece is taken as one: the driver hands it over event by event.
    await nextTurn();
  }

  #end(error: unknown): void {
    this.#over ??= { error };
    this.#patience.gone.removeEventListener('abort', this.#whenGone);
    this.#wake?.();
  }
}
