import { fileURLToPath } from 'node:url';

/**
 * Where Node keeps what it has stripped of its types and compiled. Beside the packages and not in a folder that
 * others may write to; where it cannot be written, Node does without.
 */
export const COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

/** The environment of a thread: it does not inherit the cache that main.ts turned on, and loads for long. */
export const threadEnvironment = (): NodeJS.ProcessEnv => ({
  NODE_COMPILE_CACHE: COMPILE_CACHE,
  ...process.env,
});
