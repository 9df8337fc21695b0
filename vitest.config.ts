import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'console/**/*.test.ts'],
    reporters: ['default', './test/support/skip-reporter.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // One more than a small machine has cores: there is always a file that waits for a lease to lapse or a clock to tick.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // A net against hangs, not a measure of speed: generous on purpose.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
});
