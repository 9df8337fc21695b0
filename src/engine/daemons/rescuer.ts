import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { runsExpire, runsRescue } from '../queries/run_return.ts';
import { releaseKeys } from '../runs.ts';

const EVERY_MS = 1000;
/** How long past its deadline a run may be before the server no longer trusts its worker's own timer. */
const DEADLINE_GRACE_SECONDS = 30;

/** Takes back the runs of workers that are gone, and ends runs that are past their deadline. */
export function rescuer(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'rescuer',
    logger,
    async runOnce() {
      const rescued = await runsRescue(store);
      if (rescued.length > 0) logger.warn({ runs: rescued.length }, 'rescued runs of lost workers');
      const expired = await runsExpire(store, DEADLINE_GRACE_SECONDS);
      if (expired.length > 0) logger.warn({ runs: expired.length }, 'ended runs past their deadline');
      await releaseKeys(store, [...rescued, ...expired]);
      return { nextInMs: EVERY_MS };
    },
  });
}
