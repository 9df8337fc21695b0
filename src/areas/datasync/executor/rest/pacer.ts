import { sleep } from '../../../../kernel/clock.ts';

/** Timers wake a little late; so much of it is caught up, or high rates would never be reached. */
const CATCH_UP_MS = 10;

interface Clock {
  /** Milliseconds from any beginning. */
  now(): number;
  /** Returns early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Lets through so many requests a second and no more: one after the other at even distances, without bursts. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  /** When the next one may go. */
  #free = Number.NEGATIVE_INFINITY;

  /** @param perSecond undefined = as many as want to */
  constructor(perSecond: number | undefined, clock: Clock = { now: () => performance.now(), sleep }) {
    this.#intervalMs = perSecond === undefined ? 0 : 1000 / perSecond;
    this.#clock = clock;
  }

  /** Resolves when it is this one's turn; throws the signal's reason after an abort. */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#intervalMs === 0) return;
    const now = this.#clock.now();
    const at = Math.max(this.#free, now - (this.#intervalMs < CATCH_UP_MS ? CATCH_UP_MS : 0));
    this.#free = at + this.#intervalMs;
    if (at > now) await this.#clock.sleep(at - now, signal);
    signal.throwIfAborted();
  }
}
