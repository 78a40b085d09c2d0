/** Lets a number of tasks run at once, and of those with one name only one; others wait in the order they came. */
export class Queue {
  readonly #slots: Slots;
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(atOnce: number) {
    this.#slots = new Slots(atOnce);
  }

  /** The task is told how long it has waited, in milliseconds. */
  run<T>(name: string, task: (waitedMs: number) => Promise<T>): Promise<T> {
    const came = performance.now();
    const before = this.#last.get(name) ?? Promise.resolve();
    const result = before
      .then(() => this.#slots.take())
      .then(() => task(performance.now() - came).finally(() => this.#slots.giveBack()));
    const settled = result.then(nothing, nothing).finally(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    this.#last.set(name, settled);
    return result;
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}

const nothing = () => undefined;

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
