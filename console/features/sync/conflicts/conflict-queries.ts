import { keepPreviousData, queryOptions, useQueryClient } from '@tanstack/react-query';
import { body } from '../../../api/answers.ts';
import { syncClient } from '../../../api/client.ts';
import type { ConflictResolution } from '../../../api/sync-model.ts';
import { useCreation } from '../../../api/use-creation.ts';
import { syncRefreshMs } from '../sync-live.ts';

export const PAGE_SIZE = 20;

export type ConflictStatus = 'pending' | 'resolved';

export interface ConflictFilter {
  readonly jobId?: string | undefined;
  readonly status?: ConflictStatus | undefined;
  readonly page: number;
}

export const conflictListQuery = ({ jobId, status, page }: ConflictFilter) =>
  queryOptions({
    queryKey: ['sync', 'conflicts', 'list', { jobId, status, page }],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/conflicts', {
          signal,
          params: {
            query: { page, per_page: PAGE_SIZE, ...(jobId ? { job_id: jobId } : {}), ...(status ? { status } : {}) },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: () => syncRefreshMs(false),
  });

export const conflictQuery = (id: string) =>
  queryOptions({
    queryKey: ['sync', 'conflicts', 'one', id],
    queryFn: ({ signal }) =>
      body(syncClient.GET('/v1/sync/conflicts/{conflict_id}', { signal, params: { path: { conflict_id: id } } })),
    refetchInterval: () => syncRefreshMs(false),
  });

export function useResolveConflict() {
  const queries = useQueryClient();
  return useCreation(
    ({ id, resolution }: { id: string; resolution: ConflictResolution }, headers) =>
      body(
        syncClient.POST('/v1/sync/conflicts/{conflict_id}/resolve', {
          params: { path: { conflict_id: id } },
          body: resolution,
          headers,
        }),
      ),
    { onSettled: () => queries.invalidateQueries({ queryKey: ['sync', 'conflicts'] }) },
  );
}
