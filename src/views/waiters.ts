interface Waiter {
  readonly timer: NodeJS.Timeout;
  readonly settle: (applied: boolean) => void;
}

/** Those who wait for an event to be applied, and the ids of the last events that were. */
export class Waiters {
  readonly #remembered: number;
  readonly #recent = new Set<string>();
  readonly #waiting = new Map<string, Set<Waiter>>();

  /** @param remembered how many ids to keep: writers ask for what was applied moments ago */
  constructor(remembered = 10_000) {
    this.#remembered = remembered;
  }

  isRecent(eventId: string): boolean {
    return this.#recent.has(eventId);
  }

  /** True once the event is applied, false when the time runs out first. */
  wait(eventId: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (applied: boolean) => {
        clearTimeout(waiter.timer);
        this.#remove(eventId, waiter);
        resolve(applied);
      };
      const waiter: Waiter = { timer: setTimeout(() => settle(false), timeoutMs), settle };
      const others = this.#waiting.get(eventId);
      if (others === undefined) this.#waiting.set(eventId, new Set([waiter]));
      else others.add(waiter);
    });
  }

  applied(eventIds: Iterable<string>): void {
    for (const id of eventIds) {
      this.#recent.add(id);
      this.#settle(id, true);
    }
    for (const id of this.#recent) {
      if (this.#recent.size <= this.#remembered) break;
      this.#recent.delete(id);
    }
  }

  /** Forgets what was applied: the view is another one now. Asks about everyone who waits. */
  restart(has: (eventId: string) => boolean): void {
    this.#recent.clear();
    for (const id of [...this.#waiting.keys()]) if (has(id)) this.#settle(id, true);
  }

  /** Ends every wait without success. */
  close(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, false);
  }

  #settle(eventId: string, applied: boolean): void {
    for (const waiter of [...(this.#waiting.get(eventId) ?? [])]) waiter.settle(applied);
  }

  #remove(eventId: string, waiter: Waiter): void {
    const waiting = this.#waiting.get(eventId);
    waiting?.delete(waiter);
    if (waiting?.size === 0) this.#waiting.delete(eventId);
  }
}
