import { setTimeout as delay } from 'node:timers/promises';

/** Waits `ms` milliseconds; returns early, without throwing, when `signal` aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted || ms <= 0) return;
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/**
 * Exponential backoff with full jitter: a uniform draw from [0, min(cap, base * 2^(n-1))).
 * @param failures how often it has failed so far, from 1
 */
export function backoffMs(failures: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 40));
  return Math.floor(random() * ceiling);
}

/** RFC 3339 in UTC with `Z`, whole seconds dropped to none: `2024-01-01T00:00:00Z`, or with milliseconds when there are any. */
export function rfc3339(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
