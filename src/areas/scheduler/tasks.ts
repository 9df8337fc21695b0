import { isDeepStrictEqual } from 'node:util';
import { recordAudit } from '../../auth/audit.ts';
import { type Actor, can } from '../../auth/identity.ts';
import { jobOwner, SecretDraft, type Vault } from '../../connections/vault.ts';
import { createJob, deleteJob, getJob, triggerJob, updateJob } from '../../engine/jobs.ts';
import type { Job, JobDefinition, JobStatus, Run } from '../../engine/model.ts';
import { jobsList } from '../../engine/queries/job.ts';
import { getRun } from '../../engine/runs.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import type { TaskCreate, TaskUpdate } from './schemas.ts';
import { changedDefinition, newDefinition } from './task-definition.ts';

export const AREA = 'scheduler';

/** As the audit trail names a task. */
function targetOf(id: number): string {
  return `task:${id}`;
}

/** The engine speaks of jobs; whoever uses this area knows only tasks. */
async function ofTask<T>(id: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') throw notFound(`task ${id}`);
    throw error;
  }
}

function saveSecrets(tx: Tx, vault: Vault, id: number, draft: SecretDraft, { spec, onFinish }: JobDefinition) {
  return vault.save(tx, jobOwner(id), draft, [spec, onFinish]);
}

/** @throws AppError `validation` naming the field, `conflict` for a name that is taken */
export async function createTask(tx: Tx, vault: Vault, actor: Actor, body: TaskCreate): Promise<Job> {
  const draft = new SecretDraft();
  const definition = newDefinition(AREA, body, draft.seal);
  const id = await createJob(tx, definition, actor.identity.userId);
  await saveSecrets(tx, vault, id, draft, definition);
  const { name, executor } = body;
  await recordAudit(tx, actor, { action: 'task.create', target: targetOf(id), details: { name, executor } });
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

/** Executors that run code of their author's choosing, and what of a spec decides which code that is. */
const CODE_EXECUTORS = ['shell', 'python'];
const CODE_FIELDS = ['command', 'script', 'arguments', 'python_path', 'environment', 'working_directory'] as const;

type Code = Pick<JobDefinition, 'kind' | 'spec'>;

function codeOf({ kind, spec }: Code): unknown[] {
  const fields = spec as { readonly [field: string]: unknown };
  return [kind, ...CODE_FIELDS.map((field) => fields[field])];
}

/**
 * Whoever decides what a task runs has a shell, be the task new or not.
 * @throws AppError `forbidden`
 */
function checkAuthor({ identity }: Actor, before: Code, after: Code): void {
  if (!CODE_EXECUTORS.includes(after.kind) || can(identity, 'create', 'scheduler_manage')) return;
  if (isDeepStrictEqual(codeOf(before), codeOf(after))) return;
  throw new AppError('forbidden', `Changing what a ${after.kind} task runs needs the permission create.`);
}

/**
 * Runs that exist keep the definition they were made with.
 * @throws AppError `not_found`, `validation`, `conflict`, `forbidden` for a change to what runs by who may not create
 */
export async function updateTask(tx: Tx, vault: Vault, actor: Actor, id: number, body: TaskUpdate): Promise<Job> {
  const draft = new SecretDraft();
  await ofTask(
    id,
    updateJob(tx, AREA, id, (job) => {
      const changed = changedDefinition(job, body, draft.seal);
      checkAuthor(actor, job, changed);
      return changed;
    }),
  );
  const job = await getJob(tx, AREA, id);
  await saveSecrets(tx, vault, id, draft, job);
  // Their names alone: the values may be secrets, and what is recorded stays for ever.
  await recordAudit(tx, actor, { action: 'task.update', target: targetOf(id), details: { fields: Object.keys(body) } });
  return job;
}

/** Cancels its live runs; its history stays. @throws AppError `not_found` */
export async function deleteTask(tx: Tx, actor: Actor, id: number): Promise<void> {
  const { name } = await getTask(tx, id);
  await ofTask(id, deleteJob(tx, AREA, id));
  await recordAudit(tx, actor, { action: 'task.delete', target: targetOf(id), details: { name } });
}

/** @throws AppError `not_found`, `conflict` for a disabled task */
export async function triggerTask(tx: Tx, actor: Actor, id: number): Promise<Run> {
  const runId = await ofTask(id, triggerJob(tx, AREA, id, actor.identity.userId));
  await recordAudit(tx, actor, { action: 'task.trigger', target: targetOf(id), details: { run: runId } });
  return getRun(tx, AREA, runId);
}
