import { jobCounts, outcomesBetween } from '../../engine/queries/statistics.ts';
import { workersList } from '../../engine/queries/worker.ts';
import type { Store } from '../../store/store.ts';
import { AREA } from './tasks.ts';

export interface SystemStatus {
  readonly tasks: { total: number; active: number; paused: number; disabled: number; running: number };
  readonly workers: { total: number; online: number; offline: number };
  /** Ended on this UTC day; runs of tasks alone, not those that deliver notices. */
  readonly runs_today: number;
  /** Percent of today's runs that succeeded or failed; 100 when none has ended yet. */
  readonly success_rate: number;
}

const FAILED = ['failed', 'dead'];
const ENDED = ['succeeded', 'cancelled', ...FAILED];

/** The overview, read off counters and roll-ups: its cost does not grow with the history. */
export async function systemStatus(store: Store, now = new Date()): Promise<SystemStatus> {
  const today = now.toISOString().slice(0, 10);
  const [tasks, workers, outcomes] = await Promise.all([
    jobCounts(store, AREA),
    workersList(store),
    outcomesBetween(store, { area: AREA, ofJobs: true, from: today, to: today }),
  ]);
  const runs = (wanted: readonly string[]) =>
    outcomes.filter(({ outcome }) => wanted.includes(outcome)).reduce((sum, { runs: n }) => sum + n, 0);
  const [succeeded, failed] = [runs(['succeeded']), runs(FAILED)];
  const online = workers.filter((worker) => worker.online).length;
  const { total, active, paused, disabled, running } = tasks;
  return {
    tasks: { total, active, paused, disabled, running },
    workers: { total: workers.length, online, offline: workers.length - online },
    runs_today: runs(ENDED),
    success_rate: succeeded + failed === 0 ? 100 : Math.round((1000 * succeeded) / (succeeded + failed)) / 10,
  };
}
