import { describe, expect, it } from 'vitest';
import { retryAfter } from './retry-after.ts';

describe('Retry-After', () => {
  it('is seconds or a date, at most a day', () => {
    const now = Date.parse('2024-01-01T00:00:00Z');
    expect(retryAfter('7')).toBe(7000);
    expect(retryAfter(['0', '9'])).toBe(0);
    expect(retryAfter('Mon, 01 Jan 2024 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfter('Sun, 31 Dec 2023 00:00:00 GMT', now)).toBe(0);
    expect(retryAfter('9999999999')).toBe(24 * 3600 * 1000);
  });

  it('is nothing when it is neither', () => {
    for (const header of ['soon', '', ' ', undefined]) expect(retryAfter(header)).toBeUndefined();
  });
});
