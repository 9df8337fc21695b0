import type { AbortReason } from '../protocol/executor.ts';
import type { Outcome, RunRef } from '../protocol/worker.ts';
import type { Attempt } from './attempt.ts';

/** Runs are leased ahead for about so long: enough to hide the way to the server and back. */
const AHEAD_MS = 50;
const AHEAD_MOST = 1000;
/** A leased run that has not begun after this goes back: others may have free slots. */
const PATIENCE_MS = 500;

function keyOf(ref: RunRef): string {
  return `${ref.id}/${ref.epoch}`;
}

interface SlotsOptions {
  /** Called when an attempt is over; without an outcome when there is nothing to report. */
  onEnd(outcome: Outcome | undefined): void;
}

/**
 * What a session has leased: attempts under way, at most `limit` of them, and those leased ahead. Only runs that end
 * within milliseconds are leased ahead, as many as the slots will have begun before a lease call could be answered; for
 * all others a lease is taken when a slot is free, so that no run waits here that another worker could have begun.
 */
export class Slots {
  limit = 1;
  readonly #options: SlotsOptions;
  readonly #attempts = new Map<string, Attempt>();
  readonly #waiting: Attempt[] = [];
  #active = 0;
  /** How long attempts take, a moving average; undefined = not known. */
  #takesMs: number | undefined;
  #patience: NodeJS.Timeout | undefined;
  #begun = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#attempts.size;
  }

  get refs(): RunRef[] {
    return [...this.#attempts.values()].map((attempt) => attempt.ref);
  }

  /** How many runs to lease now; 0 = wait until an attempt ends. */
  get wanted(): number {
    const ahead =
      this.#takesMs === undefined
        ? 0
        : Math.min(AHEAD_MOST, Math.floor((this.limit * AHEAD_MS) / Math.max(this.#takesMs, 0.1)));
    // A lease call for a few is as dear as one for many: wait until half of what was leased ahead has begun.
    if (this.#active >= this.limit && this.#waiting.length > ahead / 2) return 0;
    return Math.max(0, this.limit + ahead - this.#attempts.size);
  }

  add(attempt: Attempt): void {
    this.#attempts.set(keyOf(attempt.ref), attempt);
    this.#waiting.push(attempt);
    this.#fill();
  }

  abort(ref: RunRef, reason: AbortReason): void {
    this.#attempts.get(keyOf(ref))?.abort(reason);
  }

  abortAll(reason: AbortReason): void {
    this.returnWaiting(reason);
    for (const attempt of this.#attempts.values()) attempt.abort(reason);
  }

  /** Ends what has not begun; with `drain` it goes back to its queue. */
  returnWaiting(reason: AbortReason = 'drain'): void {
    for (const attempt of this.#waiting.splice(0)) {
      attempt.abort(reason);
      // It ends before its executor begins: it needs no slot, and tells nothing of how long runs take.
      this.#begin(attempt, false);
    }
  }

  #fill(): void {
    while (this.#active < this.limit) {
      const attempt = this.#waiting.shift();
      if (!attempt) break;
      this.#begin(attempt);
    }
    if (this.#waiting.length > 0) this.#watchPatience();
  }

  #begin(attempt: Attempt, timed = true): void {
    this.#active += 1;
    this.#begun += 1;
    const begunAt = performance.now();
    void attempt.execute().then((outcome) => {
      if (timed) this.#learn(performance.now() - begunAt);
      this.#active -= 1;
      this.#attempts.delete(keyOf(attempt.ref));
      this.#fill();
      this.#options.onEnd(outcome);
    });
  }

  #learn(tookMs: number): void {
    this.#takesMs = this.#takesMs === undefined ? tookMs : this.#takesMs + 0.1 * (tookMs - this.#takesMs);
  }

  #watchPatience(): void {
    const begun = this.#begun;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (this.#waiting.length === 0) return;
      if (this.#begun === begun) {
        // Runs take longer than they used to.
        this.#takesMs = undefined;
        this.returnWaiting();
      } else this.#watchPatience();
    }, PATIENCE_MS);
  }
}
