import type { Registry } from '../../events/registry.ts';
import type { Projection } from '../../projections/projection.ts';
import type { EventStore } from '../store/event-store.ts';
import type { BuildProgress } from './build.ts';
import type { BuildFile } from './rebuild.ts';
import type { ViewLog } from './status.ts';

export interface ProjectorOptions {
  /** Exists, and is locked by this process. */
  readonly folder: string;
  readonly store: EventStore;
  readonly projection: Projection;
  /** See definitionOf. */
  readonly definition: string;
  readonly log: ViewLog;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** Bound of the projection's cache while live, in bytes; default 8 MiB. */
  readonly cacheBytes?: number | undefined;
  /** First and longest wait before a retry; default 100 and 5,000 ms. */
  readonly retryMs?: { readonly first: number; readonly longest: number } | undefined;
  readonly types?: Registry | undefined;
  /** Where files are built; default: here, between other work. */
  readonly build?: BuildFile | undefined;
}
