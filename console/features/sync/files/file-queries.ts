import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { body } from '../../../api/answers.ts';
import { syncClient } from '../../../api/client.ts';
import { useCreation } from '../../../api/use-creation.ts';
import { syncRefreshMs } from '../sync-live.ts';

/** Loads are short, and their end is told of by the dataset only. */
const LOADING_REFRESH_MS = 2000;

export const fileQuery = (id: string) =>
  queryOptions({
    queryKey: ['sync', 'files', id],
    queryFn: ({ signal }) =>
      body(syncClient.GET('/v1/sync/files/{file_id}', { signal, params: { path: { file_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.status === 'processing' ? LOADING_REFRESH_MS : syncRefreshMs(false)),
  });

/** Loads a file again whose load has failed. */
export function useFileRetry() {
  const queries = useQueryClient();
  return useCreation(
    (id: string, headers) =>
      body(syncClient.POST('/v1/sync/files/{file_id}/retry', { params: { path: { file_id: id } }, body: {}, headers })),
    { onSettled: () => queries.invalidateQueries({ queryKey: ['sync', 'files'] }) },
  );
}
