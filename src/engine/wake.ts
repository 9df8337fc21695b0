import { sleep } from '../kernel/clock.ts';
import type { Listener } from '../store/listener.ts';

/**
 * Lets many wait for one hint: `longshore_runs` (something was queued) or `longshore_control` (something was
 * cancelled or paused). A waiter also returns when its time is over, since hints may be lost.
 */
export class Wake {
  #next = deferred();

  constructor(listener: Listener, channel: string) {
    listener.on(channel, () => {
      const current = this.#next;
      this.#next = deferred();
      current.resolve();
    });
  }

  /** The promise to take before looking, so that a hint during the look is not missed. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Waits for `next`, at most `ms`, or until aborted. */
  async wait(next: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      await Promise.race([next, sleep(ms, over.signal)]);
    } finally {
      over.abort();
      signal.removeEventListener('abort', stop);
    }
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
