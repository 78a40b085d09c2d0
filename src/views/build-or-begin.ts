import { rmSync } from 'node:fs';
import type { Projection } from '../../projections/projection.ts';
import { createEmptyView } from './build.ts';
import { isDatabaseFault } from './errors.ts';
import type { ViewLog } from './status.ts';

interface FirstBuild {
  readonly file: string;
  readonly projection: Projection;
  readonly definition: string;
  readonly signal: AbortSignal;
  readonly log: ViewLog;
}

/**
 * Builds a view file. An event whose rows cannot be written takes the whole fast build with it, which cannot
 * be taken back: then an empty file is begun instead, to be filled in batches that can.
 * @throws what the store or the disk throws, or the signal's reason: the same may work later
 */
export async function buildOrBegin(
  build: () => Promise<void>,
  { file, projection, definition, signal, log }: FirstBuild,
): Promise<'built' | 'begun'> {
  try {
    await build();
    return 'built';
  } catch (error) {
    rmSync(file, { force: true });
    if (signal.aborted || isOutside(error)) throw error;
    log.warn({ view: projection.name, err: error }, 'the fast build failed: applying in batches');
    createEmptyView(file, projection, definition);
    return 'begun';
  }
}

// By name: an error of a build in another thread is no instance of ours.
const OUTSIDE = new Set(['StoreUnavailable', 'StoreInvalid']);

const isOutside = (error: unknown): boolean =>
  isDatabaseFault(error) || (error instanceof Error && OUTSIDE.has(error.name));
