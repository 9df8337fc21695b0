import type { Logger } from '../kernel/logger.ts';
import { Daemon, type Round } from '../kernel/service.ts';
import type { Queryable } from '../store/store.ts';
import { FORGET_SECONDS } from './login-throttle.ts';
import { pruneAuth } from './queries/auth_prune.ts';

const HOUR_MS = 3_600_000;
const BATCH = 1000;

/** Deletes sign-ins long over, with their tokens, and counts of attempts that no longer count. */
export function tokenPruner(store: Queryable, logger: Logger): Daemon {
  return new Daemon({ name: 'token-pruner', logger, runOnce: () => pruneTokens(store) });
}

/** One batch. */
export async function pruneTokens(store: Queryable): Promise<Round> {
  return { nextInMs: (await pruneAuth(store, BATCH, FORGET_SECONDS)) ? 0 : HOUR_MS };
}
