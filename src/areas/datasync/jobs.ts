import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import { jobOwner, SecretDraft, type Vault } from '../../connections/vault.ts';
import { createJob, deleteJob, getJob, runOfJob, triggerJob, updateJob } from '../../engine/jobs.ts';
import type { Job, JobDefinition, Run } from '../../engine/model.ts';
import { jobGet } from '../../engine/queries/job.ts';
import { runsCount, runsList } from '../../engine/queries/run_read.ts';
import { cancelRun, enqueue, getRun, pauseRun, resumeRun } from '../../engine/runs.ts';
import { LIVE } from '../../engine/states.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { type ConnectorFacts, connectorFacts, storedFacts } from './connector-facts.ts';
import { idOf, numberOf } from './ids.ts';
import {
  changedDefinition,
  inScheduleWords,
  jobDefinition,
  newSyncKey,
  nextSyncKey,
  type SyncSpec,
} from './job-definition.ts';
import { sealJobSecrets } from './job-secrets.ts';
import { AREA } from './kinds.ts';
import { settlePartitioned } from './partitions.ts';
import { type JobListFilter, type JobListRow, syncJobsList } from './queries/job_list.ts';
import { jobFindingsDelete } from './queries/retention.ts';
import type { JobCreate, JobUpdate } from './schemas.ts';
import { type SyncStatus, statesOf } from './status.ts';

/** A job, and how its latest run is. */
export interface SyncJob {
  readonly job: Job;
  readonly row: JobListRow;
}

/** The engine speaks of jobs by number and of schedules as it stores them. */
async function inAreaWords<T>(id: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') throw notFound(`job ${id}`);
    throw inScheduleWords(error);
  }
}

/** @throws AppError `not_found` */
export async function getSyncJob(db: Queryable, id: string): Promise<SyncJob> {
  const number = numberOf('job', id);
  const job = await inAreaWords(id, getJob(db, AREA, number));
  const { rows } = await syncJobsList(db, { area: AREA, id: number }, { limit: 1, offset: 0 });
  const [row] = rows;
  if (!row) throw notFound(`job ${id}`);
  return { job, row };
}

export interface SyncJobFilter {
  readonly status?: SyncStatus | undefined;
  readonly connector_type?: string | undefined;
  readonly search?: string | undefined;
}

/** Newest first. */
export function listSyncJobs(
  db: Queryable,
  { status, connector_type: connectorType, search }: SyncJobFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: JobListRow[]; total: number }> {
  const filter: JobListFilter = { area: AREA, states: status && statesOf(status), connectorType, search };
  return syncJobsList(db, filter, page);
}

/** @throws AppError `validation` naming the field, `conflict` for a name that is taken */
export async function createSyncJob(tx: Tx, vault: Vault, actor: Actor, body: JobCreate): Promise<Job> {
  const draft = new SecretDraft();
  const given = jobDefinition(body, newSyncKey());
  const definition = sealed(given, body, null, draft, await connectorFacts(tx, body.connector));
  const id = await inAreaWords(body.name, createJob(tx, definition, actor.identity.userId));
  await vault.save(tx, jobOwner(id), draft, definition.spec);
  const { name, connector } = body;
  await audit(tx, actor, 'create', id, { name, connector: connector.type });
  return getJob(tx, AREA, id);
}

function sealed(
  definition: JobDefinition,
  body: JobUpdate,
  stored: Json,
  draft: SecretDraft,
  facts: ConnectorFacts,
): JobDefinition {
  const spec = sealJobSecrets(definition.spec as SyncSpec, Object.keys(body), stored, draft);
  return { ...definition, spec: { ...spec, ...facts } };
}

/** A run under way keeps what it began with. @throws AppError `not_found`, `validation`, `conflict` */
export async function updateSyncJob(tx: Tx, vault: Vault, actor: Actor, id: string, body: JobUpdate): Promise<SyncJob> {
  const number = numberOf('job', id);
  const draft = new SecretDraft();
  const facts = body.connector && (await connectorFacts(tx, body.connector));
  const change = (job: Job) => {
    const kept = storedFacts(job.spec as SyncSpec);
    return sealed(changedDefinition(job, body), body, job.spec, draft, facts ?? kept);
  };
  await inAreaWords(id, updateJob(tx, AREA, number, change));
  const changed = await getSyncJob(tx, id);
  await vault.save(tx, jobOwner(number), draft, changed.job.spec);
  await audit(tx, actor, 'update', number, { fields: Object.keys(body) });
  return changed;
}

/** What it has synced stays. @throws AppError `not_found`, `conflict` while a run of it is live */
export async function deleteSyncJob(tx: Tx, actor: Actor, id: string): Promise<void> {
  const { job } = await locked(tx, id);
  const [live] = await liveRuns(tx, job.id);
  if (live) throw new AppError('conflict', `job ${id} is running (${idOf('run', live.id)}); cancel it first`);
  await deleteJob(tx, AREA, job.id);
  await jobFindingsDelete(tx, job.id);
  await audit(tx, actor, 'delete', job.id, { name: job.name });
}

/** Nobody starts, changes or deletes it until the transaction ends. @throws AppError `not_found` */
async function locked(tx: Tx, id: string): Promise<{ job: Job }> {
  const job = await jobGet(tx, AREA, numberOf('job', id), 'UPDATE');
  if (!job) throw notFound(`job ${id}`);
  return { job };
}

/** Those that sync, the whole and its parts; not previews and what else the system starts for a job. */
async function liveRuns(db: Queryable, jobId: number): Promise<Run[]> {
  const runs = await runsList(db, { area: AREA, jobId, states: LIVE }, { limit: 100, offset: 0 });
  return runs.filter((run) => run.trigger !== 'system' || run.parentId !== null);
}

/** @throws AppError `not_found`, `conflict` while a run of it is live */
export async function startSyncJob(tx: Tx, actor: Actor, id: string): Promise<Run> {
  const { job } = await locked(tx, id);
  const [live] = await liveRuns(tx, job.id);
  if (live) throw new AppError('conflict', `job ${id} is under way already (${idOf('run', live.id)})`);
  const runId = await triggerJob(tx, AREA, job.id, actor.identity.userId);
  await audit(tx, actor, 'start', job.id, { run: runId });
  return getRun(tx, AREA, runId);
}

const CONTROLS = { pause: pauseRun, resume: resumeRun, cancel: cancelRun } as const;
export type SyncControl = keyof typeof CONTROLS;

/** @throws AppError `not_found`, `conflict` when the job's run is in no state for it */
export async function controlSyncJob(tx: Tx, actor: Actor, control: SyncControl, id: string): Promise<Run> {
  const job = await inAreaWords(id, getJob(tx, AREA, numberOf('job', id)));
  const run = (await liveRuns(tx, job.id)).find(({ parentId }) => parentId === null);
  if (!run) throw new AppError('conflict', `job ${id} is not running: there is nothing to ${control}`);
  const after = await CONTROLS[control](tx, AREA, run.id);
  // Its parts may all have ended before they came to a place where they could pause.
  if (control === 'resume') await settlePartitioned(tx, run.id);
  await audit(tx, actor, control, job.id, { run: run.id });
  return after;
}

/**
 * Forgets what was synced: the next run begins from the start. Rows at the destination stay.
 * @throws AppError `not_found`, `conflict` while a run of it is live
 */
export async function resetSyncJob(tx: Tx, actor: Actor, id: string): Promise<void> {
  const { job } = await locked(tx, id);
  if ((await liveRuns(tx, job.id)).length > 0) throw new AppError('conflict', `job ${id} is running; cancel it first`);
  const { state: _forgotten, key, ...spec } = job.spec as SyncSpec;
  await updateJob(tx, AREA, job.id, (current) => ({ ...current, spec: { ...spec, key: nextSyncKey(key) } }));
  await audit(tx, actor, 'reset', job.id, {});
}

/** Newest first, what the system has started included. @throws AppError `not_found` */
export async function listSyncRuns(
  db: Queryable,
  id: string,
  page: { limit: number; offset: number },
): Promise<{ runs: Run[]; total: number }> {
  const jobId = numberOf('job', id);
  await inAreaWords(id, getJob(db, AREA, jobId));
  const filter = { area: AREA, jobId };
  return { runs: await runsList(db, filter, page), total: await runsCount(db, filter) };
}

interface StartedFor {
  readonly name: string;
  readonly kind: string;
  readonly change: { readonly [field: string]: Json };
  /** Runs of one turn follow each other, in the order of their start. */
  readonly turn?: string;
}

/**
 * Starts a run that the system needs for a job (a preview, a redrive): beside its syncs, with `change` over its spec.
 * @returns the run's id
 */
export async function startForJob(tx: Tx, actor: Actor, job: Job, how: StartedFor): Promise<number> {
  const common = { trigger: 'system', fireAt: null, runAt: null, createdBy: actor.identity.userId } as const;
  const run = runOfJob(job, common);
  // How far the job is, and how its syncs are divided, is theirs alone.
  const { state: _state, partitions: _partitions, ...spec } = { ...(job.spec as SyncSpec), ...how.change };
  const concurrency = how.turn === undefined ? null : { key: how.turn, limit: 1, ordered: true };
  const [runId] = await enqueue(tx, [{ ...run, kind: how.kind, name: how.name, spec, concurrency }]);
  if (runId === undefined) throw new Error('the run could not be made');
  return runId;
}

function audit(tx: Tx, actor: Actor, action: string, jobId: number, details: Readonly<Record<string, unknown>>) {
  return recordAudit(tx, actor, { action: `sync_job.${action}`, target: `sync_job:${jobId}`, details });
}
