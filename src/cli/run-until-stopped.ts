import { once } from 'node:events';
import { onStopSignal } from './stop-signals.ts';
import type { Ready } from './supervisor/ready.ts';

/** What a process that serves until it is told to stop hands over once it serves. */
export interface Serving {
  readonly ready: Omit<Ready, 'type'>;
  /**
   * Ends it in order.
   * @param orphaned the supervisor is gone, and its successor may already be waiting: be quick
   */
  stop(orphaned: boolean): Promise<void>;
}

/**
 * Starts something and keeps it until a signal, or, below a supervisor, until that is gone: a supervisor that was
 * killed must not leave processes behind. A second signal ends the process at once.
 */
export async function runUntilStopped(start: () => Promise<Serving>): Promise<void> {
  // From the very first moment: a signal or the supervisor's end during the start counts as well.
  const stopping = new AbortController();
  onStopSignal((before) => {
    if (before > 0) process.kill(process.pid, 'SIGKILL');
    stopping.abort();
  });
  process.once('disconnect', () => stopping.abort());
  const serving = await start();
  process.send?.({ type: 'ready', ...serving.ready } satisfies Ready);
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await serving.stop(process.send !== undefined && !process.connected);
  if (process.connected) process.disconnect();
}
