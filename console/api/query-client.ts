import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './errors.ts';

/** How often what is on the screen is asked for again, in milliseconds. Queries rest while the page is hidden. */
export const REFRESH_MS = 3000;

const RETRIES = 3;
const LONGEST_DELAY_MS = 10_000;

function retryDelay(failures: number, error: Error): number {
  const wanted = error instanceof ApiError ? error.retryAfterMs : undefined;
  return Math.min(wanted ?? 500 * 2 ** failures, LONGEST_DELAY_MS);
}

/** What the server has refused it will refuse again; only an unreachable or failing server is worth another try. */
export function retryQuery(failures: number, error: Error): boolean {
  return failures < RETRIES && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500);
}

/** Only what our server says, by the time at which it wants to be asked again, that it has not carried out. */
export function retryMutation(failures: number, error: Error): boolean {
  const { status, requestId, retryAfterMs } = error instanceof ApiError ? error : {};
  return failures < RETRIES && status === 503 && requestId !== undefined && retryAfterMs !== undefined;
}

// `always`: the server may well be this very machine, which needs no network for it.
const networkMode = 'always';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { refetchInterval: REFRESH_MS, staleTime: 1000, networkMode, retryDelay, retry: retryQuery },
    mutations: { networkMode, retryDelay, retry: retryMutation },
  },
});
