import type { Run } from '../../engine/model.ts';
import type { ReportRow } from '../../engine/queries/report.ts';
import { getRun } from '../../engine/runs.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Tx } from '../../store/store.ts';
import { onDatasetLoaded, onDatasetProfiled } from './datasets/dataset-reports.ts';
import { AREA } from './kinds.ts';
import { onDivided, onPartitionProgress, settlePartitioned } from './partitions.ts';
import { conflictsInsert } from './queries/conflict.ts';
import { jobStatePut } from './queries/job_state.ts';
import { quarantineForget, quarantineInsert } from './queries/quarantine.ts';
import { publishSync } from './sync-events.ts';

type Handler = (tx: Tx, run: Run, rows: readonly Json[]) => Promise<void>;

/** What the run writes to, as events name it. */
function tableOf(run: Run): string {
  const { destination } = run.spec as { destination?: { table?: string; name?: string; path?: string; url?: string } };
  return destination?.table ?? destination?.name ?? destination?.path ?? destination?.url ?? '';
}

/** The run that events tell of: parts are none of a subscriber's business. */
function wholeOf({ id, parentId }: Run): number {
  return parentId ?? id;
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  async started(tx, run, rows) {
    const { from } = (rows[0] ?? {}) as { readonly from?: number };
    if (from !== undefined) await quarantineForget(tx, run.id, from);
    // Its parent was, once for all of them.
    if (run.parentId !== null) return;
    await publishSync(tx, { type: 'sync_started', job_id: run.jobId, run_id: run.id });
  },
  async progress(tx, run, rows) {
    if (run.parentId !== null) return onPartitionProgress(tx, run);
    const latest = rows.at(-1) as { records_processed: number; records_total: number | null } | undefined;
    if (latest) {
      const { records_processed, records_total } = latest;
      await publishSync(tx, {
        type: 'sync_progress',
        job_id: run.jobId,
        run_id: run.id,
        records_processed,
        records_total,
      });
    }
  },
  async changes(tx, run, rows) {
    const table = tableOf(run);
    const changes = [...rows];
    await publishSync(tx, { type: 'record_changes', job_id: run.jobId, run_id: wholeOf(run), table, changes });
  },
  async changes_omitted(tx, run, rows) {
    const count = rows.reduce((sum: number, row) => sum + Number((row as { count?: number }).count ?? 0), 0);
    await publishSync(tx, { type: 'changes_omitted', job_id: run.jobId, run_id: wholeOf(run), count });
  },
  async quarantine(tx, run, rows) {
    await quarantineInsert(tx, run, [...rows]);
  },
  async conflicts(tx, run, rows) {
    const { jobId, id } = run;
    // A run that carries out a decision finds the conflict once more.
    if (jobId === null || (run.spec as { resolves?: Json }).resolves !== undefined) return;
    const found = await conflictsInsert(tx, { jobId, id }, [...rows]);
    if (found.length === 0) return;
    const conflicts = found.map((row) => ({
      conflict_id: row.id,
      record_id: row.record_id,
      conflict_type: row.conflict_type,
      resolution_required: row.resolution === 'pending',
    }));
    await publishSync(tx, { type: 'conflicts_detected', job_id: jobId, run_id: wholeOf(run), conflicts });
  },
  async state(tx, run, rows) {
    const state = rows.at(-1);
    if (run.jobId !== null && state !== undefined) await jobStatePut(tx, run.jobId, run.spec, state);
  },
  dataset: onDatasetLoaded,
  profile: onDatasetProfiled,
};

async function onFinished(tx: Tx, runId: number): Promise<void> {
  const { parentId } = await getRun(tx, AREA, runId);
  if (parentId !== null) await settlePartitioned(tx, parentId);
}

/**
 * What executors of the area tell, in the engine's transaction that removes the report: each takes effect once. A report
 * of a type that a later version knows is dropped.
 */
export async function onSyncReport(tx: Tx, report: ReportRow): Promise<void> {
  if (report.type === 'suspended') return onDivided(tx, report.runId);
  if (report.type === 'finished') return onFinished(tx, report.runId);
  const handler = HANDLERS[report.type];
  if (!handler || !Array.isArray(report.payload)) return;
  await handler(tx, await getRun(tx, AREA, report.runId), report.payload);
}
