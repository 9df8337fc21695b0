import { CliFailure } from '../failure.ts';
import type { Client } from './client.ts';

/** A task as the scheduler area shows it; only what the commands read. */
export interface TaskView {
  readonly id: number;
  readonly name: string;
  readonly executor: string;
  readonly status: string;
  readonly priority: string;
  readonly schedule: string | null;
  readonly next_run_time: string | null;
  readonly last_run: { readonly status: string } | null;
}

/** The task of exactly this name, if there is one. */
export async function findTaskByName(client: Client, name: string): Promise<TaskView | undefined> {
  for await (const task of client.pages<TaskView>('/api/tasks', { search: name })) {
    if (task.name === name) return client.get<TaskView>(`/api/tasks/${task.id}`);
  }
  return undefined;
}

/**
 * The task of this name, else of this id.
 * @throws CliFailure `notFound`
 */
export async function findTask(client: Client, which: string): Promise<TaskView> {
  const task = await findTaskByName(client, which);
  if (task) return task;
  if (/^\d+$/.test(which)) return client.get<TaskView>(`/api/tasks/${which}`);
  throw new CliFailure('notFound', `There is no task "${which}". "longshore task list" shows them.`);
}
