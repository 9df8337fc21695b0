import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store } from '../../store/store.ts';
import { runsGiveBack, runsRescue } from '../queries/run_return.ts';
import { sessionsLapse, sessionsLeftHolding } from '../queries/session.ts';
import { namedRuns, releaseKeys } from '../runs.ts';

const EVERY_MS = 1000;

/** Takes back the runs of workers that are gone. */
export function rescuer(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'rescuer',
    logger,
    async runOnce() {
      // In statements of their own: what was committed while a session ended must be seen when its runs are taken.
      await sessionsLapse(store);
      const rescued = await runsRescue(store);
      if (rescued.length > 0) logger.warn(namedRuns(rescued), 'rescued runs of lost workers');
      for (const session of await sessionsLeftHolding(store)) rescued.push(...(await runsGiveBack(store, session, [])));
      await releaseKeys(store, rescued);
      return { nextInMs: EVERY_MS };
    },
  });
}
