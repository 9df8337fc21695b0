import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Queryable } from '../../store/store.ts';
import { AREA } from './kinds.ts';
import {
  conflictsPrune,
  loadedBlobsPrune,
  oldBlobsPrune,
  pushRequestsPrune,
  quarantinePrune,
} from './queries/retention.ts';

const EVERY_MS = 3_600_000;
/** Blobs in one statement: each may have thousands of chunks. */
const BLOBS = 20;
const ROWS = 1000;
/** A while for whoever wonders what a load has made of it. */
const LOADED_HOURS = 24;
/** A little longer than an unfinished blob lives. */
const BROKEN_OFF_HOURS = 25;

interface Options {
  readonly store: Queryable;
  readonly logger: Logger;
  readonly retentionDays: number;
}

/**
 * Removes what came in and is needed no more: the bytes of pushes a day after they were loaded, those of everything
 * else, unless a job still reads them, with the retention; then what was known of them. So go refused records and conflicts
 * that were decided. Any number of servers may run it.
 */
export function pushPruner({ store, logger, retentionDays }: Options): Daemon {
  return new Daemon({
    name: 'push-pruner',
    logger,
    async runOnce() {
      const loaded = await loadedBlobsPrune(store, AREA, LOADED_HOURS, BLOBS);
      const old = await oldBlobsPrune(store, AREA, retentionDays, BLOBS);
      const requests = await pushRequestsPrune(store, retentionDays, BROKEN_OFF_HOURS, ROWS);
      const refused = await quarantinePrune(store, retentionDays, ROWS);
      const decided = await conflictsPrune(store, retentionDays, ROWS);
      const more = loaded === BLOBS || old === BLOBS || [requests, refused, decided].includes(ROWS);
      return { nextInMs: more ? 0 : EVERY_MS };
    },
  });
}
