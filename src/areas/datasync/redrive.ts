import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import { getJob } from '../../engine/jobs.ts';
import type { Job } from '../../engine/model.ts';
import { getRun } from '../../engine/runs.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { idOf, numberOf } from './ids.ts';
import { onceKey } from './job-definition.ts';
import { startForJob } from './jobs.ts';
import { AREA, LOAD_KIND } from './kinds.ts';
import { blobOf } from './push-blob.ts';
import { type ConflictRow, conflictGet, conflictResolve } from './queries/conflict.ts';
import { quarantineRedriven, quarantineTake } from './queries/quarantine.ts';

/** Records of one redrive; the next request takes the next ones. */
const REDRIVE_RECORDS = 10_000;

async function jobOf(db: Queryable, id: string): Promise<Job> {
  try {
    return await getJob(db, AREA, numberOf('job', id));
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') throw notFound(`job ${id}`);
    throw error;
  }
}

/**
 * A run that takes `records` instead of the job's source. It is a sync of its own at the destination: what the job has
 * synced, and how far it is, stays as it is.
 */
async function loadFor(
  tx: Tx,
  actor: Actor,
  job: Job,
  records: readonly string[],
  how: { readonly name: string; readonly change?: { readonly [field: string]: Json }; readonly turn?: string },
): Promise<number> {
  const blobId = await blobOf(tx, Buffer.from(`${records.join('\n')}\n`));
  const { destination } = job.spec as { destination?: { [field: string]: Json } };
  // Over what there is: a table that is built anew each time gets these rows added, and nothing counts as vanished.
  const mode = destination?.mode === 'overwrite' ? { mode: 'append' } : {};
  return startForJob(tx, actor, job, {
    name: how.name,
    kind: LOAD_KIND,
    ...(how.turn === undefined ? {} : { turn: how.turn }),
    change: {
      connector: { type: 'file', config: { file_id: idOf('file', blobId), format: 'ndjson' } },
      destination: {
        ...destination,
        ...mode,
        ...(destination?.on_missing === undefined ? {} : { on_missing: 'keep' }),
      },
      sync_mode: 'full_refresh',
      key: onceKey(),
      ...how.change,
    },
  });
}

/**
 * Takes refused records again, through the job as it is now.
 * @param ids only these; undefined = all that no run has taken yet, the oldest 10,000
 * @throws AppError `not_found`, `conflict` when there is none
 */
export async function redriveQuarantine(
  tx: Tx,
  actor: Actor,
  id: string,
  ids: readonly number[] | undefined,
): Promise<{ runId: number; records: number }> {
  const job = await jobOf(tx, id);
  const taken = await quarantineTake(tx, job.id, ids, REDRIVE_RECORDS);
  if (taken.length === 0) {
    throw new AppError('conflict', 'there is no record to drive again: none, taken already, or not whole');
  }
  const records = taken.map((row) => row.raw);
  const runId = await loadFor(tx, actor, job, records, { name: `redrive of ${job.name}` });
  await quarantineRedriven(
    tx,
    taken.map((row) => row.id),
    runId,
  );
  const details = { run: runId, records: taken.length };
  await recordAudit(tx, actor, { action: 'sync_job.redrive', target: `sync_job:${job.id}`, details });
  return { runId, records: taken.length };
}

export interface Decision {
  readonly resolution: 'source' | 'target' | 'values';
  /** Of `values`: what the row is to be, its key included. */
  readonly values?: { readonly [column: string]: Json } | undefined;
}

const RESOLUTIONS = { source: 'source_wins', target: 'target_wins', values: 'merged' } as const;

/** A decision whose run has failed is nobody's any more. */
async function carriedOutInVain(tx: Tx, { resolved_run }: ConflictRow): Promise<boolean> {
  if (resolved_run === null) return false;
  const { state } = await getRun(tx, AREA, resolved_run);
  return ['failed', 'dead', 'cancelled'].includes(state);
}

/**
 * Carries out what somebody has decided of a conflict: runs write it, past the job's transformations, which the values
 * have behind them. In any case the source's values count as synced, so that they conflict no more until they change.
 * @throws AppError `not_found`, `conflict` when it is decided already
 */
export async function resolveConflict(
  tx: Tx,
  actor: Actor,
  id: string,
  { resolution, values }: Decision,
): Promise<ConflictRow> {
  const number = numberOf('conflict', id);
  const conflict = await conflictGet(tx, number, true);
  if (!conflict) throw notFound(`conflict ${id}`);
  if (conflict.resolution !== 'pending' && !(await carriedOutInVain(tx, conflict))) {
    throw new AppError('conflict', `conflict ${id} is resolved already: ${conflict.resolution}`);
  }
  const job = await jobOf(tx, idOf('job', conflict.job_id));
  const source = conflict.source as { [column: string]: Json };
  const write = (record: Json, change: { readonly [field: string]: Json }) =>
    loadFor(tx, actor, job, [JSON.stringify(record)], {
      name: `conflict of ${job.name}`,
      change: { transformations: [], resolves: number, ...change },
      turn: `conflict:${number}`,
    });
  // What the source says is then known to have been seen; only after that the values are written past it.
  const seen = resolution === 'source' ? 'source_wins' : 'target_wins';
  let runId = await write(source, { conflict: { strategy: seen } });
  if (resolution === 'values') {
    runId = await write({ ...source, ...values }, { conflict: { strategy: 'source_wins' }, keep_base: true });
  }
  await conflictResolve(tx, number, { resolution: RESOLUTIONS[resolution], by: actor.identity.principal, runId });
  const details = { resolution, run: runId };
  await recordAudit(tx, actor, { action: 'sync_conflict.resolve', target: `sync_conflict:${number}`, details });
  const resolved = await conflictGet(tx, number);
  if (!resolved) throw notFound(`conflict ${id}`);
  return resolved;
}
