import { type Address, parseAddress } from './address.ts';

/** A cluster and how to use it: plain data. */
export interface ClusterSettings {
  readonly address: Address;
  /** What the names of our streams begin with in the cluster: STREAM_PREFIX. */
  readonly prefix: string;
  /** How long an answer may take, in milliseconds: STORE_TIMEOUT. */
  readonly timeoutMs: number;
  /** A subscription that is not known to be at the end asks for the head after so long a silence, in milliseconds. */
  readonly quietMs: number;
  /** The same for one that is. */
  readonly watchdogMs: number;
  /** Longest pause before a subscription is tried again, in milliseconds. */
  readonly longestPauseMs: number;
}

export const CLUSTER_DEFAULTS = {
  prefix: 'chancery.',
  timeoutMs: 3_000,
  quietMs: 500,
  watchdogMs: 15_000,
  longestPauseMs: 2_000,
} as const satisfies Omit<ClusterSettings, 'address'>;

/** Settings of a cluster by its URL, the rest as given or by default. @throws {AddressError} */
export const clusterSettings = (
  url: string,
  settings: Partial<Omit<ClusterSettings, 'address'>> = {},
): ClusterSettings => ({ ...CLUSTER_DEFAULTS, ...settings, address: parseAddress(url) });
