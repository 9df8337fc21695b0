import type { Actor } from '../../auth/identity.ts';
import { getJob } from '../../engine/jobs.ts';
import { waitForRun } from '../../engine/run-end.ts';
import { cancelRun } from '../../engine/runs.ts';
import type { Bus } from '../../events/bus.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Store } from '../../store/store.ts';
import { numberOf } from './ids.ts';
import { startForJob } from './jobs.ts';
import { AREA, SYNC_KIND } from './kinds.ts';
import { syncStatus } from './status.ts';

/** Somebody waits for it: a source that takes longer is too slow to be looked at this way. */
const PREVIEW_MS = 30_000;

/**
 * The first records of a job's source, before and after its transformations; nothing is written. It is a run on a
 * worker, since a server dials nothing.
 * @param signal aborts when nobody waits for it any more
 * @throws AppError `not_found`, `conflict` with the source's error, `unavailable` when no worker has answered in time
 */
export async function previewJob(
  { store, bus }: { readonly store: Store; readonly bus: Bus },
  actor: Actor,
  id: string,
  rows: number,
  signal: AbortSignal,
): Promise<Json> {
  const job = await getJob(store, AREA, numberOf('job', id)).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'not_found' ? notFound(`job ${id}`) : error;
  });
  const preview = { name: `preview of ${job.name}`, kind: SYNC_KIND, change: { preview: rows } };
  const once = { ...job, retryCount: 0, timeoutSeconds: PREVIEW_MS / 1000 };
  const runId = await store.transaction((tx) => startForJob(tx, actor, once, preview));
  const run = await waitForRun(store, bus, runId, PREVIEW_MS, signal);
  const status = syncStatus(run.state);
  if (status === 'completed') return run.output;
  if (run.finishedAt) throw new AppError('conflict', run.error ?? `the preview was ${status}`);
  // Nobody would look at it any more. If it ends this very moment, so be it.
  await store.transaction((tx) => cancelRun(tx, AREA, runId)).catch(() => undefined);
  if (signal.aborted) throw new AppError('unavailable', 'The server closes. Try again in a moment.');
  throw new AppError('unavailable', 'No preview came within 30 s: is a worker running, and is the source reachable?');
}
