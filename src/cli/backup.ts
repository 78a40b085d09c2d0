import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import type { Config } from '../config.ts';
import { backupStore } from '../store/sqlite/backup.ts';
import { backupView } from '../views/backup.ts';
import { CommandFailed, EXIT } from './failure.ts';

/**
 * Copies the store, and the views if asked for, as they are at one moment; a server may go on. The views are
 * copied first, so that they are never ahead of the store beside them.
 */
export async function backup(
  config: Config,
  file: string,
  { views }: { readonly views: boolean },
): Promise<number> {
  if (!existsSync(config.storeFile)) {
    throw new CommandFailed(
      `there is no event store at ${config.storeFile}: check DATA_DIR and STORE_URL`,
    );
  }
  const folder = `${file}.views`;
  if (existsSync(file)) throw new CommandFailed(`${file} exists: name another file`);
  if (views) await backupView(join(config.dataDir, 'views'), calendar.name, folder);
  await backupStore(config.storeFile, file);
  process.stdout.write(views ? `${file} and ${folder}\n` : `${file}\n`);
  return EXIT.fine;
}
