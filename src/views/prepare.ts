import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RebuildRunning } from './errors.ts';
import { ViewFiles } from './files.ts';
import { describeFile } from './live-view.ts';
import { tryLock, type ViewsLock } from './lock.ts';
import { buildWhole, type WholeBuildOptions } from './whole-build.ts';

/** Work on view files beside an owner, or in its absence. */

export type OfflineOptions = Omit<WholeBuildOptions, 'file'> & {
  /** The views folder. */
  readonly folder: string;
};

/**
 * Builds a new file and makes it the current one. Only for whoever holds the folder's lock.
 * @throws {DeadLetterFound} when strict; and what the store or the disk throws: the old view then stays
 */
export async function rebuildOffline({ folder, ...options }: OfflineOptions): Promise<number> {
  const files = new ViewFiles(folder, options.projection.name);
  const file = files.fresh();
  try {
    const checkpoint = await buildWhole({ ...options, file });
    files.finish(file);
    files.switchTo(file);
    return checkpoint?.seq ?? 0;
  } finally {
    files.sweep();
  }
}

/**
 * Builds a file of this program's definition beside the one in use, and names it in the pointer, so that this
 * program starts with it at once. The owner may go on serving meanwhile, with another version.
 * @returns events folded; undefined: there is a file of this definition already
 * @throws {RebuildRunning} another one is being prepared
 */
export async function prepareView(options: OfflineOptions): Promise<number | undefined> {
  const { folder, projection, definition } = options;
  const files = new ViewFiles(folder, projection.name);
  const there = [files.current(), files.prepared()];
  if (there.some((file) => file !== undefined && describeFile(file)?.definition === definition)) {
    return undefined;
  }
  const workshop = openWorkshop(folder, 'prepare');
  try {
    const file = files.fresh();
    const making = join(workshop.folder, basename(file));
    const checkpoint = await buildWhole({ ...options, file: making });
    // On the disk before the owner's sweep can meet a file that no pointer names yet.
    files.finish(making);
    renameSync(making, file);
    files.prepare(file);
    return checkpoint?.seq ?? 0;
  } finally {
    workshop.close();
  }
}

const WORK = { prepare: 'another preparation', verify: 'another verification' } as const;

/** A folder within the views folder for files in the making, which the owner's sweep leaves alone. */
export interface Workshop {
  readonly folder: string;
  /** Deletes what is in it and gives it up. */
  close(): void;
}

/** @throws {RebuildRunning} somebody works in it */
export function openWorkshop(views: string, name: keyof typeof WORK): Workshop {
  const folder = join(views, name);
  const lock = tryLock(folder);
  if (lock === undefined) throw new RebuildRunning(WORK[name]);
  empty(folder);
  return { folder, close: () => closeWorkshop(folder, lock) };
}

/** Deletes what killed work has left behind; what is still worked in stays. */
export function sweepWorkshops(views: string): void {
  for (const name of Object.keys(WORK)) {
    const folder = join(views, name);
    const lock = existsSync(folder) ? tryLock(folder) : undefined;
    if (lock !== undefined) closeWorkshop(folder, lock);
  }
}

function closeWorkshop(folder: string, lock: ViewsLock): void {
  empty(folder);
  lock.release();
}

/** All but the lock itself. */
function empty(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('owner.db')) rmSync(join(folder, name), { force: true });
  }
}
