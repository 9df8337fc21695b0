import type { RunState } from '../../engine/states.ts';

/** The contract's words for the states of a run; a job without one is pending. */
export const SYNC_STATUSES = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;
export type SyncStatus = (typeof SYNC_STATUSES)[number];

const STATUS_OF: Readonly<Record<RunState, SyncStatus>> = {
  scheduled: 'pending',
  queued: 'pending',
  running: 'running',
  pausing: 'running',
  paused: 'paused',
  retry_wait: 'pending',
  suspended: 'running',
  cancelling: 'cancelled',
  cancelled: 'cancelled',
  succeeded: 'completed',
  failed: 'failed',
  dead: 'failed',
  skipped: 'cancelled',
};

export function syncStatus(state: RunState | null): SyncStatus {
  return state === null ? 'pending' : STATUS_OF[state];
}

/** The states that a status word stands for; null = no run yet. */
export function statesOf(status: SyncStatus): (RunState | null)[] {
  const states: (RunState | null)[] = (Object.keys(STATUS_OF) as RunState[]).filter(
    (state) => STATUS_OF[state] === status,
  );
  return status === 'pending' ? [...states, null] : states;
}
