import { statSync } from 'node:fs';

/**
 * Whether something is at a path. Where that cannot be seen it is not taken for missing.
 * @throws the system's error
 */
export const exists = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false }) !== undefined;
