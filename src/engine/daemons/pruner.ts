import { eventsPrune } from '../../events/bus.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { logPartitionsCreate, logPartitionsDrop, strayLogsPrune } from '../queries/log.ts';
import { rollupsFold } from '../queries/rollup_fold.ts';
import { runsPrune } from '../queries/run_prune.ts';
import { workersPrune } from '../queries/worker.ts';

const EVERY_MS = 10 * 60_000;
const PARTITIONS_AHEAD_DAYS = 3;
const EVENT_HOURS = 24;
const BATCH = 5000;

/** Repeats `work`, which does up to a batch and says how much it did, until it finds no whole one. */
async function inBatches(signal: AbortSignal, work: (limit: number) => Promise<number>): Promise<void> {
  let done: number;
  do {
    done = await work(BATCH);
  } while (done === BATCH && !signal.aborted);
}

/**
 * Makes the coming days' log partitions, and removes what is older than the retention: log partitions whole, runs in
 * batches, old events, and workers that have long been gone. Counters stay, those of past days folded.
 */
export function pruner(store: Store, logger: Logger, retentionDays: number): Daemon {
  return new Daemon({
    name: 'pruner',
    logger,
    async runOnce(signal) {
      const made = await logPartitionsCreate(store, PARTITIONS_AHEAD_DAYS);
      const dropped = await logPartitionsDrop(store, retentionDays);
      if (dropped.done.length > 0) logger.info({ partitions: dropped.done }, 'dropped old log lines');
      const busy = [...made.busy, ...dropped.busy];
      if (busy.length > 0) logger.info({ partitions: busy }, 'log partitions are being read; changed in a later round');
      await inBatches(signal, (limit) => strayLogsPrune(store, retentionDays, limit));
      let afterId: number | null = 0;
      do {
        afterId = (await runsPrune(store, retentionDays, afterId, BATCH)).nextAfterId;
      } while (afterId !== null && !signal.aborted);
      await inBatches(signal, (limit) => rollupsFold(store, limit));
      await eventsPrune(store, EVENT_HOURS);
      await workersPrune(store, retentionDays);
      return { nextInMs: EVERY_MS };
    },
  });
}
