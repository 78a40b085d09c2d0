import type { EventStore } from '../event-store.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../serialise.ts';
import type { ClusterSettings } from './settings.ts';
import { ClusterStore } from './store.ts';

/**
 * Opens a cluster. Nothing is sent before something is asked, so this succeeds also while it is away.
 * @throws {StoreInvalid} a file that STORE_URL names cannot be read
 */
export function openClusterStore(
  settings: ClusterSettings,
  limits: Partial<StoreLimits> = {},
): EventStore {
  return new ClusterStore(settings, { ...DEFAULT_LIMITS, ...limits });
}
