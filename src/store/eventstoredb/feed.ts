import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AllStreamSubscription, ResolvedEvent } from '@eventstore/db-client';
import { pause } from './patience.ts';
import { isPlace, type Place } from './position.ts';

export type Mark =
  /** All before this place has been looked at, also where nothing of it was ours. */
  { readonly kind: 'checkpoint'; readonly place: Place } | { readonly kind: 'caught-up' };

/** Events in order, and the mark that comes after them. */
export interface Said {
  readonly events: readonly ResolvedEvent[];
  readonly mark: Mark | undefined;
}

/**
 * One call of the driver's, read at the reader's pace. The driver tells its marks at once and its events
 * through a buffer; here each mark comes after the events that were before it.
 */
export class Feed {
  readonly #subscription: AllStreamSubscription;
  /** Each belongs after so many events. */
  readonly #marks: { readonly after: number; readonly mark: Mark }[] = [];
  #taken = 0;
  #confirmed = false;
  #over: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #gone: AbortSignal;
  readonly #whenGone = () => this.#end(undefined);

  /**
   * @param open opens the call; the handler is told of checkpoints
   * @param gone aborted when the connection is given up: the driver ends the call without a word then
   */
  constructor(
    open: (onCheckpoint: (place: Place) => void) => AllStreamSubscription,
    gone: AbortSignal,
  ) {
    const wake = () => this.#wake?.();
    this.#gone = gone;
    gone.addEventListener('abort', this.#whenGone);
    // What it throws would hold the call up for ever, so it does nothing that can fail.
    this.#subscription = open((place) => {
      if (isPlace(place)) this.#mark({ kind: 'checkpoint', place });
    });
    this.#subscription
      .on('confirmation', () => {
        this.#confirmed = true;
        wake();
      })
      .on('caughtUp', () => this.#mark({ kind: 'caught-up' }))
      .on('readable', wake)
      .on('end', () => this.#end(undefined))
      // Stays, since a call that was given up can fail later.
      .on('error', (error) => this.#end(error));
  }

  /** The server has taken the call. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** Set once it is over and everything said was taken; `error` is undefined when it just ended. */
  get over(): { readonly error: unknown } | undefined {
    return this.#subscription.readableLength === 0 && this.#marks.length === 0
      ? this.#over
      : undefined;
  }

  /** What has been said and not yet taken, up to a number of events or the next mark. */
  take(most: number): Said {
    const events: ResolvedEvent[] = [];
    const until = this.#marks[0]?.after ?? Number.POSITIVE_INFINITY;
    while (events.length < most && this.#taken < until) {
      const event = this.#subscription.read() as ResolvedEvent | null;
      if (event === null) break;
      this.#taken += 1;
      events.push(event);
    }
    return { events, mark: this.#taken === until ? this.#marks.shift()?.mark : undefined };
  }

  /** Settles when there may be something to take, when it is over, after a time, and on abort. */
  async wait(ms: number, signals: readonly AbortSignal[]): Promise<void> {
    const ready = this.#subscription.readableLength > 0 || this.#marks.length > 0;
    if (ready || this.#over !== undefined) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    await pause(ms, signals, woken.promise);
    this.#wake = undefined;
    // What arrives in one piece is taken as one: the driver hands it over event by event.
    await nextTurn();
  }

  /** Ends the call. */
  close(): void {
    this.#gone.removeEventListener('abort', this.#whenGone);
    this.#subscription.unsubscribe().catch(() => undefined);
    // What is still in its buffers is let go of.
    this.#subscription.resume();
  }

  #mark(mark: Mark): void {
    this.#marks.push({ after: this.#taken + this.#subscription.readableLength, mark });
    this.#wake?.();
  }

  #end(error: unknown): void {
    this.#over ??= { error };
    this.#wake?.();
  }
}
