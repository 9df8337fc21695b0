import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../protocol/executor.ts';
import type { Row, Value } from '../pipeline/contracts.ts';
import { cursorValue, HighWater } from './rest-api-cursor.ts';

function highest(...values: Value[]) {
  const mark = new HighWater(undefined, undefined);
  for (const value of values) mark.take(value, () => ({ value }));
  return cursorValue(mark.cursor);
}

/** As it comes back from where it is kept. */
const stored = (json: Json | undefined): Json => JSON.parse(JSON.stringify(json)) as Json;

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
    const take = (value: Value) => mark.take(value, () => ({ value }));
    expect(take('2024-01-01T23:59:59Z')).toBe(false);
    expect(take('2024-01-02T00:00:00Z')).toBe(true);
    expect(take('2024-01-02T08:00:00+08:00')).toBe(true);
    expect(take('2024-01-02T07:59:59+08:00')).toBe(false);
    expect(cursorValue(mark.cursor)).toBe('2024-01-02T00:00:00Z');
  });

  it('is never left out for a value that cannot be compared', () => {
    const mark = new HighWater(1_700_000_000, undefined);
    for (const value of [undefined, null, '', 'text', '2024-01-01']) expect(mark.take(value, () => ({}))).toBe(true);
    expect(mark.take(1, () => ({}))).toBe(false);
  });

  it('is compared with the beginning of the run, not with what came before it', () => {
    const mark = new HighWater(5, 100);
    expect(mark.take(7, () => ({}))).toBe(true);
    expect(cursorValue(mark.cursor)).toBe(100);
  });
});

describe('records that share the highest value', () => {
  const row = (id: number, at = 5): Row => ({ id, at, name: '灯 🏮' });
  /** @returns the ids of those that are read */
  const taken = (mark: HighWater, rows: readonly Row[]) =>
    rows.filter((row) => mark.take(row.at, () => row)).map(({ id }) => id);

  it('are passed over when they come again, in whichever order; those that came since are not', () => {
    const first = new HighWater(undefined, undefined);
    expect(taken(first, [row(1, 4), row(2), row(3)])).toEqual([1, 2, 3]);
    const second = new HighWater(stored(first.cursor), undefined);
    const turned = { name: '灯 🏮', at: 5, id: 2 };
    expect(taken(second, [row(4), row(3), turned, row(1, 4)])).toEqual([4]);
    const third = new HighWater(stored(second.cursor), undefined);
    expect(taken(third, [row(2), row(3), row(4), row(5), row(6, 6)])).toEqual([5, 6]);
    expect(taken(new HighWater(stored(third.cursor), undefined), [row(6, 6)])).toEqual([]);
  });

  it('are read again once they have changed', () => {
    const first = new HighWater(undefined, undefined);
    taken(first, [row(1)]);
    const second = new HighWater(stored(first.cursor), undefined);
    expect(taken(second, [{ ...row(1), name: 'another' }])).toEqual([1]);
  });

  it('count as often as they came, where nothing tells them apart', () => {
    const first = new HighWater(undefined, undefined);
    expect(taken(first, [row(1), row(1)])).toEqual([1, 1]);
    expect(taken(new HighWater(stored(first.cursor), undefined), [row(1), row(1), row(1)])).toEqual([1]);
  });

  it('are known to the next attempt of a run too', () => {
    const first = new HighWater(undefined, undefined);
    taken(first, [row(1), row(2), row(2)]);
    const since = stored(first.cursor);
    const attempt = new HighWater(since, undefined);
    expect(taken(attempt, [row(1), row(2), row(3)])).toEqual([3]);
    const next = new HighWater(since, stored(attempt.reached));
    expect(taken(next, [row(2), row(4), row(1)])).toEqual([4, 1]);
    const last = new HighWater(stored(next.cursor), undefined);
    expect(taken(last, [row(1), row(2), row(2), row(3), row(4), row(1)])).toEqual([]);
  });

  it('are in no position that was told before they came', () => {
    const mark = new HighWater(stored({ value: 5, seen: [] }), undefined);
    taken(mark, [row(1)]);
    const [cursor, reached] = [mark.cursor, mark.reached];
    const [cursorThen, reachedThen] = [stored(cursor), stored(reached)];
    taken(mark, [row(2)]);
    // Told by the batch behind, which is read while the first one is not committed yet.
    expect([stored(mark.cursor), stored(mark.reached)]).not.toEqual([cursorThen, reachedThen]);
    expect([stored(cursor), stored(reached)]).toEqual([cursorThen, reachedThen]);
    // Broken off between the two: what comes once more counts once.
    const again = new HighWater(5, stored(reached));
    taken(again, [row(2)]);
    expect(taken(new HighWater(stored(again.cursor), undefined), [row(1), row(2), row(2)])).toEqual([2]);
  });

  it('all come again where an earlier version kept their value alone, and where they are too many', () => {
    expect(taken(new HighWater(5, undefined), [row(1)])).toEqual([1]);
    const many = Array.from({ length: 10_001 }, (_, id) => row(id));
    const first = new HighWater(undefined, undefined);
    taken(first, many.slice(1));
    expect(first.forgetful).toBe(false);
    taken(first, many.slice(0, 1));
    expect(first.forgetful).toBe(true);
    const second = new HighWater(stored(first.cursor), undefined);
    expect(taken(second, [row(3), row(4, 6)])).toEqual([3, 4]);
    expect(second.forgetful).toBe(false);
  });
});
