import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { body, done } from '../../../api/answers.ts';
import { syncClient } from '../../../api/client.ts';
import type {
  LogLevel,
  SyncJob,
  SyncJobCreate,
  SyncJobItem,
  SyncJobUpdate,
  SyncPreview,
} from '../../../api/sync-model.ts';
import { useCreation } from '../../../api/use-creation.ts';
import { syncRefreshMs } from '../sync-live.ts';
import type { JobListSearch } from './job-list-search.ts';

export const PAGE_SIZE = 20;
export const LOG_LINES = 2000;

/** Whether a run of it is under way, or will go on by itself. */
export function isBusy({ status }: Pick<SyncJobItem, 'status'>): boolean {
  return status === 'running' || status === 'pending';
}

export const jobListQuery = ({ page = 1, status, connector, search }: JobListSearch) =>
  queryOptions({
    queryKey: ['sync', 'jobs', 'list', { page, status, connector, search }],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/jobs', {
          signal,
          params: {
            query: {
              page,
              per_page: PAGE_SIZE,
              ...(status ? { status } : {}),
              ...(connector ? { connector_type: connector } : {}),
              ...(search ? { search } : {}),
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      syncRefreshMs(state.data?.items.some(({ status: of }) => of === 'running') ?? false),
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['sync', 'jobs', 'one', id],
    queryFn: ({ signal }): Promise<SyncJob> =>
      body(syncClient.GET('/v1/sync/jobs/{job_id}', { signal, params: { path: { job_id: id } } })),
    refetchInterval: ({ state }) => syncRefreshMs(state.data !== undefined && isBusy(state.data)),
  });

export const jobRunsQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: ['sync', 'jobs', 'runs', id, page],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/jobs/{job_id}/runs', {
          signal,
          params: { path: { job_id: id }, query: { page, per_page: PAGE_SIZE } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => syncRefreshMs(state.data?.items.some(isBusy) ?? false),
  });

/** @param since RFC 3339; lines before it are left out */
export const jobLogQuery = (id: string, level: LogLevel, since: string | undefined) =>
  queryOptions({
    queryKey: ['sync', 'jobs', 'log', id, level, since],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/jobs/{job_id}/logs', {
          signal,
          params: { path: { job_id: id }, query: { level, limit: LOG_LINES, ...(since ? { since } : {}) } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const quarantineQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: ['sync', 'jobs', 'quarantine', id, page],
    queryFn: ({ signal }) =>
      body(
        syncClient.GET('/v1/sync/jobs/{job_id}/quarantine', {
          signal,
          params: { path: { job_id: id }, query: { page, per_page: PAGE_SIZE } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** What jobs can be made of. It changes with the server's version only. */
export const connectorsQuery = queryOptions({
  queryKey: ['sync-connectors'],
  queryFn: ({ signal }) => body(syncClient.GET('/v1/sync/connectors', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: false,
});

export type JobControl = 'pause' | 'resume' | 'cancel';

function control(id: string, word: JobControl) {
  const options = { params: { path: { job_id: id } }, body: {} };
  switch (word) {
    case 'pause':
      return body(syncClient.POST('/v1/sync/jobs/{job_id}/pause', options));
    case 'resume':
      return body(syncClient.POST('/v1/sync/jobs/{job_id}/resume', options));
    case 'cancel':
      return body(syncClient.POST('/v1/sync/jobs/{job_id}/cancel', options));
  }
}

/** What changes jobs and their runs. Each makes all that is shown of them be asked for again. */
export function useJobMutations() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: ['sync'] });
  return {
    create: useCreation(
      (job: SyncJobCreate, headers) => body(syncClient.POST('/v1/sync/jobs', { body: job, headers })),
      { onSettled },
    ),
    update: useMutation({
      mutationFn: ({ id, change }: { id: string; change: SyncJobUpdate }) =>
        body(syncClient.PUT('/v1/sync/jobs/{job_id}', { params: { path: { job_id: id } }, body: change })),
      onSettled,
    }),
    start: useCreation(
      (id: string, headers) =>
        body(syncClient.POST('/v1/sync/jobs/{job_id}/start', { params: { path: { job_id: id } }, body: {}, headers })),
      { onSettled },
    ),
    control: useMutation({
      mutationFn: ({ id, word }: { id: string; word: JobControl }) => control(id, word),
      onSettled,
    }),
    reset: useMutation({
      mutationFn: (id: string) =>
        done(syncClient.POST('/v1/sync/jobs/{job_id}/reset', { params: { path: { job_id: id } }, body: {} })),
      onSettled,
    }),
    remove: useMutation({
      mutationFn: (id: string) =>
        done(syncClient.DELETE('/v1/sync/jobs/{job_id}', { params: { path: { job_id: id } } })),
      onSuccess: (_, id) => {
        for (const part of ['one', 'runs', 'log', 'quarantine']) {
          queries.removeQueries({ queryKey: ['sync', 'jobs', part, id] });
        }
        return queries.invalidateQueries({ queryKey: ['sync', 'jobs', 'list'] });
      },
    }),
    redrive: useCreation(
      ({ id, records }: { id: string; records: readonly number[] }, headers) =>
        body(
          syncClient.POST('/v1/sync/jobs/{job_id}/quarantine/redrive', {
            params: { path: { job_id: id } },
            body: records.length > 0 ? { ids: [...records] } : {},
            headers,
          }),
        ),
      { onSettled },
    ),
  };
}

/** The source's first records, before and after. Nothing is written, and nothing is asked twice by itself. */
export function usePreview() {
  return useMutation({
    mutationFn: ({ id, limit }: { id: string; limit: number }): Promise<SyncPreview> =>
      body(syncClient.POST('/v1/sync/jobs/{job_id}/preview', { params: { path: { job_id: id } }, body: { limit } })),
    retry: false,
  });
}
