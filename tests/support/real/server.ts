import type { WireOptions } from '../wire/server.ts';
import { Database, SMALL } from './database.ts';
import { Relay } from './relay.ts';

/** A real server with a relay before it, to be told what to do wrong in the words of a wire server. */
export class RealServer {
  readonly #database: Database;
  readonly #relay: Relay;
  /** It is spoken to by itself, without the relay, which would have to show a certificate of its own. */
  readonly #secure: boolean;

  private constructor(database: Database, options: WireOptions) {
    this.#database = database;
    this.#secure = options.tls !== undefined;
    const target = `127.0.0.1:${database.port}`;
    this.#relay = new Relay(target, (frozen) => database.freeze(frozen), options);
  }

  static async start(options: WireOptions = {}): Promise<RealServer> {
    const { maxAppendSize, tls } = options;
    const size = maxAppendSize === undefined ? {} : { MAX_APPEND_SIZE: String(maxAppendSize) };
    const server = new RealServer(await Database.prepare({ ...SMALL, ...size }, tls), options);
    await server.start();
    return server;
  }

  get faults() {
    return this.#relay.faults;
  }

  get calls() {
    return this.#relay.calls;
  }

  get port(): number {
    return this.#secure ? this.#database.port : this.#relay.port;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${this.#secure}`;
  }

  get open(): number {
    return this.#relay.open;
  }

  get subscriptions(): number {
    return this.#relay.subscriptions;
  }

  async start(): Promise<void> {
    await this.#database.start();
    await this.#relay.start();
  }

  async kill(): Promise<void> {
    await this.#database.kill();
    this.#relay.kill();
  }

  async remove(): Promise<void> {
    this.#relay.kill();
    await this.#database.remove();
  }

  endSubscriptions(): void {
    this.#relay.endSubscriptions();
  }

  breakSubscriptions(): void {
    this.#relay.breakSubscriptions();
  }

  /** @returns what sets it back to where it is now, while it is down */
  backup(): () => void {
    const backup = this.#database.backup();
    return () => this.#database.restore(backup);
  }
}
