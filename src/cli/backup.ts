import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import type { Config } from '../config.ts';
import { backupStore } from '../store/sqlite/backup.ts';
import { backupView } from '../views/backup.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { requireStore } from './store.ts';

/**
 * Copies the store, and the views if asked for, as they are at one moment; a server may go on. The views are
 * copied first, so that they are never ahead of the store beside them.
 */
export async function backup(
  config: Config,
  file: string,
  { views }: { readonly views: boolean },
): Promise<number> {
  requireStore(config);
  if (existsSync(file)) throw new CommandFailed(`${file} exists: name another file`);
  const folder = `${file}.views`;
  await interruptible('nothing was copied', async (signal) => {
    if (views) await backupView(join(config.dataDir, 'views'), calendar.name, folder, signal);
    try {
      await backupStore(config.storeFile, file, signal);
    } catch (error) {
      if (views) rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  });
  process.stdout.write(views ? `${file} and ${folder}\n` : `${file}\n`);
  return EXIT.fine;
}
