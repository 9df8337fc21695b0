import type { Listener } from '../store/listener.ts';

/**
 * Lets many wait for one hint: `longshore_runs` (something was queued) or `longshore_control` (something was
 * cancelled or paused). A waiter also returns when its time is over, since hints may be lost.
 */
export class Wake {
  #hints = 0;
  /** Not one promise for all: each wait would leave its reaction on it until the next hint. */
  readonly #waiting = new Set<() => void>();

  constructor(listener: Listener, channel: string) {
    listener.on(channel, () => {
      this.#hints += 1;
      for (const wake of this.#waiting) wake();
    });
  }

  /** The number of the hint to wait for; to be taken before looking, so that a hint during the look is not missed. */
  get next(): number {
    return this.#hints + 1;
  }

  /** Waits for the hint `next`, at most `ms`, or until aborted. */
  async wait(next: number, ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#hints >= next) return;
    await new Promise<void>((resolve) => {
      const stop = () => {
        clearTimeout(timer);
        this.#waiting.delete(stop);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const timer = setTimeout(stop, ms);
      this.#waiting.add(stop);
      signal.addEventListener('abort', stop);
    });
  }
}
