import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Real files, real sockets, real processes: generous, so that a busy two-core machine does not fail a test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    // All cores: most of the time goes by in other processes and on the disk.
    maxWorkers: '100%',
  },
});
