import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.case.ts'],
    reporters: ['../../support/skip-reporter.ts'],
  },
});
