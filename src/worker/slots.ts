import type { AbortReason } from '../protocol/executor.ts';
import type { Outcome, RunRef } from '../protocol/worker.ts';
import type { Attempt } from './attempt.ts';

/** Runs are leased ahead for about so long: enough to hide the way to the server and back. */
const AHEAD_MS = 50;
const AHEAD_MOST = 2000;
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
  /** In the order of their lease. */
  readonly #waiting: { readonly attempt: Attempt; readonly since: number }[] = [];
  #active = 0;
  /** How long attempts take, a moving average; undefined = not known. */
  #takesMs: number | undefined;
  #patience: NodeJS.Timeout | undefined;

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
    this.#waiting.push({ attempt, since: performance.now() });
    this.#fill();
  }

  abort(ref: RunRef, reason: AbortReason): void {
    const attempt = this.#attempts.get(keyOf(ref));
    attempt?.abort(reason);
    const place = this.#waiting.findIndex((waiting) => waiting.attempt === attempt);
    if (place >= 0 && attempt?.aborted) this.#end(this.#waiting.splice(place, 1));
  }

  abortAll(reason: AbortReason): void {
    for (const attempt of this.#attempts.values()) attempt.abort(reason);
    this.#end(this.#waiting.splice(0));
  }

  /** Gives back what has not begun. */
  returnWaiting(): void {
    this.#return(this.#waiting.length);
  }

  #return(count: number): void {
    const returned = this.#waiting.splice(0, count);
    for (const { attempt } of returned) attempt.abort('drain');
    this.#end(returned);
  }

  /** Aborted before their executors begin, they need no slot, and tell nothing of how long runs take. */
  #end(waiting: readonly { readonly attempt: Attempt }[]): void {
    for (const { attempt } of waiting) this.#begin(attempt, false);
  }

  #fill(): void {
    while (this.#active < this.limit) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#begin(next.attempt, true);
    }
    this.#watchPatience();
  }

  #begin(attempt: Attempt, timed: boolean): void {
    if (timed) this.#active += 1;
    const begunAt = performance.now();
    void attempt.execute().then((outcome) => {
      if (timed) {
        this.#learn(performance.now() - begunAt);
        this.#active -= 1;
      }
      this.#attempts.delete(keyOf(attempt.ref));
      this.#fill();
      this.#options.onEnd(outcome);
    });
  }

  #learn(tookMs: number): void {
    this.#takesMs = this.#takesMs === undefined ? tookMs : this.#takesMs + 0.1 * (tookMs - this.#takesMs);
  }

  /** Gives back what was to begin at once and did not: runs take longer than they used to. */
  #watchPatience(): void {
    if (this.#patience || this.#waiting.length === 0) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      const before = performance.now() - PATIENCE_MS;
      const late = this.#waiting.filter(({ since }) => since <= before).length;
      if (late > 0) this.#takesMs = undefined;
      this.#return(late);
      this.#watchPatience();
    }, PATIENCE_MS);
  }
}
