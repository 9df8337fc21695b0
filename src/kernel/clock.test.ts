import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, rfc3339, sleep } from './clock.ts';

describe('backoff', () => {
  it('is anywhere below the exponential ceiling, and never above the cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, draw) => {
        const ms = backoffMs(failures, 100, 10_000, () => draw);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(10_000, 100 * 2 ** (failures - 1)));
      }),
    );
  });
});

describe('sleep', () => {
  it('ends early, and quietly, when it is aborted', async () => {
    const stop = new AbortController();
    const slept = sleep(1_000_000, stop.signal);
    stop.abort();
    await slept;
    await sleep(1_000_000, stop.signal);
  });
});

describe('rfc3339', () => {
  it('drops milliseconds that are none', () => {
    expect(rfc3339(new Date('2024-01-01T00:00:00.000Z'))).toBe('2024-01-01T00:00:00Z');
    expect(rfc3339(new Date('2024-01-01T00:00:00.120Z'))).toBe('2024-01-01T00:00:00.120Z');
  });
});
