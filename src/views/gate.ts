/** Keeps those who come by waiting while somebody holds it. */
export class Gate {
  #held: Promise<void> | undefined;

  /** Holds it until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  /** Settles when nobody holds it. */
  async pass(): Promise<void> {
    await this.#held;
  }
}
