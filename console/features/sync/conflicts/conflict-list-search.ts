import type { ConflictStatus } from './conflict-queries.ts';

/** What the address of the list of conflicts says. */
export interface ConflictListSearch {
  readonly page?: number;
  readonly status?: ConflictStatus;
}

/** Keeps of an address's query what the list of conflicts understands. */
export function conflictListSearch({ page, status }: Record<string, unknown>): ConflictListSearch {
  return {
    ...(typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {}),
    ...(status === 'pending' || status === 'resolved' ? { status } : {}),
  };
}
