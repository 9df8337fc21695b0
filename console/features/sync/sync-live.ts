import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type LiveMessage, listen } from '../../api/live.ts';
import { REFRESH_MS } from '../../api/query-client.ts';
import type { JsonObject, SyncJob, SyncJobItem } from '../../api/sync-model.ts';

/** How often is asked while nothing tells of changes but something goes on, in milliseconds. */
const BUSY_REFRESH_MS = 2000;
/** While changes are told as they happen: a net, should one ever be missed. */
const LIVE_REFRESH_MS = 15_000;
/** However much happens, no more often than this is everything asked for anew. */
const SETTLE_MS = 1000;

let live = false;

/** How often what is shown of syncs is asked for. */
export function syncRefreshMs(busy: boolean): number {
  if (live) return LIVE_REFRESH_MS;
  return busy ? BUSY_REFRESH_MS : REFRESH_MS;
}

interface JobList {
  readonly items: readonly SyncJobItem[];
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** @returns whether a running job was known, and has moved on */
function takeProgress(queries: QueryClient, payload: JsonObject): boolean {
  let known = false;
  const move = <Job extends SyncJobItem>(job: Job): Job => {
    if (job.id !== payload.job_id || job.status !== 'running') return job;
    known = true;
    return {
      ...job,
      progress: numberOrNull(payload.progress),
      records_processed: numberOrNull(payload.records_processed) ?? job.records_processed,
      records_total: numberOrNull(payload.records_total),
    };
  };
  queries.setQueriesData<JobList>(
    { queryKey: ['sync', 'jobs', 'list'] },
    (list) => list && { ...list, items: list.items.map(move) },
  );
  queries.setQueryData<SyncJob>(['sync', 'jobs', 'one', payload.job_id], (job) => job && move(job));
  return known;
}

/** Keeps what is shown of syncs as it is: progress is taken over, all else asked for when something has happened. */
export function useSyncLive(): void {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ['sync'] });
      }, SETTLE_MS);
    };
    const onMessage = ({ type, payload }: LiveMessage) => {
      if (type !== 'sync_progress' || !takeProgress(queries, payload)) refresh();
    };
    const onState = (state: boolean) => {
      live = state;
      refresh();
    };
    const stop = listen({ channels: ['sync_updates', 'conflicts'], onMessage, onState });
    return () => {
      stop();
      live = false;
      clearTimeout(timer);
    };
  }, [queries]);
}
