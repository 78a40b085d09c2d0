/** Between two tries where a reader has not made room yet, and for how long they go on. */
const RETRY_MS = 5;
const PATIENCE_MS = 100;

/**
 * Where the lines of the log go. One that cannot be written (the disk is full, nobody reads) is given up, as is one for
 * which a slow reader makes no room in a moment: neither the server nor its end may hang on its log. How many lines are
 * lost is the first one when there is room again.
 */
export class LogOutput {
  readonly #write: (bytes: Uint8Array) => number;
  readonly #told: (text: string) => void;
  #lost = 0;
  /** Of the last line only a part was taken. */
  #isCut = false;

  /**
   * @param write writes bytes at once; returns how many it took
   * @param told is told once each time that lines begin to be lost
   */
  constructor(write: (bytes: Uint8Array) => number, told: (text: string) => void) {
    this.#write = write;
    this.#told = told;
  }

  write(line: string): void {
    try {
      if (this.#lost > 0) this.#put(`${this.#isCut ? '\n' : ''}${lostLine(this.#lost)}`);
      this.#lost = 0;
      this.#put(line);
    } catch (error) {
      this.#lost += 1;
      if (this.#lost === 1) {
        const why = error instanceof Error ? error.message : String(error);
        this.#told(`the log cannot be written (${why}): its lines are lost until it can be`);
      }
    }
  }

  #put(text: string): void {
    let rest = Buffer.from(text);
    const until = performance.now() + (this.#lost === 0 ? PATIENCE_MS : 0);
    while (rest.length > 0) {
      try {
        const taken = this.#write(rest);
        rest = rest.subarray(taken);
        if (taken > 0) this.#isCut = rest.length > 0;
      } catch (error) {
        if (!isFull(error) || performance.now() >= until) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}

/** A pipe that does not block, whose reader is slow. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EAGAIN';

const WARN = 40;

const lostLine = (lost: number): string =>
  `${JSON.stringify({ level: WARN, time: Date.now(), lost, msg: 'lines of the log were lost' })}\n`;
