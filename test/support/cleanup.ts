import { afterAll } from 'vitest';

const cleanups: (() => unknown)[] = [];

// Here, where the file is collected: an `afterAll` that is called later, from a hook or a test, is ignored in silence.
afterAll(async () => {
  const failures: unknown[] = [];
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not all of what the tests made could be taken away');
});

/** Takes something away after the file's last test: the latest first. May be called from anywhere, also in hooks and tests. */
export function afterFile(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}
