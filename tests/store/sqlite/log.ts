import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import type { ContractLog } from '../contract.ts';

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'chancery-store-'));

export async function makeSqliteLog(): Promise<ContractLog & { readonly file: string }> {
  const folder = await temporaryFolder();
  const file = join(folder, 'events.db');
  return {
    file,
    open: () => openSqliteStore({ file }),
    remove: () => rm(folder, { recursive: true }),
  };
}
