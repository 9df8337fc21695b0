import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { concurrencyRelease, concurrencyWaiting } from '../queries/concurrency_release.ts';
import { runsPromote } from '../queries/run_return.ts';

const BATCH = 1000;
const LONGEST_SLEEP_MS = 1000;

/** Queues runs whose time has come, and lets gated ones through that a crash has left behind. */
export function promoter(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'promoter',
    logger,
    async runOnce() {
      const { promoted, nextInMs } = await runsPromote(store, BATCH);
      await store.transaction(async (tx) => {
        const keys = await concurrencyWaiting(tx);
        if (keys.length > 0 && (await concurrencyRelease(tx, keys)) > 0) {
          await tx.query("SELECT pg_notify('longshore_runs', '')");
        }
      });
      return { nextInMs: promoted === BATCH ? 0 : Math.min(nextInMs ?? LONGEST_SLEEP_MS, LONGEST_SLEEP_MS) };
    },
  });
}
