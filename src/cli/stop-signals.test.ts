import { expect, it } from 'vitest';
import { onStopSignal } from './stop-signals.ts';

it('takes two signals at once for one wish, a later one for hurry, and none once it is off', () => {
  const wishes: number[] = [];
  let clock = 5;
  const off = onStopSignal(
    (before) => wishes.push(before),
    () => clock,
  );
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGINT', 'SIGINT');
  clock += 999;
  process.emit('SIGTERM', 'SIGTERM');
  expect(wishes).toEqual([0]);
  clock += 1;
  process.emit('SIGINT', 'SIGINT');
  expect(wishes).toEqual([0, 1]);
  off();
  const listeners = process.listenerCount('SIGINT');
  onStopSignal(() => undefined)();
  expect(process.listenerCount('SIGINT')).toBe(listeners);
  expect(wishes).toEqual([0, 1]);
});
