import type { TaskStatus } from '../../api/model.ts';

export const TASK_STATUSES: readonly TaskStatus[] = ['active', 'paused', 'disabled'];

/** What the address of the task list says: it survives a reload, and a link to it shows the same. */
export interface TaskListSearch {
  readonly page?: number;
  readonly status?: TaskStatus;
  readonly search?: string;
}

/** Keeps of an address's query what the task list understands. */
export function taskListSearch(query: Record<string, unknown>): TaskListSearch {
  const { page, search } = query;
  const status = TASK_STATUSES.find((known) => known === query.status);
  return {
    ...(typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {}),
    ...(status ? { status } : {}),
    // The router reads a search for digits as a number.
    ...((typeof search === 'string' && search !== '') || typeof search === 'number' ? { search: String(search) } : {}),
  };
}
