export type Encoding = 'plain' | 'gzip';

/** The bytes of one feed in each encoding, once they were asked for. */
export class KeptBytes {
  readonly #making = new Map<Encoding, Promise<readonly Buffer[]>>();
  readonly #kept = new Map<Encoding, readonly Buffer[]>();
  #length = 0;

  /** Those at hand, or else what `make` makes: callers at the same time share it, and one that fails is forgotten. */
  get(encoding: Encoding, make: () => Promise<readonly Buffer[]>): Promise<readonly Buffer[]> {
    const known = this.#making.get(encoding);
    if (known !== undefined) return known;
    const making = make();
    // Not when they were let go of meanwhile.
    const isMine = () => this.#making.get(encoding) === making;
    this.#making.set(encoding, making);
    making.then(
      (buffers) => {
        if (!isMine()) return;
        this.#kept.set(encoding, buffers);
        this.#length += bytesIn(buffers);
      },
      () => {
        if (isMine()) this.#making.delete(encoding);
      },
    );
    return making;
  }

  atHand(encoding: Encoding): readonly Buffer[] | undefined {
    return this.#kept.get(encoding);
  }

  /** Bytes of all that are at hand. */
  get length(): number {
    return this.#length;
  }

  /** They are made again when asked for. */
  clear(): void {
    this.#making.clear();
    this.#kept.clear();
    this.#length = 0;
  }
}

export const bytesIn = (buffers: readonly Uint8Array[]): number =>
  buffers.reduce((sum, { length }) => sum + length, 0);
