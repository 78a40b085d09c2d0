import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventStore, StoreUnavailable } from '../../../src/store/event-store.ts';
import { openClusterStore } from '../../../src/store/eventstoredb/index.ts';
import { type ClusterSettings, clusterSettings } from '../../../src/store/eventstoredb/settings.ts';
import { SERVER_COMMAND } from '../../support/real/database.ts';
import { RealServer } from '../../support/real/server.ts';
import { type WireOptions, WireServer } from '../../support/wire/server.ts';
import type { ContractLog } from '../contract.ts';

/** Quick to notice, since what is waited for in tests happens on this machine. */
export const QUICK: Partial<ClusterSettings> = {
  timeoutMs: 1_000,
  quietMs: 50,
  watchdogMs: 200,
  longestPauseMs: 60,
};

/** A server that does wrong what it is told to, ours or a real one. */
export type FaultyServer = Pick<
  RealServer,
  'url' | 'port' | 'faults' | 'calls' | 'open' | 'subscriptions' | 'backup'
> & {
  start(): Promise<void>;
  kill(): Promise<void> | void;
  remove(): Promise<void> | void;
  endSubscriptions(): void;
  breakSubscriptions(): void;
};

export interface ServerKind {
  readonly name: string;
  readonly start: (options?: WireOptions) => Promise<FaultyServer>;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** With ESDB_SERVER, which names what starts one, the same is asked of a real server. */
export const SERVERS: readonly ServerKind[] = [
  { name: 'our server', start: WireServer.start, timeoutMs: 1_000 },
  ...(SERVER_COMMAND === ''
    ? []
    : [{ name: 'a real server', start: RealServer.start, timeoutMs: 3_000 }]),
];

export const openWire = (
  server: { readonly url: string },
  settings: Partial<ClusterSettings> = {},
): EventStore => openClusterStore(clusterSettings(server.url, { ...QUICK, ...settings }));

/** A fresh wire server for each log. */
export const wireLog =
  (options: WireOptions = {}, urlOf = (server: WireServer) => server.url) =>
  async (): Promise<ContractLog> => {
    const server = await WireServer.start(options);
    return {
      open: async () => openWire({ url: urlOf(server) }, { timeoutMs: 5_000 }),
      remove: async () => server.kill(),
    };
  };

/** A log of its own within a server that others use too. */
export const realLog = (url: string) => async (): Promise<ContractLog> => {
  const prefix = `test-${randomUUID()}.`;
  return {
    open: async () => openClusterStore(clusterSettings(url, { prefix, timeoutMs: 10_000 })),
    remove: async () => {},
  };
};

/** Longest that something is tried again, and the pause between two tries, in milliseconds. */
const SURELY_MS = 200_000;
const AGAIN_MS = 20;

/** As the handler does it: the same again while nobody knows. */
export async function surely<T>(attempt: () => Promise<T>): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const late = performance.now() - since > SURELY_MS;
      if (late || !(error instanceof StoreUnavailable)) throw error;
    }
    await delay(AGAIN_MS);
  }
}
