import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Not with mkdir's `recursive`, which tries for ever on file systems that
 * answer "no such file" when asked to make one (/proc).
 * @throws the system's error, with the path
 */
export function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    // What is confidential in it is for this user alone.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
  }
}
