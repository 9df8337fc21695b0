import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { body, done } from '../../../api/answers.ts';
import { syncClient } from '../../../api/client.ts';
import type { DownloadFormat } from '../../../api/sync-model.ts';
import { useCreation } from '../../../api/use-creation.ts';
import { syncRefreshMs } from '../sync-live.ts';
import type { DatasetListSearch } from './dataset-list-search.ts';

export const PAGE_SIZE = 20;
export const RECORDS_SIZE = 50;

export const datasetListQuery = ({ page = 1, search, quality }: DatasetListSearch) =>
  queryOptions({
    queryKey: ['sync', 'datasets', 'list', { page, search, quality }],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/datasets', {
          signal,
          params: {
            query: {
              page,
              per_page: PAGE_SIZE,
              ...(search ? { search } : {}),
              ...(quality === undefined ? {} : { quality_min: quality / 100 }),
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: () => syncRefreshMs(false),
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: ['sync', 'datasets', 'one', id],
    queryFn: ({ signal }) =>
      body(syncClient.GET('/v1/sync/datasets/{dataset_id}', { signal, params: { path: { dataset_id: id } } })),
    refetchInterval: ({ state }) => syncRefreshMs(state.data?.status === 'processing'),
  });

/** Read once: records under somebody's eyes are not to move. */
export const datasetRecordsQuery = (id: string, page: number, filter: { column: string; value: string } | undefined) =>
  queryOptions({
    queryKey: ['sync-records', id, page, filter],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/datasets/{dataset_id}/records', {
          signal,
          params: { path: { dataset_id: id }, query: { page, per_page: RECORDS_SIZE, ...filter } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: false,
  });

export const DOWNLOADS: readonly DownloadFormat[] = ['csv', 'ndjson', 'parquet'];

/** A link that the browser follows by itself: the session is in its cookie. */
export function downloadAddress(id: string, format: DownloadFormat): string {
  return `/v1/sync/datasets/${encodeURIComponent(id)}/download?format=${format}`;
}

export function useDatasetMutations() {
  const queries = useQueryClient();
  return {
    profile: useCreation(
      (id: string, headers) =>
        body(
          syncClient.POST('/v1/sync/datasets/{dataset_id}/profile', {
            params: { path: { dataset_id: id } },
            body: {},
            headers,
          }),
        ),
      { onSettled: () => queries.invalidateQueries({ queryKey: ['sync', 'datasets'] }) },
    ),
    remove: useMutation({
      mutationFn: (id: string) =>
        done(syncClient.DELETE('/v1/sync/datasets/{dataset_id}', { params: { path: { dataset_id: id } } })),
      onSuccess: (_, id) => {
        queries.removeQueries({ queryKey: ['sync', 'datasets', 'one', id] });
        queries.removeQueries({ queryKey: ['sync-records', id] });
        return queries.invalidateQueries({ queryKey: ['sync', 'datasets', 'list'] });
      },
    }),
  };
}
