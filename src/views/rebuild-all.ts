import { messageOf, RebuildRunning } from './errors.ts';
import type { Rebuilder, RebuildStatus } from './rebuild.ts';

/** Rebuilds several views while they serve, one after the other, as one piece of work. */
export class RebuildAll {
  readonly #parts: readonly [Rebuilder, ...Rebuilder[]];
  #current: Rebuilder;
  #cancelled = false;
  #running: Promise<void> | undefined;
  #startedAt: number | undefined;
  #problem: string | undefined;

  /** @param parts in the order in which they are rebuilt */
  constructor(parts: readonly [Rebuilder, ...Rebuilder[]]) {
    this.#parts = parts;
    this.#current = parts[0];
  }

  /** Of the view that is rebuilt now, or was last; over when the last one is, or one was not done. */
  get status(): RebuildStatus {
    const { finishedAt, ...status } = this.#current.status;
    const started = this.#startedAt === undefined ? {} : { startedAt: this.#startedAt };
    const shown: RebuildStatus = { ...status, ...started };
    // One is done, and the next one has not begun yet.
    if (this.#running !== undefined)
      return shown.state === 'done' ? { ...shown, state: 'building' } : shown;
    const over = { ...shown, ...(finishedAt === undefined ? {} : { finishedAt }) };
    return this.#problem === undefined
      ? over
      : { ...over, state: 'failed', problem: this.#problem };
  }

  /**
   * Begins; the promise of `finished` settles when it is over, whatever became of it.
   * @param skip set events aside that cannot be applied, instead of failing
   * @throws {RebuildRunning}
   * @throws {ViewBehind} one of the views is not there yet: it is being built already
   */
  start(options: { readonly skip: boolean }): void {
    if (this.#running !== undefined) throw new RebuildRunning();
    for (const part of this.#parts) part.requireIdle();
    this.#cancelled = false;
    this.#problem = undefined;
    this.#begin(this.#parts[0], options);
    this.#startedAt = this.#current.status.startedAt;
    this.#running = this.#rest(options).finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends it; views that are done stay, the others go on serving as they are. False: nothing is running. */
  cancel(): boolean {
    if (this.#running === undefined) return false;
    this.#cancelled = true;
    this.#current.cancel();
    return true;
  }

  /** Settles when nothing is running. */
  async finished(): Promise<void> {
    await this.#running;
  }

  async #rest(options: { readonly skip: boolean }): Promise<void> {
    try {
      for (const next of this.#parts.slice(1)) {
        await this.#current.finished();
        if (this.#cancelled || this.#current.status.state !== 'done') return;
        this.#begin(next, options);
      }
      await this.#current.finished();
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  #begin(part: Rebuilder, options: { readonly skip: boolean }): void {
    part.start(options);
    this.#current = part;
  }
}
