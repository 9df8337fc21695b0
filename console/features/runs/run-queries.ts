import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { client, payload } from '../../api/client.ts';
import { REFRESH_MS } from '../../api/query-client.ts';
import { hasEnded } from './run-status-badge.tsx';

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: ['runs', id],
    queryFn: ({ signal }) => payload(client.GET('/api/runs/{id}', { signal, params: { path: { id } } })),
    // What has ended changes no more.
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data) ? false : REFRESH_MS),
  });

export function useCancelRun() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => payload(client.POST('/api/runs/{id}/cancel', { params: { path: { id } } })),
    onSettled: (_data, _error, id) => queries.invalidateQueries({ queryKey: ['runs', id] }),
  });
}
