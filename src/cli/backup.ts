import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_VIEWS } from '../all-views.ts';
import type { Config } from '../config.ts';
import { backupStore } from '../store/sqlite/backup.ts';
import { backupViews } from '../views/backup.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { embeddedFile, requireStore } from './store.ts';

const VIEWS = ALL_VIEWS.map(({ projection }) => projection.name);

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
  const source = sourceOf(config, views);
  const folder = `${file}.views`;
  if (source !== undefined && existsSync(file)) {
    throw new CommandFailed(`${file} exists: name another file`);
  }
  await interruptible('nothing was copied', async (signal) => {
    const copyStore = async () => {
      if (source !== undefined) await backupStore(source, file, signal);
    };
    if (!views) return await copyStore();
    await backupViews(join(config.dataDir, 'views'), VIEWS, folder, signal, copyStore);
  });
  const copies = [...(source === undefined ? [] : [file]), ...(views ? [folder] : [])];
  process.stdout.write(`${copies.join(' and ')}\n`);
  return EXIT.fine;
}

/** The file to copy; undefined for a cluster, of which a node copies only its views. */
function sourceOf(config: Config, views: boolean): string | undefined {
  if (views && config.store.kind === 'cluster') return undefined;
  return embeddedFile(config, 'back it up by its own means, or its views with --views');
}
