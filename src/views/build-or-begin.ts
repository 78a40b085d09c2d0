import { rmSync } from 'node:fs';
import { StoreInvalid, StoreUnavailable } from '../store/event-store.ts';
import { type BuildOptions, buildView, createEmptyView } from './build.ts';
import { isDatabaseFault } from './errors.ts';
import type { ViewLog } from './status.ts';

/**
 * Builds a view file. An event whose rows cannot be written takes the whole fast build with it, which cannot
 * be taken back: then an empty file is begun instead, to be filled in batches that can.
 * @throws what the store or the disk throws, or the signal's reason: the same may work later
 */
export async function buildOrBegin(
  options: BuildOptions,
  log: ViewLog,
): Promise<'built' | 'begun'> {
  const { file, projection, definition, signal } = options;
  try {
    await buildView(options);
    return 'built';
  } catch (error) {
    rmSync(file, { force: true });
    if (signal?.aborted === true || isOutside(error)) throw error;
    log.warn({ view: projection.name, err: error }, 'the fast build failed: applying in batches');
    createEmptyView(file, projection, definition);
    return 'begun';
  }
}

const isOutside = (error: unknown): boolean =>
  isDatabaseFault(error) || error instanceof StoreUnavailable || error instanceof StoreInvalid;
