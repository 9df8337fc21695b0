import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import { silent } from '../../test/support/database.ts';
import { Listener } from '../store/listener.ts';
import { Wake } from './wake.ts';

/** Longer than any test runs. */
const LONG_MS = 3_600_000;

/** A listener without a connection, told of hints by hand. */
class Told extends Listener {
  readonly #handlers: ((payload: string) => void)[] = [];

  constructor() {
    super({ url: '', logger: silent });
  }

  override on(_channel: string, handler: (payload: string) => void): () => void {
    this.#handlers.push(handler);
    return () => undefined;
  }

  tell(): void {
    for (const handler of this.#handlers) handler('');
  }
}

describe('waiting for hints', () => {
  let listener: Told;
  let wake: Wake;
  beforeEach(() => {
    listener = new Told();
    wake = new Wake(listener, 'a channel');
  });
  const never = new AbortController().signal;

  it('one hint wakes all who wait', async () => {
    const waits = [1, 2, 3].map(() => wake.wait(wake.next, LONG_MS, never));
    listener.tell();
    await Promise.all(waits);
  });

  it('a hint during the look before is not missed', async () => {
    const hint = wake.next;
    listener.tell();
    await wake.wait(hint, LONG_MS, never);
  });

  it('an old hint wakes nobody', async () => {
    listener.tell();
    const aborting = new AbortController();
    let woken = false;
    const wait = wake.wait(wake.next, LONG_MS, aborting.signal).then(() => {
      woken = true;
    });
    await setImmediate();
    expect(woken).toBe(false);
    aborting.abort();
    await wait;
  });

  it('ends when its time is over, and when it is aborted', async () => {
    await wake.wait(wake.next, 1, never);
    await wake.wait(wake.next, LONG_MS, AbortSignal.abort());
    const aborting = new AbortController();
    const wait = wake.wait(wake.next, LONG_MS, aborting.signal);
    aborting.abort();
    await wait;
  });

  it('leaves nothing behind while no hint comes', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapAfter = async (waits: number) => {
      for (let i = 0; i < waits; i += 1) {
        const aborting = new AbortController();
        const wait = wake.wait(wake.next, LONG_MS, aborting.signal);
        aborting.abort();
        await wait;
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(1000);
    const bytesPerWait = ((await heapAfter(20_000)) - before) / 20_000;
    expect(bytesPerWait).toBeLessThan(100);
  });
});
