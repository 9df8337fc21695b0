import type { Bus } from '../events/bus.ts';
import { sleep } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import type { Queryable } from '../store/store.ts';
import { RUNS_TOPIC, type Run, type RunsEvent } from './model.ts';
import { runsByIds } from './queries/run_read.ts';
import { type RunState, TERMINAL } from './states.ts';

/** How often to look when no event comes. */
const POLL_MS = 1000;

function isFinal(state: RunState): boolean {
  return TERMINAL.some((final) => final === state);
}

/**
 * Waits until a run has ended: for the event that tells of it, and by looking, since events may come late.
 * @param timeoutMs how long at most
 * @returns the run as it is at its end, at the timeout, or when `signal` aborts
 * @throws AppError not_found
 */
export async function waitForRun(
  store: Queryable,
  bus: Pick<Bus, 'subscribe'>,
  runId: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Run> {
  const until = performance.now() + timeoutMs;
  const over = new AbortController();
  const stop = () => over.abort();
  // Before the first look: what ends during it is heard.
  const unsubscribe = bus.subscribe(({ topic, payload }) => {
    if (topic !== RUNS_TOPIC) return;
    const { state, ids } = payload as unknown as RunsEvent;
    if (isFinal(state) && ids.includes(runId)) stop();
  });
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      const [run] = await runsByIds(store, [runId]);
      if (!run) throw notFound(`run ${runId}`);
      const left = until - performance.now();
      if (isFinal(run.state) || left <= 0 || signal?.aborted) return run;
      await sleep(Math.min(left, POLL_MS), over.signal);
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', stop);
  }
}
