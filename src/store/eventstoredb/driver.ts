import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import { StoreInvalid } from '../event-store.ts';
import type { Address } from './address.ts';

/** Just what is used of a gRPC call: a stream that is written to and heard. */
interface Call {
  on?: unknown;
  write?(message: unknown): boolean;
  listeners(event: string): ((message: unknown) => void)[];
  off(event: string, listener: (message: unknown) => void): unknown;
}

/** Members that the driver keeps to its subclasses, with the types that they have at run time. */
interface Insides {
  GRPCStreamCreator(
    client: unknown,
    name: string,
    creator: (client: unknown) => unknown,
    cache?: WeakMap<object, unknown>,
  ): () => Promise<unknown>;
  handleError(client: unknown, error: unknown): Promise<void>;
  createChannel(): Promise<Channel>;
}

interface Channel {
  close(): void;
}

/**
 * The driver's client with four faults mended, each seen with 6.2.1:
 * - the answer to an append that was given up meanwhile throws out of an event listener and ends the process;
 * - under back pressure, a broken stream rejects a promise that nobody can catch;
 * - so does an error of an old connection that arrives while a new one cannot be found;
 * - `dispose` ends the calls but leaves the connection open.
 */
export class Driver extends EventStoreDBClient {
  readonly #insides = this as unknown as Insides;
  /** The last connection made; the driver itself closes one that it replaces. */
  #channel: Channel | undefined;
  readonly #gone = new AbortController();

  constructor(address: Address) {
    // The three forms of the first parameter are three overloads, of which the compiler must be shown one.
    super(
      settingsOf(address) as { endpoint: string },
      certificatesOf(address),
      address.credentials,
    );
    this.#mendStreams();
    this.#mendReconnection();
    this.#rememberChannel();
  }

  /** Aborted when it is given up. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Ends every call and the connection. */
  async end(): Promise<void> {
    this.#gone.abort();
    await this.dispose();
    this.#channel?.close();
  }

  #mendStreams(): void {
    const original = this.#insides.GRPCStreamCreator;
    this.#insides.GRPCStreamCreator = (client, name, creator, cache) => {
      if (name !== 'appendToStream') return original(client, name, creator, cache);
      return original(client, name, (made) => mended(creator(made) as Call), cache);
    };
  }

  #mendReconnection(): void {
    const original = this.#insides.handleError;
    // The call itself has failed already, and tells its caller so.
    this.#insides.handleError = (client, error) => original(client, error).catch(() => undefined);
  }

  #rememberChannel(): void {
    const original = this.#insides.createChannel;
    this.#insides.createChannel = async () => {
      const channel = await original();
      this.#channel = channel;
      if (this.gone.aborted) channel.close();
      return channel;
    };
  }
}

function mended(call: Call): Call {
  for (const listener of call.listeners('data')) {
    call.off('data', listener);
    (call as unknown as NodeJS.EventEmitter).on('data', (message: unknown) => {
      try {
        listener(message);
      } catch {
        // Of an append that nobody waits for any more.
      }
    });
  }
  const write = call.write?.bind(call);
  // How much is under way is bounded by the appender: see appender.ts.
  if (write !== undefined) {
    call.write = (message) => {
      write(message);
      return true;
    };
  }
  return call;
}

function settingsOf(address: Address): object {
  const { hosts, discover } = address;
  const [first] = hosts;
  const target = discover
    ? { discover: first }
    : hosts.length > 1
      ? { endpoints: hosts }
      : { endpoint: first };
  return {
    ...target,
    ...given({
      connectionName: address.connectionName,
      keepAliveInterval: address.keepAliveInterval,
      keepAliveTimeout: address.keepAliveTimeout,
      discoveryInterval: address.discoveryInterval,
      maxDiscoverAttempts: address.maxDiscoverAttempts,
      gossipTimeout: address.gossipTimeout,
    }),
  };
}

/** The driver takes a key with the value undefined for a setting. */
const given = (settings: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

function certificatesOf({ tls, caFile, certFile, keyFile }: Address) {
  if (!tls) return { insecure: true };
  return {
    insecure: false,
    ...given({
      rootCertificate: contentOf(caFile),
      userCertFile: contentOf(certFile),
      userKeyFile: contentOf(keyFile),
    }),
  };
}

function contentOf(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new StoreInvalid(
      `cannot read ${file}, which STORE_URL names: give its path and the right to read it`,
      { cause },
    );
  }
}
