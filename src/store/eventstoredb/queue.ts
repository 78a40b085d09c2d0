/** Lets a number of tasks run at once, and of those with one name only one; others wait in the order they came. */
export class Queue {
  readonly #slots: Slots;
  readonly #last = new Map<string, Promise<void>>();

  constructor(atOnce: number) {
    this.#slots = new Slots(atOnce);
  }

  /** The task is told how long it has waited, in milliseconds. */
  run<T>(name: string, task: (waitedMs: number) => Promise<T>): Promise<T> {
    const result = this.#turn(this.#last.get(name), task);
    const settled: Promise<void> = result.then(
      () => this.#forget(name, settled),
      () => this.#forget(name, settled),
    );
    this.#last.set(name, settled);
    return result;
  }

  async #turn<T>(
    before: Promise<void> | undefined,
    task: (waitedMs: number) => Promise<T>,
  ): Promise<T> {
    const came = performance.now();
    if (before !== undefined) await before;
    await this.#slots.take();
    try {
      return await task(performance.now() - came);
    } finally {
      this.#slots.giveBack();
    }
  }

  #forget(name: string, settled: Promise<void>): void {
    if (this.#last.get(name) === settled) this.#last.delete(name);
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}

class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return Promise.resolve();
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
