import { AppError } from '../kernel/errors.ts';

/** More than anybody watches; each asks the database every second, so they are not to be had without end. */
export const MOST_STREAMS = 20;
/** Nobody knows when a place becomes free. */
const RETRY_AFTER_SECONDS = 10;

/** Counts the event streams that each caller has open on this server. */
export class OpenStreams {
  readonly #counts = new Map<string, number>();

  /**
   * Takes one of the caller's places.
   * @param caller a principal such as `user:1`, or `address:` and the address
   * @returns gives it back, once
   * @throws AppError `rate_limited` when all are taken
   */
  take(caller: string): () => void {
    const open = this.#counts.get(caller) ?? 0;
    if (open >= MOST_STREAMS) {
      throw new AppError('rate_limited', `At most ${MOST_STREAMS} event streams at a time; close another one first.`, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#counts.set(caller, open + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#counts.get(caller) ?? 1) - 1;
      if (left > 0) this.#counts.set(caller, left);
      else this.#counts.delete(caller);
    };
  }
}
