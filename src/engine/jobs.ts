import { AppError, invalidField, notFound } from '../kernel/errors.ts';
import { type Queryable, sqlState, type Tx, violatedConstraint } from '../store/store.ts';
import type { Job, JobDefinition, NewRun, Overlap, Schedule, Trigger } from './model.ts';
import { jobDelete, jobGet, jobInsert, jobLiveRuns, jobUpdate } from './queries/job.ts';
import { runsCancel } from './queries/run_control.ts';
import { enqueue } from './runs.ts';
import { firstInstant, isOver, nextInstant } from './schedule.ts';

/** The database decides what time it is: servers' clocks may differ. */
async function databaseNow(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  if (!row) throw new Error('the database told no time');
  return row.now;
}

/** Whether two schedules have the same instants; what firings lead to is another matter. */
function sameInstants(before: Schedule | null, after: Schedule | null): boolean {
  const instants = (schedule: Schedule | null) =>
    JSON.stringify([schedule?.cron, schedule?.timezone, schedule?.startsAt, schedule?.expiresAt]);
  return instants(before) === instants(after);
}

/** @param before the job as it was, when it is changed */
async function firstFire(tx: Tx, job: JobDefinition, before?: Job): Promise<Date | null> {
  const { schedule } = job;
  if (!schedule) return null;
  const now = await databaseNow(tx);
  const kept = before?.schedule?.cron === schedule.cron;
  if (kept && isOver(schedule, now)) return null;
  // Nobody who changes something else of a job can mend times that have passed: it rests with none ahead.
  const unchanged = before !== undefined && sameInstants(before.schedule, schedule);
  // Even a paused job's schedule is checked: a wrong one is refused when it is written, not when it resumes.
  const first = (unchanged ? nextInstant : firstInstant)(schedule, now, (kept && before?.nextFireAt) || now);
  return job.status === 'active' ? first : null;
}

/** Whether a change leaves alone when the job fires. */
function sameTimes(before: JobDefinition, after: JobDefinition): boolean {
  return before.status === after.status && sameInstants(before.schedule, after.schedule);
}

/** The next instant may lie before the one that schedulers sleep towards. */
async function wakeSchedulers(tx: Tx): Promise<void> {
  await tx.query("SELECT pg_notify('longshore_due', '')");
}

function nameTaken(error: unknown, name: string): unknown {
  if (sqlState(error) === '23505' && violatedConstraint(error) === 'jobs_name_key') {
    const message = `"${name}" is taken; choose another name`;
    return new AppError('conflict', `name: ${message}`, { details: [{ field: 'name', message }] });
  }
  return error;
}

/** @throws AppError conflict (name taken), validation (schedule) */
export async function createJob(tx: Tx, job: JobDefinition, createdBy: number | null): Promise<number> {
  const nextFireAt = await firstFire(tx, job);
  try {
    const id = await jobInsert(tx, job, nextFireAt, createdBy);
    await wakeSchedulers(tx);
    return id;
  } catch (error) {
    throw nameTaken(error, job.name);
  }
}

/** @throws AppError not_found */
export async function getJob(db: Queryable, area: string, id: number): Promise<Job> {
  const job = await jobGet(db, area, id);
  if (!job) throw notFound(`job ${id}`);
  return job;
}

/**
 * Replaces a job's definition with what `change` makes of it; runs that exist keep theirs.
 * @throws AppError not_found, conflict (name taken), validation (schedule)
 */
export async function updateJob(tx: Tx, area: string, id: number, change: (job: Job) => JobDefinition): Promise<void> {
  const job = await jobGet(tx, area, id, 'UPDATE');
  if (!job) throw notFound(`job ${id}`);
  const changed = change(job);
  // An unrelated change must not drop an instant that is due this very moment.
  const nextFireAt = sameTimes(job, changed) ? job.nextFireAt : await firstFire(tx, changed, job);
  try {
    await jobUpdate(tx, id, changed, nextFireAt);
    await wakeSchedulers(tx);
  } catch (error) {
    throw nameTaken(error, changed.name);
  }
}

/**
 * Deletes a job and cancels its live runs; its history stays. Running ones end as soon as their worker hears of it.
 * @throws AppError not_found
 */
export async function deleteJob(tx: Tx, area: string, id: number): Promise<void> {
  const job = await jobGet(tx, area, id, 'UPDATE');
  if (!job) throw notFound(`job ${id}`);
  await jobDelete(tx, id, concurrencyKey(id));
  const live = await jobLiveRuns(tx, id);
  if (live.length > 0) {
    await runsCancel(
      tx,
      live.map((run) => run.id),
    );
  }
}

function concurrencyKey(jobId: number): string {
  return `job:${jobId}`;
}

/** Policies that make a firing wait for the run before it. */
const WAITING_OVERLAPS: readonly Overlap[] = ['queue_one', 'queue_all', 'cancel_running'];

/** How many runs of a job may be leased at once; null = any number. */
function heldLimit(job: JobDefinition): number | null {
  return job.maxConcurrent ?? (job.schedule && WAITING_OVERLAPS.includes(job.schedule.overlap) ? 1 : null);
}

/** The run that a job makes. */
export function runOfJob(
  job: Job,
  how: { trigger: Trigger; fireAt: Date | null; runAt: Date | null; createdBy: number | null },
): NewRun {
  const limit = heldLimit(job);
  return {
    jobId: job.id,
    area: job.area,
    kind: job.kind,
    name: job.name,
    spec: job.spec,
    priority: job.priority,
    tags: job.tags,
    retryCount: job.retryCount,
    retryDelaySeconds: job.retryDelaySeconds,
    timeoutSeconds: job.timeoutSeconds,
    concurrency: limit === null ? null : { key: concurrencyKey(job.id), limit },
    watched: job.pauseOnFailure || job.onFinish !== null,
    ...how,
  };
}

/**
 * Runs a job now. It waits behind runs of the job that are under way, as far as the job's limit says.
 * @throws AppError not_found, conflict when it is disabled
 */
export async function triggerJob(tx: Tx, area: string, id: number, createdBy: number | null): Promise<number> {
  // Whoever deletes the job meanwhile waits, and cancels this run too.
  const job = await jobGet(tx, area, id, 'KEY SHARE');
  if (!job) throw notFound(`job ${id}`);
  if (job.status === 'disabled') throw new AppError('conflict', `"${job.name}" is disabled; enable it first`);
  const [runId] = await enqueue(tx, [runOfJob(job, { trigger: 'manual', fireAt: null, runAt: null, createdBy })]);
  if (runId === undefined) throw invalidField('id', 'the run could not be made');
  return runId;
}
