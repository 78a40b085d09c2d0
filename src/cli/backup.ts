import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import type { Config } from '../config.ts';
import { backupStore } from '../store/sqlite/backup.ts';
import { backupView } from '../views/backup.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { embeddedFile, requireStore } from './store.ts';

/**
 * Copies the store, and the views if asked for, as they are at one moment; a server may go on. The views are
 * copied first, so that they are never ahead of the store beside them. Of a cluster only the views are
 * copied: its nodes have backups of their own.
 */
export async function backup(
  config: Config,
  file: string,
  { views }: { readonly views: boolean },
): Promise<number> {
  requireStore(config);
  const copies: string[] = [];
  await interruptible('nothing was copied', async (signal) => {
    const copyViews = async () => {
      const folder = `${file}.views`;
      await backupView(join(config.dataDir, 'views'), calendar.name, folder, signal);
      copies.push(folder);
    };
    if (views && config.store.kind === 'cluster') return copyViews();
    const source = embeddedFile(config, 'back it up by its own means, or its views with --views');
    if (existsSync(file)) throw new CommandFailed(`${file} exists: name another file`);
    if (views) await copyViews();
    try {
      await backupStore(source, file, signal);
    } catch (error) {
      for (const folder of copies) rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    copies.unshift(file);
  });
  process.stdout.write(`${copies.join(' and ')}\n`);
  return EXIT.fine;
}
