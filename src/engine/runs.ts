import { AppError, notFound } from '../kernel/errors.ts';
import type { Queryable, Store, Tx } from '../store/store.ts';
import type { NewRun, Run } from './model.ts';
import { concurrencyLimit, concurrencyLockOf, concurrencyRelease } from './queries/concurrency_release.ts';
import { type ControlledRun, runPause, runResume, runsCancel } from './queries/run_control.ts';
import { runsInsert } from './queries/run_insert.ts';
import { runsByIds } from './queries/run_read.ts';

/**
 * Enqueues runs in the caller's transaction, so that they exist if and only if what the area writes beside them does.
 * @returns their ids, in order; a second run for one (job, fire time) is left out
 */
export async function enqueue(tx: Tx, runs: readonly NewRun[]): Promise<number[]> {
  if (runs.length === 0) return [];
  const ids = await runsInsert(tx, runs);
  const limits = new Map(
    runs.flatMap((run) => (run.concurrency ? [[run.concurrency.key, run.concurrency.limit]] : [])),
  );
  if (limits.size > 0) {
    await concurrencyLimit(tx, limits);
    await letThrough(tx, [...limits.keys()].sort());
  }
  return ids;
}

/** Lets the next runs of these keys through, after others ended. A crash before it costs time: a daemon sweeps. */
export async function releaseKeys(store: Store, runs: readonly { concurrency_key: string | null }[]): Promise<void> {
  const keys = [...new Set(runs.flatMap((run) => run.concurrency_key ?? []))].sort();
  if (keys.length > 0) await store.transaction((tx) => letThrough(tx, keys));
}

const MOST_NAMED = 100;

/** What a log line says of runs: how many there are, and which, up to a hundred. */
export function namedRuns(runs: readonly { id: number }[]): { count: number; runs: number[] } {
  return { count: runs.length, runs: runs.slice(0, MOST_NAMED).map(({ id }) => id) };
}

/** @param keys in order */
async function letThrough(tx: Tx, keys: readonly string[]): Promise<void> {
  if ((await concurrencyRelease(tx, keys)) > 0) await tx.query("SELECT pg_notify('longshore_runs', '')");
}

/** @throws AppError not_found */
export async function getRun(db: Queryable, area: string, id: number): Promise<Run> {
  const [run] = await runsByIds(db, [id]);
  if (run?.area !== area) throw notFound(`run ${id}`);
  return run;
}

/**
 * Changes one run and lets through whom that makes room for. Its key is locked before the run is, as everybody does
 * who holds both until the end of a transaction.
 * @returns the run as it is now, and whether `change` found it in a state for it
 */
async function control(
  tx: Tx,
  area: string,
  id: number,
  change: (tx: Tx, id: number) => Promise<ControlledRun | undefined>,
): Promise<{ after: Run; changed: boolean }> {
  await getRun(tx, area, id);
  await concurrencyLockOf(tx, id);
  const changed = await change(tx, id);
  if (changed?.concurrency_key) await letThrough(tx, [changed.concurrency_key]);
  return { after: await getRun(tx, area, id), changed: changed !== undefined };
}

/**
 * Cancels one run, with its children, in the caller's transaction. It is `cancelled` at once when it waits; a running one is `cancelling`
 * until its worker says that all of it is gone. Cancelling a run that is being cancelled is no error.
 * @throws AppError not_found, or conflict when it has ended
 */
export async function cancelRun(tx: Tx, area: string, id: number): Promise<Run> {
  const { after, changed } = await control(tx, area, id, async (db) =>
    (await runsCancel(db, [id])).find((run) => run.id === id),
  );
  if (!changed && after.state !== 'cancelling') {
    throw new AppError('conflict', `run ${id} has ended already: it is ${after.state}`);
  }
  return after;
}

/**
 * Pauses one run, with its children, in the caller's transaction: at once when it waits, else where its executor can go on from.
 * @throws AppError not_found, or conflict when it is not waiting or running
 */
export async function pauseRun(tx: Tx, area: string, id: number): Promise<Run> {
  const { after, changed } = await control(tx, area, id, runPause);
  if (!changed && after.state !== 'paused' && after.state !== 'pausing') {
    throw new AppError('conflict', `run ${id} cannot be paused: it is ${after.state}`);
  }
  return after;
}

/**
 * Lets a run that is paused, or about to be, go on, with its children, in the caller's transaction.
 * @throws AppError not_found, or conflict when it is neither
 */
export async function resumeRun(tx: Tx, area: string, id: number): Promise<Run> {
  const { after, changed } = await control(tx, area, id, runResume);
  if (!changed) throw new AppError('conflict', `run ${id} cannot be resumed: it is ${after.state}`);
  return after;
}

/**
 * Locks a run until the transaction ends, after its concurrency key, as everybody does who holds both.
 * @returns undefined where it is pruned away
 */
export async function lockRun(tx: Tx, id: number): Promise<Run | undefined> {
  await concurrencyLockOf(tx, id);
  await tx.query('SELECT FROM longshore.runs WHERE id = $1 FOR UPDATE', [id]);
  const [run] = await runsByIds(tx, [id]);
  return run;
}
