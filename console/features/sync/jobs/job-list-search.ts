import type { ConnectorType, SyncStatus } from '../../../api/sync-model.ts';

export const SYNC_STATUSES: readonly SyncStatus[] = [
  'pending',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
];
export const CONNECTOR_TYPES: readonly ConnectorType[] = ['rest_api', 'database', 'file', 'dataset'];

/** What the address of the list of jobs says: it survives a reload, and a link to it shows the same. */
export interface JobListSearch {
  readonly page?: number;
  readonly status?: SyncStatus;
  readonly connector?: ConnectorType;
  readonly search?: string;
}

/** Keeps of an address's query what the list of jobs understands. */
export function jobListSearch(query: Record<string, unknown>): JobListSearch {
  const { page, search } = query;
  const status = SYNC_STATUSES.find((known) => known === query.status);
  const connector = CONNECTOR_TYPES.find((known) => known === query.connector);
  return {
    ...(typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {}),
    ...(status ? { status } : {}),
    ...(connector ? { connector } : {}),
    // The router reads a search for digits as a number.
    ...((typeof search === 'string' && search !== '') || typeof search === 'number' ? { search: String(search) } : {}),
  };
}
