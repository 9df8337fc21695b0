/**
 * Runs that are divided into partitions. The executor of such a run only plans: it answers with the parts and is
 * suspended, so it holds no worker while it waits. Its report brings about one child run for each part, and the report
 * of each child's end looks whether all have ended; the last one ends the parent. Both lock the parent first, so
 * whatever is told twice, or at one time, has its effect once.
 *
 * At the destination each partition has a state and a fence of its own, so that a child which is killed goes on from
 * its own last commit. A full refresh that appends must not append again what a run that failed has committed: the next
 * run takes over the parts which that one has left undone, and only these. Where none is left it ends at once, as the
 * former one would have ended.
 */
import { Compile } from 'typebox/compile';
import type { Run } from '../../engine/model.ts';
import { type DividedEnd, runSettle } from '../../engine/queries/run_control.ts';
import { enqueue, lockRun } from '../../engine/runs.ts';
import { type RunState, TERMINAL } from '../../engine/states.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Tx } from '../../store/store.ts';
import { onDatasetLoaded } from './datasets/dataset-reports.ts';
import { datasetTable } from './executor/dataset-table.ts';
import type { LoadReport } from './executor/datasets/dataset-loaded.ts';
import { type Partition, PartitionPlan } from './executor/partition.ts';
import type { PipelineResult } from './executor/pipeline/pipeline.ts';
import { type DestinationSpec, modeOf } from './executor/spec/destinations.ts';
import { idOf } from './ids.ts';
import type { SyncSpec } from './job-definition.ts';
import { PARTITION_KIND } from './kinds.ts';
import { brokenOffBefore, type PartitionRow, partitionProgress, partitionsOf, policyOf } from './queries/partition.ts';
import { publishSync } from './sync-events.ts';

/** Of a partition's error, in that of the whole. */
const ERROR_LENGTH = 500;

const plans = Compile(PartitionPlan);

/** A run has planned what it is divided into: makes the children, unless it was paused or cancelled meanwhile. */
export async function onDivided(tx: Tx, runId: number): Promise<void> {
  const run = await lockRun(tx, runId);
  if (run?.state !== 'suspended') return;
  if ((await partitionsOf(tx, runId)).length > 0) return settlePartitioned(tx, runId);
  if (!plans.Check(run.output)) {
    const error = 'its worker has planned partitions that this server does not understand; upgrade both to one version';
    await runSettle(tx, runId, { state: 'failed', output: null, error });
    return;
  }
  const former = await brokenOff(tx, run, run.output);
  if (former === undefined) return enqueueChildren(tx, run, partitionsIn(run.output));
  const undone = former.partitions.filter(isUndone);
  if (undone.length === 0) return settleDone(tx, run, former);
  await enqueueChildren(tx, run, undone.map(shareOf));
}

/** What a child is told of. */
interface Share {
  readonly partition: Partition;
  /** The first of the former runs that had it; one of them may have done it, and its report was lost. */
  readonly takes_over?: number;
}

function partitionsIn({ parts, ...common }: PartitionPlan): Share[] {
  return parts.map((part, index) => ({ partition: { number: index + 1, of: parts.length, part, ...common } }));
}

/** A run that was divided and did not succeed. */
interface Former {
  readonly id: number;
  readonly partitions: readonly PartitionRow[];
}

/** Where rows are appended: the run before, if it was to do the same and did not succeed. */
async function brokenOff(tx: Tx, run: Run, { definition }: PartitionPlan): Promise<Former | undefined> {
  const { destination } = run.spec as unknown as { readonly destination: DestinationSpec };
  if (modeOf(destination) !== 'append' || run.jobId === null) return undefined;
  const id = await brokenOffBefore(tx, run.jobId, run.id);
  if (id === undefined) return undefined;
  const partitions = await partitionsOf(tx, id);
  return partitions.every(({ partition }) => partition.definition === definition) ? { id, partitions } : undefined;
}

/** One that was cancelled when it had written its last rows has an output: its rows must not come again. */
function isUndone({ state, output }: PartitionRow): boolean {
  return state !== 'succeeded' && output === null;
}

function shareOf({ id, takes_over, partition }: PartitionRow): Share {
  return { partition, takes_over: takes_over ?? id };
}

/**
 * Ends a run whose parts are all in the table already. What they have refused together counts again, by what the job
 * allows now: whoever lets that pass has looked at the quarantine.
 */
async function settleDone(tx: Tx, run: Run, { id, partitions }: Former): Promise<void> {
  const { records_read, records_written, records_rejected, ...done } = sumOf(partitions);
  const from = idOf('run', id);
  const output = {
    ...{ ...done, records_read: 0, records_written: 0, records_rejected: 0, records_removed: 0, partitions: [] },
    taken_over_from: { run_id: from, records_read, records_written, records_rejected },
  };
  const tooMany = tooManyRefused(run, records_rejected);
  const error =
    tooMany &&
    `all partitions of ${from} are in the table, and none is appended again: ${tooMany}. Allow more to leave it at that, or reset the job to append all of it anew`;
  await settle(tx, run, { state: error === undefined ? 'succeeded' : 'failed', output, error: error ?? null });
}

async function enqueueChildren(tx: Tx, run: Run, shares: readonly Share[]): Promise<void> {
  const { partitions: _, ...spec } = run.spec as SyncSpec;
  const { jobId, area, priority, retryCount, timeoutSeconds, createdBy } = run;
  const common = { jobId, area, priority, retryCount, timeoutSeconds, createdBy, ...(await policyOf(tx, run.id)) };
  await enqueue(
    tx,
    shares.map((share) => ({
      ...common,
      parentId: run.id,
      kind: PARTITION_KIND,
      name: `${run.name}, ${labelOf(share.partition)}`,
      spec: { ...spec, ...share },
      // Beside the job's own runs: none of its schedule's business.
      trigger: 'system' as const,
      fireAt: null,
      runAt: null,
      concurrency: null,
      watched: true,
    })),
  );
}

function labelOf({ number, of }: Partition): string {
  return `partition ${number} of ${of}`;
}

/** A partition has told how far it is: tells how far the whole is. */
export async function onPartitionProgress(tx: Tx, { jobId, parentId }: Run): Promise<void> {
  if (parentId === null) return;
  const progress = await partitionProgress(tx, parentId);
  if (!progress) return;
  const { done: records_processed, total: records_total } = progress;
  await publishSync(tx, { type: 'sync_progress', job_id: jobId, run_id: parentId, records_processed, records_total });
}

function isFinal(state: RunState): boolean {
  return TERMINAL.some((final) => final === state);
}

/** Ends a suspended run if all of its partitions have ended. */
export async function settlePartitioned(tx: Tx, parentId: number): Promise<void> {
  const run = await lockRun(tx, parentId);
  if (run?.state !== 'suspended') return;
  await partitionProgress(tx, parentId);
  const partitions = await partitionsOf(tx, parentId);
  // None: they are still to be made.
  if (partitions.length === 0 || !partitions.every(({ state }) => isFinal(state))) return;
  await settle(tx, run, endOf(run, partitions));
}

async function settle(tx: Tx, run: Run, end: DividedEnd): Promise<void> {
  await runSettle(tx, run.id, end);
  if (end.state === 'succeeded') await tellOfDataset(tx, run, end.output as unknown as PipelineResult);
}

function endOf(run: Run, partitions: readonly PartitionRow[]): DividedEnd {
  const output = sumOf(partitions);
  const failed = partitions.filter(({ state }) => state !== 'succeeded');
  if (failed.length > 0) return { state: 'failed', output, error: failed.map(failureOf).join('; ') };
  const error = tooManyRefused(run, output.records_rejected) ?? null;
  return { state: error === null ? 'succeeded' : 'failed', output, error };
}

function tooManyRefused({ spec }: Run, refused: number): string | undefined {
  const { max_errors: most = null } = spec as { readonly max_errors?: number | null };
  if (most === null || refused <= most) return undefined;
  return `${refused} records were refused by all partitions together, more than max_errors (${most}) allows; the quarantine tells why`;
}

function failureOf({ id, state, partition, error }: PartitionRow): string {
  const how =
    state === 'cancelled' ? 'was cancelled' : `failed: ${(error ?? 'no reason is known').slice(0, ERROR_LENGTH)}`;
  return `${labelOf(partition)} (${idOf('run', id)}) ${how}`;
}

function sumOf(partitions: readonly PartitionRow[]) {
  const results = partitions.flatMap(({ output }) => (output === null ? [] : [output as unknown as PipelineResult]));
  const sum = (field: 'records_read' | 'records_written' | 'records_rejected' | 'records_removed') =>
    results.reduce((total, result) => total + Number(result[field] ?? 0), 0);
  return {
    records_read: sum('records_read'),
    records_written: sum('records_written'),
    records_rejected: sum('records_rejected'),
    records_removed: sum('records_removed'),
    exactly_once: results.every(({ exactly_once }) => exactly_once),
    partitions: partitions.map(({ id, state }) => ({ run_id: idOf('run', id), state })),
  };
}

async function tellOfDataset(tx: Tx, run: Run, { records_rejected: refused }: PipelineResult): Promise<void> {
  const { destination } = run.spec as unknown as { readonly destination: DestinationSpec };
  if (destination.type !== 'dataset') return;
  const { name, category = null } = destination;
  const report: LoadReport = { name, table: datasetTable(name), category, refused, replaced: false };
  await onDatasetLoaded(tx, run, [report satisfies Json]);
}
