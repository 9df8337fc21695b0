import { describe, expect, it } from 'vitest';
import type { Value } from '../pipeline/contracts.ts';
import { HighWater } from './rest-api-cursor.ts';

function highest(...values: Value[]) {
  const mark = new HighWater(undefined, undefined);
  for (const value of values) mark.take(value);
  return mark.value;
}

describe('the highest value of a cursor field', () => {
  it('is that of numbers as numbers, also where they are text', () => {
    expect(highest(9, 10, 2.5)).toBe(10);
    expect(highest('9', '10', '2.5')).toBe('10');
    expect(highest(9007199254740993n, 9007199254740992)).toBe('9007199254740993');
    expect(highest('9007199254740993', '9007199254740992')).toBe('9007199254740993');
    expect(highest(-5, -10)).toBe(-5);
  });

  it('is that of times as times, whatever their zone, to the nanosecond', () => {
    expect(highest('2024-01-01T10:00:00+08:00', '2024-01-01T03:00:00Z')).toBe('2024-01-01T03:00:00Z');
    expect(highest('2024-01-01T00:00:00.123457Z', '2024-01-01T00:00:00.123456Z')).toBe('2024-01-01T00:00:00.123457Z');
    expect(highest('2024-01-01T00:00:00.9Z', '2024-01-01T00:00:00.1234Z')).toBe('2024-01-01T00:00:00.9Z');
    expect(highest('2024-02-01', '2024-01-31 23:59:59', '2024-01-31T23:59')).toBe('2024-02-01');
    expect(highest('2024-01-01T10:00:00+0800', '2024-01-01T10:00:00-08')).toBe('2024-01-01T10:00:00-08');
  });

  it('is that of anything else as text', () => {
    expect(highest('b', 'a10', 'a9')).toBe('b');
    expect(highest('2024-13-45', '2024-13-44')).toBe('2024-13-45');
  });

  it('is none without any', () => {
    expect(highest(null, '', true, { a: 1 })).toBeUndefined();
  });
});

describe('a record', () => {
  it('is new unless its value is lower than where the run begins', () => {
    const mark = new HighWater('2024-01-02T00:00:00Z', undefined);
    expect(mark.take('2024-01-01T23:59:59Z')).toBe(false);
    expect(mark.take('2024-01-02T00:00:00Z')).toBe(true);
    expect(mark.take('2024-01-02T08:00:00+08:00')).toBe(true);
    expect(mark.take('2024-01-02T07:59:59+08:00')).toBe(false);
    expect(mark.value).toBe('2024-01-02T00:00:00Z');
  });

  it('is never left out for a value that cannot be compared', () => {
    const mark = new HighWater(1_700_000_000, undefined);
    for (const value of [undefined, null, '', 'text', '2024-01-01']) expect(mark.take(value)).toBe(true);
    expect(mark.take(1)).toBe(false);
  });

  it('is compared with the beginning of the run, not with what came before it', () => {
    const mark = new HighWater(5, 100);
    expect(mark.take(7)).toBe(true);
    expect(mark.value).toBe(100);
  });
});
