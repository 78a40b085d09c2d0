/**
 * Begins a few commands in each turn of the event loop. When a hundred arrive at once, and each is read, folded and
 * decided before the loop goes round, whatever else is due waits for all of them; and all of them for the view, which
 * takes events in by small batches.
 */
export class Pace {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  /** In this turn. */
  #begun = 0;
  #scheduled = false;

  /** @param most commands that begin in one turn */
  constructor(most: number) {
    this.#most = most;
  }

  /** Settles when it is the caller's turn: at once, or behind all who asked before. */
  async turn(): Promise<void> {
    this.#schedule();
    if (this.#begun >= this.#most || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#begun += 1;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#waiting.splice(0, this.#most);
      this.#begun = next.length;
      // Also when none is left: these, too, are of a turn that ends.
      if (next.length > 0) this.#schedule();
      for (const begin of next) begin();
    });
  }
}
