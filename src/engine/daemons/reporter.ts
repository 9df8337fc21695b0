import { backoffMs } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store, Tx } from '../../store/store.ts';
import { type ReportRow, reportDelete, reportPostpone, reportTake } from '../queries/report.ts';

/** What an area makes of a report, in the transaction that also removes it: told exactly once in effect. */
export type OnReport = (tx: Tx, report: ReportRow) => Promise<void>;

const IDLE_MS = 500;

/**
 * Tells areas how their watched runs ended and what executors emitted. An area that throws is told again later;
 * other runs do not wait for it.
 */
export function reporter(store: Store, logger: Logger, areas: ReadonlyMap<string, OnReport>): Daemon {
  const names = [...areas.keys()];
  return new Daemon({
    name: 'reporter',
    logger,
    async runOnce() {
      let failed: ReportRow | undefined;
      try {
        const told = await store.transaction(async (tx) => {
          const report = await reportTake(tx, names);
          if (!report) return false;
          failed = report;
          await areas.get(report.area)?.(tx, report);
          await reportDelete(tx, report.id);
          return true;
        });
        return { nextInMs: told ? 0 : IDLE_MS };
      } catch (error) {
        if (!failed) throw error;
        logger.error(
          { err: error, report: failed.id, run: failed.runId },
          'an area refused a report; told again later',
        );
        await reportPostpone(store, failed.id, 1 + backoffMs(failed.tries + 1, 1000, 300_000) / 1000);
        return { nextInMs: 0 };
      }
    },
  });
}
