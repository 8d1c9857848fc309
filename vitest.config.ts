import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What hangs ends here; how long something may take is asserted where it matters, as a busy machine may be many times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A busy machine takes its time to get where a test waits for it. Below the 4 s after which idle connections are closed anyway.
    expect: { poll: { timeout: 3_500 } },
    // Two cores: a worker more than that only makes timing tests noisier.
    maxWorkers: 2,
  },
});
