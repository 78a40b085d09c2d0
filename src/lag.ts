import type { EventStore, Head } from './store/event-store.ts';
import type { Timers } from './timers.ts';
import type { ViewStatus } from './views/status.ts';

/** How far the view is behind the log. */
export interface Lag {
  /** The log's last event; undefined: there is none, or the store is away. */
  readonly head: Head | undefined;
  /** False: the store does not answer, so nothing is known of its head. */
  readonly available: boolean;
  /** Events of the log that the view has not seen; those beyond COUNTED are not counted. */
  readonly events: number;
  /** How long ago the log had, for sure, an event that the view still has not. */
  readonly seconds: number;
  /** The log has gone on for longer than allowed, and the view has not moved. */
  readonly stalled: boolean;
}

export interface LagOptions {
  readonly store: Pick<EventStore, 'head' | 'readAll'>;
  readonly views: {
    status(): ViewStatus;
    waitFor(eventId: string, timeoutMs: number): Promise<boolean>;
  };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly timers: Timers;
  /** How long the view may stand still while the log goes on, in milliseconds. */
  readonly stallMs: number;
}

/** Events that are counted at most: who is further behind is far behind. */
export const COUNTED = 1_000;

/** How often it looks by itself, for each time that the view may stand still. */
const LOOKS = 4;

/**
 * Watches how far the view is behind. An event's own time does not tell: a copied log has old events in it,
 * and one that is never written to is no lag. So it remembers a head that it saw and when, until the view
 * has reached it.
 */
export class LagMonitor {
  readonly #options: LagOptions;
  readonly #rest: () => void;
  #mark: { readonly id: string; readonly atMs: number } | undefined;
  #looking: Promise<Lag> | undefined;

  /** Looks from now on, also when nobody asks: so a first question is answered truly. */
  constructor(options: LagOptions) {
    this.#options = options;
    const periodMs = options.stallMs / LOOKS;
    this.#rest = options.timers.every(periodMs, () => void this.#watch());
  }

  /** The lag as it is now. Never throws. */
  look(): Promise<Lag> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    this.#rest();
  }

  async #look(): Promise<Lag> {
    try {
      const head = await this.#headNow();
      return { head, available: true, events: await this.#count(head), ...this.#since() };
    } catch {
      return { head: undefined, available: false, events: 0, ...this.#since() };
    }
  }

  // A store that is away for the moment is asked again next time.
  async #watch(): Promise<void> {
    await this.#headNow().catch(() => {});
  }

  async #headNow(): Promise<Head | undefined> {
    const head = await this.#options.store.head();
    await this.#remember(head);
    return head;
  }

  /** One head at a time is waited for; when the view has it, the newest one is next. */
  async #remember(head: Head | undefined): Promise<void> {
    const { views, now } = this.#options;
    if (this.#mark !== undefined && (await views.waitFor(this.#mark.id, 0))) this.#mark = undefined;
    if (head === undefined || head.id === views.status().checkpoint?.id) this.#mark = undefined;
    else this.#mark ??= { id: head.id, atMs: now() };
  }

  #since(): Pick<Lag, 'seconds' | 'stalled'> {
    if (this.#mark === undefined) return { seconds: 0, stalled: false };
    const { views, now, stallMs } = this.#options;
    const { atMs } = this.#mark;
    const movedMs = Math.max(atMs, views.status().appliedAt ?? atMs);
    return { seconds: Math.max(0, now() - atMs) / 1_000, stalled: now() - movedMs > stallMs };
  }

  async #count(head: Head | undefined): Promise<number> {
    const { store, views } = this.#options;
    const { checkpoint } = views.status();
    if (head === undefined || head.id === checkpoint?.id) return 0;
    return (await store.readAll({ after: checkpoint?.position, limit: COUNTED })).length;
  }
}
