import { describe, expect, test } from 'vitest';
import { LocalWindows, REMEMBERED, WINDOW_MS } from './windows.ts';

function atTime() {
  const clock = { now: 1000 };
  return { clock, windows: new LocalWindows(() => clock.now) };
}

describe('windows of one process', () => {
  test('begin with the first use and last a minute', () => {
    const { clock, windows } = atTime();
    const first = windows.take('standard', 'user:1');
    expect(first).toMatchObject({ count: 1, leftMs: WINDOW_MS });
    clock.now += WINDOW_MS - 1;
    expect(windows.take('standard', 'user:1')).toEqual({ count: 2, leftMs: 1, endsAt: first.endsAt });
    clock.now += 1;
    expect(windows.take('standard', 'user:1')).toMatchObject({ count: 1, leftMs: WINDOW_MS });
  });

  test('are apart for each subject and each bucket', () => {
    const { windows } = atTime();
    windows.take('standard', 'user:1');
    expect(windows.take('standard', 'user:2').count).toBe(1);
    expect(windows.take('login', 'user:1').count).toBe(1);
    expect(windows.take('standard', 'user:1').count).toBe(2);
  });

  test('go on from what another has counted, until when that window ends', () => {
    const { clock, windows } = atTime();
    windows.learn('standard', 'user:1', { count: 7, leftMs: 500, endsAt: 42 });
    expect(windows.take('standard', 'user:1')).toEqual({ count: 8, leftMs: 500, endsAt: 42 });
    clock.now += 500;
    expect(windows.take('standard', 'user:1').count).toBe(1);
  });

  test('of the subjects seen last are remembered, and no more', () => {
    const { windows } = atTime();
    windows.take('standard', 'busy');
    for (let other = 0; other < REMEMBERED - 1; other += 1) windows.take('standard', `other:${other}`);
    expect(windows.take('standard', 'busy').count).toBe(2);
    windows.take('standard', 'one too many');
    expect(windows.take('standard', 'busy').count).toBe(3);
    expect(windows.take('standard', 'other:0').count).toBe(1);
  });
});
