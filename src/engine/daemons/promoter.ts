import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { concurrencyRelease, concurrencyWaiting } from '../queries/concurrency_release.ts';
import { runsPromote } from '../queries/run_return.ts';

const BATCH = 1000;
const LONGEST_SLEEP_MS = 1000;
/** Keys are released when their runs end or are promoted; this is for what a crash in between has left. */
const SWEEP_MS = 10_000;
/** Few at a time: each lock on a key holds up who reports or enqueues runs of it. */
const SWEEP_KEYS = 100;

async function release(store: Store, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await store.transaction(async (tx) => {
    if ((await concurrencyRelease(tx, keys)) > 0) await tx.query("SELECT pg_notify('longshore_runs', '')");
  });
}

/** Queues runs whose time has come, and lets gated ones through that a crash has left behind. */
export function promoter(store: Store, logger: Logger): Daemon {
  let sweepAt = 0;
  return new Daemon({
    name: 'promoter',
    logger,
    async runOnce(signal) {
      const { keys, promoted, nextInMs } = await runsPromote(store, BATCH);
      await release(store, keys.sort());
      if (performance.now() >= sweepAt) {
        const waiting = (await concurrencyWaiting(store)).sort();
        for (let i = 0; i < waiting.length && !signal.aborted; i += SWEEP_KEYS) {
          await release(store, waiting.slice(i, i + SWEEP_KEYS));
        }
        sweepAt = performance.now() + SWEEP_MS;
      }
      return { nextInMs: promoted === BATCH ? 0 : Math.min(nextInMs ?? LONGEST_SLEEP_MS, LONGEST_SLEEP_MS) };
    },
  });
}
