import { describe, expect, it, vi } from 'vitest';
import { silent } from '../../test/support/database.ts';
import type { Executor, RunContext } from '../protocol/executor.ts';
import type { Outcome } from '../protocol/worker.ts';
import { Attempt } from './attempt.ts';
import { Slots } from './slots.ts';
import { Updates } from './updates.ts';

/** Attempts whose end the test decides. */
class Harness {
  readonly outcomes: (Outcome | undefined)[] = [];
  readonly begun: number[] = [];
  readonly #ends = new Map<number, () => void>();
  #next = 1;
  #waiting: (() => void)[] = [];
  readonly slots = new Slots({
    onEnd: (outcome) => {
      this.outcomes.push(outcome);
      for (const wake of this.#waiting.splice(0)) wake();
    },
  });
  readonly #executor: Executor = {
    kind: 'noop',
    pausable: false,
    run: (_spec, { runId, signal }: RunContext) => {
      this.begun.push(runId);
      return new Promise((resolve, reject) => {
        this.#ends.set(runId, () => resolve({}));
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  };

  constructor(limit: number) {
    this.slots.limit = limit;
  }

  add(count: number): void {
    const port = { update: async () => ({ stale: [] }) };
    const updates = new Updates({ port, sessionId: 1, logger: silent, onStale: () => undefined });
    for (let i = 0; i < count; i += 1) {
      const run = {
        id: this.#next++,
        epoch: 1,
        kind: 'noop',
        name: 'test',
        attempt: 1,
        spec: {},
        timeout_seconds: null,
        idempotency_key: 'test',
        checkpoint: null,
        log_bytes: 0,
      };
      const blobChunk = () => Promise.reject(new Error('there are no blobs'));
      const options = { run, executor: this.#executor, updates, blobChunk, logCapBytes: 1000, logger: silent };
      this.slots.add(new Attempt(options));
    }
  }

  async end(...ids: number[]): Promise<void> {
    const before = this.outcomes.length;
    for (const id of ids) this.#ends.get(id)?.();
    await this.ended(before + ids.length);
  }

  async ended(count: number): Promise<void> {
    while (this.outcomes.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

describe('slots', () => {
  it('leases nothing ahead before it knows how long runs take', async () => {
    const { slots } = new Harness(4);
    expect(slots.wanted).toBe(4);
  });

  it('leases ahead when runs end within milliseconds, and begins them in order', async () => {
    const harness = new Harness(2);
    // They take no time, however busy the machine is.
    vi.spyOn(performance, 'now').mockReturnValue(0);
    harness.add(2);
    await harness.end(1, 2);
    expect(harness.slots.wanted).toBeGreaterThan(4);
    harness.add(5);
    expect(harness.begun).toEqual([1, 2, 3, 4]);
    await harness.end(3);
    expect(harness.begun).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives back what was leased ahead when runs take longer than they used to', async () => {
    const harness = new Harness(1);
    harness.add(1);
    await harness.end(1);
    harness.add(3);
    await harness.ended(3);
    expect(harness.begun).toEqual([1, 2]);
    expect(harness.outcomes.slice(1).map((outcome) => [outcome?.id, outcome?.status])).toEqual([
      [3, 'released'],
      [4, 'released'],
    ]);
    expect(harness.slots.wanted).toBe(0);
  });

  it('ends what waits and what runs when the lease is lost, and has nothing to say of it', async () => {
    const harness = new Harness(1);
    harness.add(3);
    harness.slots.abortAll('lost');
    await harness.ended(3);
    expect(harness.begun).toEqual([1]);
    expect(harness.outcomes).toEqual([undefined, undefined, undefined]);
    expect(harness.slots.size).toBe(0);
  });

  it('cancels what waits without beginning it', async () => {
    const harness = new Harness(1);
    harness.add(2);
    harness.slots.abort({ id: 2, epoch: 1 }, 'cancel');
    await harness.ended(1);
    await harness.end(1);
    expect(harness.begun).toEqual([1]);
    expect(harness.outcomes.map((outcome) => outcome?.status)).toEqual(['cancelled', 'succeeded']);
  });
});
