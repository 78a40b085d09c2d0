import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * How commands on this machine reach the server that owns a views folder: its address, and a token that only
 * lives as long as the process. The file is readable by the server's own user alone, as the data is.
 */
const owner = z.object({ url: z.string(), token: z.string() });
export type Owner = z.infer<typeof owner>;

const fileOf = (views: string): string => join(views, 'owner.json');

/** A token for this process: 256 bits. */
export const controlToken = (): string => `control_${randomBytes(32).toString('base64url')}`;

/** Tells where the owner is; gives how to take that back. */
export function announceOwner(views: string, present: Owner): () => void {
  const file = fileOf(views);
  // Never half of it under its name, and never readable by others for a moment.
  const making = `${file}.${process.pid}.tmp`;
  writeFileSync(making, JSON.stringify(present), { mode: 0o600 });
  renameSync(making, file);
  return () => rmSync(file, { force: true });
}

/**
 * What an owner has announced; one that was killed leaves its word behind, so ask the lock first. Undefined: there
 * is none, or none that can be read, as when its disk was full.
 */
export function findOwner(views: string): Owner | undefined {
  try {
    return owner.parse(JSON.parse(readFileSync(fileOf(views), 'utf8')));
  } catch {
    return undefined;
  }
}
