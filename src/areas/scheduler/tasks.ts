import { createJob, deleteJob, getJob, triggerJob, updateJob } from '../../engine/jobs.ts';
import type { Job, JobStatus, Run } from '../../engine/model.ts';
import { jobsList } from '../../engine/queries/job.ts';
import { getRun } from '../../engine/runs.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import type { TaskCreate, TaskUpdate } from './schemas.ts';
import { changedDefinition, newDefinition } from './task-definition.ts';

export const AREA = 'scheduler';

/** The engine speaks of jobs; whoever uses this area knows only tasks. */
async function ofTask<T>(id: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') throw notFound(`task ${id}`);
    throw error;
  }
}

/** @throws AppError `validation` naming the field, `conflict` for a name that is taken */
export async function createTask(tx: Tx, body: TaskCreate, createdBy: number | null): Promise<Job> {
  const id = await createJob(tx, newDefinition(AREA, body), createdBy);
  return getJob(tx, AREA, id);
}

/** @throws AppError `not_found` */
export function getTask(db: Queryable, id: number): Promise<Job> {
  return ofTask(id, getJob(db, AREA, id));
}

export interface TaskFilter {
  readonly status?: JobStatus | undefined;
  readonly executor?: string | undefined;
  readonly search?: string | undefined;
}

/** Newest first. */
export function listTasks(
  db: Queryable,
  filter: TaskFilter,
  page: { limit: number; offset: number },
): Promise<{ jobs: Job[]; total: number }> {
  const { status, executor, search } = filter;
  const wanted = { area: AREA, statuses: status && [status], kinds: executor ? [executor] : undefined, search };
  return jobsList(db, wanted, page);
}

/** Runs that exist keep the definition they were made with. @throws AppError `not_found`, `validation`, `conflict` */
export async function updateTask(tx: Tx, id: number, body: TaskUpdate): Promise<Job> {
  await ofTask(
    id,
    updateJob(tx, AREA, id, (job) => changedDefinition(job, body)),
  );
  return getJob(tx, AREA, id);
}

/** Cancels its live runs; its history stays. @throws AppError `not_found` */
export function deleteTask(tx: Tx, id: number): Promise<void> {
  return ofTask(id, deleteJob(tx, AREA, id));
}

/** @throws AppError `not_found`, `conflict` for a disabled task */
export async function triggerTask(tx: Tx, id: number, createdBy: number | null): Promise<Run> {
  const runId = await ofTask(id, triggerJob(tx, AREA, id, createdBy));
  return getRun(tx, AREA, runId);
}
