import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { payload } from '../../api/answers.ts';
import { client } from '../../api/client.ts';
import { REFRESH_MS } from '../../api/query-client.ts';
import { hasEnded } from './run-status-badge.tsx';

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: ['runs', id],
    queryFn: ({ signal }) => payload(client.GET('/api/runs/{run_id}', { signal, params: { path: { run_id: id } } })),
    // What has ended changes no more.
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data) ? false : REFRESH_MS),
  });

/** The runs that were made last, of all tasks. */
export const latestRunsQuery = queryOptions({
  queryKey: ['runs', 'latest'],
  queryFn: ({ signal }) => payload(client.GET('/api/runs', { signal, params: { query: { page: 1, size: 10 } } })),
});

export function useCancelRun() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: number) =>
      payload(client.POST('/api/runs/{run_id}/cancel', { params: { path: { run_id: id } }, body: {} })),
    onSettled: (_data, _error, id) => queries.invalidateQueries({ queryKey: ['runs', id] }),
  });
}
