import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { runsExpire } from '../queries/run_return.ts';
import { namedRuns, releaseKeys } from '../runs.ts';

const EVERY_MS = 10_000;
/** How long past its deadline and its worker's grace a run may be before that worker's own timer is trusted no more. */
const TRUST_SECONDS = 30;

/** Ends runs that are past their deadline although their worker still renews its lease. */
export function expirer(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'expirer',
    logger,
    async runOnce() {
      const expired = await runsExpire(store, TRUST_SECONDS);
      if (expired.length > 0) logger.warn(namedRuns(expired), 'ended runs past their deadline');
      await releaseKeys(store, expired);
      return { nextInMs: EVERY_MS };
    },
  });
}
