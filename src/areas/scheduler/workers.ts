import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import type { Worker } from '../../engine/model.ts';
import { workerGet, workerUpdate } from '../../engine/queries/worker.ts';
import { notFound } from '../../kernel/errors.ts';
import type { Queryable, Tx } from '../../store/store.ts';

/** @throws AppError `not_found` */
export async function getWorker(db: Queryable, id: string): Promise<Worker> {
  const worker = await workerGet(db, id);
  if (!worker) throw notFound(`worker ${id}`);
  return worker;
}

/** What an operator may set, as the API names it. */
export interface WorkerSettings {
  readonly max_tasks?: number;
  readonly tags?: readonly string[];
  readonly enabled?: boolean;
}

/** Sets what the operator wants over what the worker says of itself. @throws AppError `not_found` */
export async function changeWorker(tx: Tx, actor: Actor, id: string, settings: WorkerSettings): Promise<Worker> {
  const { max_tasks: maxTasks, tags, enabled } = settings;
  if (!(await workerUpdate(tx, id, { maxTasks, tags, enabled }))) throw notFound(`worker ${id}`);
  const details = { fields: Object.keys(settings) };
  await recordAudit(tx, actor, { action: 'worker.update', target: `worker:${id}`, details });
  return getWorker(tx, id);
}
