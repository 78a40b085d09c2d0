import type { Timers } from '../../../src/timers.ts';

interface Task {
  readonly run: () => void;
  readonly everyMs: number | undefined;
  atMs: number;
}

/** Timers of a clock that a test moves. */
export class FakeTimers implements Timers {
  readonly #tasks = new Set<Task>();
  #nowMs = 0;

  /** Tasks that are waiting. */
  get size(): number {
    return this.#tasks.size;
  }

  every(ms: number, run: () => void): () => void {
    return this.#add({ run, everyMs: ms, atMs: this.#nowMs + ms });
  }

  after(ms: number, run: () => void): () => void {
    return this.#add({ run, everyMs: undefined, atMs: this.#nowMs + ms });
  }

  /** Lets time pass: what is due runs in order. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#tasks].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = next.atMs;
      if (next.everyMs === undefined) this.#tasks.delete(next);
      else next.atMs += next.everyMs;
      next.run();
    }
    this.#nowMs = endMs;
  }

  #add(task: Task): () => void {
    this.#tasks.add(task);
    return () => void this.#tasks.delete(task);
  }
}
