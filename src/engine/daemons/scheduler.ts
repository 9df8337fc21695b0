import type { Logger } from '../../kernel/logger.ts';
import { Daemon } from '../../kernel/service.ts';
import type { Store, Tx } from '../../store/store.ts';
import { runOfJob } from '../jobs.ts';
import type { NewRun, Schedule } from '../model.ts';
import { concurrencyLimit } from '../queries/concurrency_release.ts';
import { type DueJob, jobsAdvance, jobsDue, jobsNextDueMs } from '../queries/job.ts';
import { runsCancel } from '../queries/run_control.ts';
import { runsInsertSkipped } from '../queries/run_insert.ts';
import { enqueue } from '../runs.ts';
import { decideFiring } from '../schedule.ts';

const BATCH = 500;
/** Runs that one round makes at most; after a long outage those that `misfire: all` asks for are many. */
const MOST_INSTANTS = 2000;
/** …and of one job. */
const MOST_OF_JOB = 1000;
const LONGEST_SLEEP_MS = 1000;
/** Until a look at jobs that are due but that another server holds. */
const BUSY_MS = 50;

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
      const ms = (await jobsNextDueMs(store)) ?? LONGEST_SLEEP_MS;
      return { nextInMs: Math.max(fired === 0 && ms <= 0 ? BUSY_MS : 0, Math.min(ms, LONGEST_SLEEP_MS)) };
    },
  });
}

async function fireDue(tx: Tx, logger: Logger): Promise<number> {
  const jobs = await jobsDue(tx, BATCH);
  if (jobs.length === 0) return 0;
  const next = new Map<number, Date | null>();
  const plan: Plan = { enqueue: [], skip: [], cancel: [] };
  let room = MOST_INSTANTS;
  for (const [i, job] of jobs.entries()) {
    if (!job.schedule || !job.nextFireAt) continue;
    // An even share of what is left: nobody's long arrears keep the others waiting.
    const most = Math.min(MOST_OF_JOB, Math.floor(room / (jobs.length - i)));
    try {
      const firing = decideFiring(job.schedule, job.nextFireAt, job.now, most);
      decideOverlap(job, job.schedule, firing.instants, plan);
      room -= firing.instants.length;
      next.set(job.id, firing.next);
    } catch (error) {
      // Checked when it was saved; only another version's rules can refuse it now. One bad row must not stop the rest.
      logger.error({ err: error, job: job.id }, 'a schedule can no longer be understood; it will not fire');
      next.set(job.id, null);
    }
  }
  if (plan.cancel.length > 0) {
    // Keys before runs, as everybody locks them who lets runs of a key through.
    await concurrencyLimit(
      tx,
      new Map(plan.enqueue.flatMap(({ concurrency }) => (concurrency ? [[concurrency.key, concurrency.limit]] : []))),
    );
    await runsCancel(tx, plan.cancel);
  }
  await enqueue(tx, plan.enqueue);
  if (plan.skip.length > 0) await runsInsertSkipped(tx, plan.skip);
  await jobsAdvance(tx, next);
  return jobs.length;
}

interface Plan {
  readonly enqueue: NewRun[];
  readonly skip: NewRun[];
  readonly cancel: number[];
}

/** Applies the overlap policy to a job's firings, oldest first. What is let go is recorded too. */
function decideOverlap(job: DueJob, schedule: Schedule, instants: readonly Date[], plan: Plan): void {
  let { live, waiting } = job;
  for (const [i, instant] of instants.entries()) {
    const jitterMs = Math.floor(Math.random() * schedule.jitterSeconds * 1000);
    const runAt = new Date(instant.getTime() + jitterMs);
    const run = runOfJob(job, { trigger: 'schedule', fireAt: instant, runAt, createdBy: job.createdBy });
    const letGo =
      (schedule.overlap === 'skip' && live) ||
      (schedule.overlap === 'queue_one' && waiting) ||
      // The next one would cancel it before it had begun.
      (schedule.overlap === 'cancel_running' && i < instants.length - 1);
    (letGo ? plan.skip : plan.enqueue).push(run);
    if (!letGo) live = waiting = true;
  }
  if (instants.length > 0) plan.cancel.push(...job.toCancel);
}
