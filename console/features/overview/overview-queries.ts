import { queryOptions } from '@tanstack/react-query';
import { client, payload } from '../../api/client.ts';

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => payload(client.GET('/api/health', { signal })),
});

export const systemStatusQuery = queryOptions({
  queryKey: ['system-status'],
  queryFn: ({ signal }) => payload(client.GET('/api/system/status', { signal })),
});

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: ({ signal }) => payload(client.GET('/api/workers', { signal })),
});
