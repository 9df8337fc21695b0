import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { body, done } from '../../api/answers.ts';
import { syncClient } from '../../api/client.ts';
import type { ApiKeyCreate } from '../../api/sync-model.ts';
import { useCreation } from '../../api/use-creation.ts';

export const PAGE_SIZE = 20;

export const keyListQuery = (page: number) =>
  queryOptions({
    queryKey: ['keys', page],
    queryFn: ({ signal }) =>
      body(syncClient.GET('/v1/sync/api-keys', { signal, params: { query: { page, per_page: PAGE_SIZE } } })),
    placeholderData: keepPreviousData,
    refetchInterval: false,
  });

export function useKeyMutations() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: ['keys'] });
  return {
    create: useCreation(
      (key: ApiKeyCreate, headers) => body(syncClient.POST('/v1/sync/api-keys', { body: key, headers })),
      { onSettled },
    ),
    revoke: useMutation({
      mutationFn: (id: string) =>
        done(syncClient.DELETE('/v1/sync/api-keys/{key_id}', { params: { path: { key_id: id } } })),
      onSettled,
    }),
  };
}
