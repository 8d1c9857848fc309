import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Two cores: a worker more than that only makes timing tests noisier.
    maxWorkers: 2,
  },
});
