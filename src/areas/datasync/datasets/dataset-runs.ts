import type { NewRun } from '../../../engine/model.ts';
import { enqueue, getRun } from '../../../engine/runs.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Tx } from '../../../store/store.ts';
import { WAREHOUSE_LOGIN } from '../job-definition.ts';
import { AREA, SYNC_KIND } from '../kinds.ts';
import { type DatasetRow, datasetProfiledBy } from './queries/dataset.ts';

/** Of all time, at most this part is spent on counting a dataset that is loaded again and again. */
const LEAST_PAUSE = 20;
const LONGEST_PAUSE_MS = 10 * 60_000;
const RETRIES = 2;
const RETRY_DELAY_SECONDS = 2;

interface DatasetRun {
  readonly name: string;
  /** What the executor does, and to which table. */
  readonly connector: Json;
  /** The dataset that is written, or counted. */
  readonly dataset: string;
  readonly createdBy: number | null;
  readonly change?: { readonly [field: string]: Json };
}

/** A run on a dataset, as the executor takes it. */
export function datasetRun({ name, connector, dataset, createdBy, change = {} }: DatasetRun): NewRun {
  return {
    jobId: null,
    area: AREA,
    kind: SYNC_KIND,
    name,
    spec: { connector, destination: { type: 'dataset', name: dataset }, warehouse: WAREHOUSE_LOGIN, ...change },
    trigger: 'manual',
    fireAt: null,
    runAt: null,
    priority: 'normal',
    tags: [],
    retryCount: RETRIES,
    retryDelaySeconds: RETRY_DELAY_SECONDS,
    timeoutSeconds: null,
    concurrency: null,
    watched: false,
    createdBy,
  };
}

export async function enqueueOne(tx: Tx, run: NewRun): Promise<number> {
  const [id] = await enqueue(tx, [run]);
  if (id === undefined) throw new Error('the run could not be made');
  return id;
}

function profileRun(dataset: DatasetRow, createdBy: number | null): NewRun {
  const schema = dataset.schema ? { schema: dataset.schema as unknown as Json } : {};
  const run = datasetRun({
    name: `profile of ${dataset.name}`,
    connector: { type: 'profile', config: { table: dataset.table_name, ...schema } },
    dataset: dataset.name,
    createdBy,
  });
  // The system's own: it moves no data, so it is none of the operations that metrics count.
  return { ...run, trigger: 'system', concurrency: { key: `profile:${dataset.id}`, limit: 1 } };
}

/** Counts a dataset anew, now. @returns the run's id */
export async function startProfile(tx: Tx, dataset: DatasetRow, createdBy: number | null): Promise<number> {
  const runId = await enqueueOne(tx, profileRun(dataset, createdBy));
  await datasetProfiledBy(tx, dataset.id, runId);
  return runId;
}

/**
 * Sees to it that a dataset is counted after it was loaded, once for several loads: a table that takes long to count is
 * counted the more seldom.
 */
export async function profileSoon(tx: Tx, dataset: DatasetRow): Promise<void> {
  if (dataset.profile_run_id !== null && (await isWaiting(tx, dataset.profile_run_id))) return;
  const pauseMs = Math.min((dataset.profile_ms ?? 0) * LEAST_PAUSE, LONGEST_PAUSE_MS);
  const earliest = (dataset.profiled_at?.getTime() ?? 0) + pauseMs;
  const runAt = earliest > Date.now() ? new Date(earliest) : null;
  const runId = await enqueueOne(tx, { ...profileRun(dataset, null), runAt });
  await datasetProfiledBy(tx, dataset.id, runId);
}

/** One that has begun may not have seen what was loaded since. */
async function isWaiting(tx: Tx, runId: number): Promise<boolean> {
  const run = await getRun(tx, AREA, runId).catch(() => undefined);
  return run?.state === 'queued' || run?.state === 'scheduled';
}
