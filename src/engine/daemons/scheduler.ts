import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store, Tx } from '../../store/store.ts';
import { runOfJob } from '../jobs.ts';
import type { NewRun } from '../model.ts';
import { type DueJob, jobsAdvance, jobsDue, jobsNextDueMs } from '../queries/job.ts';
import { runsCancel } from '../queries/run_control.ts';
import { runsInsertSkipped } from '../queries/run_insert.ts';
import { enqueue } from '../runs.ts';
import { decideFiring } from '../schedule.ts';

const BATCH = 500;
const LONGEST_SLEEP_MS = 1000;

/**
 * Fires schedules. Any number of servers may: each takes due jobs that no other has locked, and their runs and next
 * instants are written in one transaction under a unique (job, fire time), so an instant has one run at most.
 */
export function scheduler(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'scheduler',
    logger,
    async runOnce() {
      const fired = await store.transaction((tx) => fireDue(tx, logger));
      if (fired === BATCH) return { nextInMs: 0 };
      const ms = await jobsNextDueMs(store);
      return { nextInMs: Math.max(0, Math.min(ms ?? LONGEST_SLEEP_MS, LONGEST_SLEEP_MS)) };
    },
  });
}

async function fireDue(tx: Tx, logger: Logger): Promise<number> {
  const jobs = await jobsDue(tx, BATCH);
  if (jobs.length === 0) return 0;
  const next = new Map<number, Date | null>();
  const due: Plan = { enqueue: [], skip: [], cancel: [] };
  for (const job of jobs) {
    if (!job.schedule || !job.nextFireAt) continue;
    try {
      const firing = decideFiring(job.schedule, job.nextFireAt, job.now);
      for (const instant of firing.instants) decideOverlap(job, instant, due);
      next.set(job.id, firing.next);
    } catch (error) {
      // Checked when it was saved; only another version's rules can refuse it now. One bad row must not stop the rest.
      logger.error({ err: error, job: job.id }, 'a schedule can no longer be understood; it will not fire');
      next.set(job.id, null);
    }
  }
  await runsCancel(tx, due.cancel);
  await enqueue(tx, due.enqueue);
  if (due.skip.length > 0) await runsInsertSkipped(tx, due.skip);
  await jobsAdvance(tx, next);
  return jobs.length;
}

interface Plan {
  readonly enqueue: NewRun[];
  readonly skip: NewRun[];
  readonly cancel: number[];
}

/** Applies the overlap policy to one firing. A skipped one is recorded too. */
function decideOverlap(job: DueJob, instant: Date, plan: Plan): void {
  const jitterMs = Math.floor(Math.random() * (job.schedule?.jitterSeconds ?? 0) * 1000);
  const runAt = new Date(instant.getTime() + jitterMs);
  const run = runOfJob(job, { trigger: 'schedule', fireAt: instant, runAt, createdBy: job.createdBy });
  const planned = plan.enqueue.filter((other) => other.jobId === job.id).length;
  const live = job.liveRunIds.length + planned;
  switch (live === 0 ? 'allow' : job.schedule?.overlap) {
    case 'skip':
      plan.skip.push(run);
      return;
    case 'queue_one':
      (job.waitingRuns + planned > 0 ? plan.skip : plan.enqueue).push(run);
      return;
    case 'cancel_running':
      plan.cancel.push(...job.liveRunIds);
      plan.enqueue.push(run);
      return;
    default:
      plan.enqueue.push(run);
  }
}
