import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './errors.ts';

/** How often what is on the screen is asked for again, in milliseconds. Queries rest while the page is hidden. */
export const REFRESH_MS = 3000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: REFRESH_MS,
      staleTime: 1000,
      // What the server has refused it will refuse again; only an unreachable or failing server is worth another try.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
    mutations: { retry: false },
  },
});
