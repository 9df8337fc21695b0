import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.ts';

const forever = new AbortController().signal;

/** A clock that goes on only when somebody sleeps, and then by a little more than was asked for. */
function fakeClock(lateMs = 0) {
  const clock = {
    time: 0,
    now: () => clock.time,
    sleep: async (ms: number) => {
      clock.time += ms + lateMs;
    },
  };
  return clock;
}

describe('a rate limit', () => {
  it('spaces requests evenly', async () => {
    const clock = fakeClock();
    const pacer = new Pacer(10, clock);
    const times: number[] = [];
    for (let index = 0; index < 5; index++) {
      await pacer.turn(forever);
      times.push(clock.time);
    }
    expect(times).toEqual([0, 100, 200, 300, 400]);
  });

  it('saves up nothing while nobody asks', async () => {
    const clock = fakeClock();
    const pacer = new Pacer(2, clock);
    await pacer.turn(forever);
    clock.time = 60_000;
    await pacer.turn(forever);
    await pacer.turn(forever);
    expect(clock.time).toBe(60_500);
  });

  it('keeps high rates although timers are late', async () => {
    const clock = fakeClock(0.9);
    const pacer = new Pacer(1000, clock);
    for (let index = 0; index < 2000; index++) await pacer.turn(forever);
    expect(clock.time).toBeGreaterThan(1980);
    expect(clock.time).toBeLessThan(2100);
  });

  it('is none unless told', async () => {
    const clock = fakeClock();
    const pacer = new Pacer(undefined, clock);
    for (let index = 0; index < 1000; index++) await pacer.turn(forever);
    expect(clock.time).toBe(0);
  });

  it('ends with the signal', async () => {
    const abort = new AbortController();
    const pacer = new Pacer(0.001);
    await pacer.turn(abort.signal);
    const waiting = pacer.turn(abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
