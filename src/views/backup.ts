import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backup } from 'node:sqlite';
import { isWhole, openReader } from './database.ts';
import { damaged, unlessDamaged, ViewsUnusable } from './errors.ts';
import { ViewFiles } from './files.ts';
import { readDefinition } from './ledger.ts';

/**
 * Copies the views that are current, each as it is at one moment, into a folder that can be used as a views folder.
 * The owner may go on serving.
 * @param rest the rest of the backup, without which the folder does not get its name
 * @throws {ViewsUnusable} one of the views is not there yet or damaged, or the target exists or has no folder
 * @throws the signal's reason when aborted
 */
export async function backupViews(
  folder: string,
  views: readonly string[],
  target: string,
  signal?: AbortSignal,
  rest: () => Promise<void> = async () => {},
): Promise<void> {
  if (existsSync(target)) throw new ViewsUnusable(`${target} exists: name another file`);
  if (!existsSync(dirname(target))) {
    throw new ViewsUnusable(`folder ${dirname(target)} does not exist: create it`);
  }
  const making = `${target}.${randomUUID()}.partial`;
  mkdirSync(making);
  try {
    for (const view of views) await copyView(folder, view, making, signal);
    await rest();
    renameSync(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function copyView(
  folder: string,
  view: string,
  making: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = new ViewFiles(folder, view).current();
  if (file === undefined) {
    throw new ViewsUnusable(
      `there is no view in ${folder}: start the server once, or leave --views out`,
    );
  }
  const copy = join(making, basename(file));
  await unlessDamaged(file, () => copyFile(file, copy, signal));
  const copies = new ViewFiles(making, view);
  copies.finish(copy);
  copies.switchTo(copy);
}

async function copyFile(
  file: string,
  copy: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = openReader(file);
  try {
    // Held still: SQLite begins again with every commit of others.
    source.exec('BEGIN');
    if (readDefinition(source) === undefined) throw damaged(file);
    await backup(source, copy, { progress: () => signal?.throwIfAborted() });
    signal?.throwIfAborted();
    // SQLite copies damaged pages as they are.
    if (!isWhole(copy)) throw damaged(file);
  } finally {
    source.close();
  }
}
