import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { addressOf } from './caller-address.ts';
import { Problem } from './problem.ts';
import { hasItsShare, type Waiter } from './share.ts';

export interface PatienceOptions {
  /** How long anybody waits, in milliseconds. */
  readonly waitMs: number;
  /** How many may wait at once; one more is told at once. */
  readonly most: number;
  /** Aborted: nobody waits any longer. */
  readonly closing: AbortSignal;
}

/** Between two looks at what is being built, in milliseconds. */
const LOOK_MS = 100;

/**
 * Has calendars wait for views that are being built. Thunderbird switches a calendar off, until somebody starts it anew,
 * at any 5xx (onAfterGet of its CalICSCalendar.sys.mjs): also at a 503 that says when to come again.
 */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #waiting = new Set<Waiter>();
  #look: Promise<void> | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /**
   * What `work` makes, begun anew until the views are there. Throws what it throws: that they are not, when time is up
   * or too many wait. When the server closes, those who wait are cut off: no answer does less harm than a 503.
   */
  async until<T>(request: FastifyRequest, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const waiter = { from: addressOf(request) };
      if (!isBehind(error) || !this.#hasPlace(waiter)) throw error;
      this.#waiting.add(waiter);
      try {
        return await this.#again(request.raw.socket, work);
      } finally {
        this.#waiting.delete(waiter);
      }
    }
  }

  #hasPlace({ from }: Waiter): boolean {
    const { waitMs, most } = this.#options;
    if (waitMs === 0 || this.#waiting.size >= most) return false;
    return !hasItsShare([...this.#waiting], from, most);
  }

  async #again<T>(socket: Socket, work: () => T | Promise<T>): Promise<T> {
    const last = performance.now() + this.#options.waitMs;
    for (;;) {
      await this.#nextLook();
      this.#requireWaiting(socket);
      try {
        return await work();
      } catch (error) {
        if (!isBehind(error) || performance.now() >= last) throw error;
      }
    }
  }

  #requireWaiting(socket: Socket): void {
    if (this.#options.closing.aborted) socket.destroy();
    if (socket.destroyed) throw new Problem('view-behind', 'nobody waits for it any more');
  }

  /** One timer for all. */
  #nextLook(): Promise<void> {
    this.#look ??= delay(LOOK_MS, undefined, { signal: this.#options.closing })
      .catch(() => {})
      .finally(() => {
        this.#look = undefined;
      });
    return this.#look;
  }
}

const isBehind = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'view-behind';
