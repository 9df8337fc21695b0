import { sleep } from '../../kernel/clock.ts';
import { CliFailure } from '../failure.ts';

/** How long a server that went away (a restart) is waited for before a wait or a follow gives up, in milliseconds. */
export const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

export function isAway(error: unknown): boolean {
  return error instanceof CliFailure && error.exit === 'unreachable';
}

/** Calls again while the server cannot be reached, up to PATIENCE_MS. Only for calls that may be repeated. */
export async function patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isAway(error) || signal.aborted || performance.now() > giveUpAt) throw error;
      await sleep(AGAIN_MS, signal);
    }
  }
}
