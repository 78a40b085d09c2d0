import { defineConfig } from 'vitest/config';
import { COMPILE_CACHE } from './src/compile-cache.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/property-limits.ts'],
    // Real files, real sockets, real processes: generous, so that a busy two-core machine does not fail a test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    // For the processes that tests start: each would strip the types of what it loads and compile it again.
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
    // Files share workers, so that what they all import is loaded once a worker: half of the time of most.
    // Nothing in src keeps state of its own, and a test that changes something of the process puts it back.
    isolate: false,
    // What a test makes is garbage with its end: fewer and larger collections take less of the processor.
    execArgv: ['--min-semi-space-size=32', '--max-semi-space-size=64'],
    // All cores: most of the time goes by in other processes and on the disk.
    maxWorkers: '100%',
  },
});
