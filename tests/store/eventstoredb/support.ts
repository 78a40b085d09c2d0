import { randomUUID } from 'node:crypto';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openClusterStore } from '../../../src/store/eventstoredb/index.ts';
import { type ClusterSettings, clusterSettings } from '../../../src/store/eventstoredb/settings.ts';
import { type WireOptions, WireServer } from '../../support/wire/server.ts';
import type { ContractLog } from '../contract.ts';

/** Quick to notice, since what is waited for in tests happens on this machine. */
export const QUICK: Partial<ClusterSettings> = {
  timeoutMs: 1_000,
  quietMs: 50,
  watchdogMs: 200,
  longestPauseMs: 60,
};

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
