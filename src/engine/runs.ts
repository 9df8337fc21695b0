import { AppError, notFound } from '../kernel/errors.ts';
import type { Queryable, Store, Tx } from '../store/store.ts';
import type { NewRun, Run } from './model.ts';
import { concurrencyLimit, concurrencyRelease } from './queries/concurrency_release.ts';
import { runPause, runResume, runsCancel } from './queries/run_control.ts';
import { queuesInsert, runsInsert } from './queries/run_insert.ts';
import { runsByIds } from './queries/run_read.ts';

/**
 * Enqueues runs in the caller's transaction, so that they exist if and only if what the area writes beside them does.
 * @returns their ids, in order; a second run for one (job, fire time) is left out
 */
export async function enqueue(tx: Tx, runs: readonly NewRun[]): Promise<number[]> {
  if (runs.length === 0) return [];
  await queuesInsert(tx, runs);
  const ids = await runsInsert(tx, runs);
  const limits = new Map(
    runs.flatMap((run) => (run.concurrency ? [[run.concurrency.key, run.concurrency.limit]] : [])),
  );
  if (limits.size > 0) {
    await concurrencyLimit(tx, limits);
    await concurrencyRelease(tx, [...limits.keys()].sort());
  }
  const later = runs.some((run) => run.runAt !== null && run.runAt.getTime() > Date.now());
  await tx.query(`SELECT pg_notify('longshore_runs', '')${later ? ", pg_notify('longshore_due', '')" : ''}`);
  return ids;
}

/** Lets the next runs of these keys through, after others ended. A crash before it costs time: a daemon sweeps. */
export async function releaseKeys(store: Store, runs: readonly { concurrency_key: string | null }[]): Promise<void> {
  const keys = [...new Set(runs.flatMap((run) => run.concurrency_key ?? []))].sort();
  if (keys.length === 0) return;
  await store.transaction(async (tx) => {
    if ((await concurrencyRelease(tx, keys)) > 0) await tx.query("SELECT pg_notify('longshore_runs', '')");
  });
}

/** @throws AppError not_found */
export async function getRun(db: Queryable, area: string, id: number): Promise<Run> {
  const [run] = await runsByIds(db, [id]);
  if (run?.area !== area) throw notFound(`run ${id}`);
  return run;
}

/**
 * Cancels one run. It is `cancelled` at once when it waits; a running one is `cancelling` until its worker says that
 * all of it is gone. Cancelling a run that is being cancelled is no error.
 * @throws AppError not_found, or conflict when it has ended
 */
export async function cancelRun(store: Store, area: string, id: number): Promise<Run> {
  const before = await getRun(store, area, id);
  const changed = await runsCancel(store, [id]);
  await releaseKeys(store, changed);
  const after = await getRun(store, area, id);
  if (changed.length === 0 && after.state !== 'cancelling') {
    throw new AppError('conflict', `run ${id} has ended already: it is ${before.state}`);
  }
  return after;
}

/** @throws AppError not_found, or conflict when it is not waiting or running */
export async function pauseRun(store: Store, area: string, id: number): Promise<Run> {
  const before = await getRun(store, area, id);
  const changed = await runPause(store, id);
  if (changed) await releaseKeys(store, [changed]);
  else if (before.state !== 'paused' && before.state !== 'pausing') {
    throw new AppError('conflict', `run ${id} cannot be paused: it is ${before.state}`);
  }
  return getRun(store, area, id);
}

/** @throws AppError not_found, or conflict when it is not paused */
export async function resumeRun(store: Store, area: string, id: number): Promise<Run> {
  const before = await getRun(store, area, id);
  const changed = await runResume(store, id);
  if (!changed) throw new AppError('conflict', `run ${id} cannot be resumed: it is ${before.state}`);
  await releaseKeys(store, [changed]);
  return getRun(store, area, id);
}
