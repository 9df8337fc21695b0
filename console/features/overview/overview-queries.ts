import { queryOptions } from '@tanstack/react-query';
import { payload } from '../../api/answers.ts';
import { client } from '../../api/client.ts';
import { toApiError } from '../../api/errors.ts';

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: async ({ signal }) => {
    const { data, error, response } = await client.GET('/api/health', { signal });
    // 503 carries the report too: what is down is exactly what somebody wants to see.
    const report = data ?? error;
    if (report && 'status' in report) return report.data;
    throw toApiError(response, report);
  },
});

export const systemStatusQuery = queryOptions({
  queryKey: ['system-status'],
  queryFn: ({ signal }) => payload(client.GET('/api/system/status', { signal })),
});

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: ({ signal }) => payload(client.GET('/api/workers', { signal })),
});
