import { storableJson } from '../../kernel/json.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { type Job, type JobDefinition, type JobStatus, type Misfire, type Overlap, PRIORITIES } from '../model.ts';
import { type RunState, sqlStates, WAITING } from '../states.ts';

interface JobRow {
  id: number;
  area: string;
  kind: string;
  name: string;
  description: string;
  spec: Json;
  status: JobStatus;
  priority: number;
  tags: string[];
  retry_count: number;
  retry_delay_seconds: number;
  timeout_seconds: number | null;
  cron: string | null;
  timezone: string | null;
  starts_at: Date | null;
  expires_at: Date | null;
  jitter_seconds: number;
  overlap: Overlap;
  misfire: Misfire;
  catchup_seconds: number | null;
  max_concurrent: number | null;
  pause_on_failure: boolean;
  on_finish: Json;
  next_fire_at: Date | null;
  created_by: number | null;
  created_at: Date;
  updated_at: Date;
  last_run_id: number | null;
  last_run_state: RunState | null;
  last_run_at: Date | null;
}

const SELECT_JOBS = `SELECT j.*, l.id AS last_run_id, l.state AS last_run_state, l.created_at AS last_run_at
  FROM longshore.jobs j
  LEFT JOIN LATERAL (SELECT id, state, created_at FROM longshore.runs WHERE job_id = j.id ORDER BY id DESC LIMIT 1) l
    ON true`;

function toJob(row: JobRow): Job {
  return {
    id: row.id,
    area: row.area,
    kind: row.kind,
    name: row.name,
    description: row.description,
    spec: row.spec,
    status: row.status,
    priority: PRIORITIES[row.priority] ?? 'normal',
    tags: row.tags,
    retryCount: row.retry_count,
    retryDelaySeconds: row.retry_delay_seconds,
    timeoutSeconds: row.timeout_seconds,
    schedule:
      row.cron === null
        ? null
        : {
            cron: row.cron,
            timezone: row.timezone ?? 'UTC',
            startsAt: row.starts_at,
            expiresAt: row.expires_at,
            jitterSeconds: row.jitter_seconds,
            overlap: row.overlap,
            misfire: row.misfire,
            catchupSeconds: row.catchup_seconds,
          },
    maxConcurrent: row.max_concurrent,
    pauseOnFailure: row.pause_on_failure,
    onFinish: row.on_finish,
    nextFireAt: row.next_fire_at,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastRun:
      row.last_run_id === null || row.last_run_state === null || row.last_run_at === null
        ? null
        : { id: row.last_run_id, state: row.last_run_state, at: row.last_run_at },
  };
}

function columnsOf(job: JobDefinition, nextFireAt: Date | null): Record<string, unknown> {
  return {
    kind: job.kind,
    name: job.name,
    description: job.description,
    spec: storableJson(job.spec),
    status: job.status,
    priority: PRIORITIES.indexOf(job.priority),
    tags: [...new Set(job.tags)],
    retry_count: job.retryCount,
    retry_delay_seconds: job.retryDelaySeconds,
    timeout_seconds: job.timeoutSeconds,
    cron: job.schedule?.cron ?? null,
    timezone: job.schedule?.timezone ?? null,
    starts_at: job.schedule?.startsAt ?? null,
    expires_at: job.schedule?.expiresAt ?? null,
    jitter_seconds: job.schedule?.jitterSeconds ?? 0,
    overlap: job.schedule?.overlap ?? 'skip',
    misfire: job.schedule?.misfire ?? 'coalesce',
    catchup_seconds: job.schedule?.catchupSeconds ?? null,
    max_concurrent: job.maxConcurrent,
    pause_on_failure: job.pauseOnFailure,
    on_finish: job.onFinish === null ? null : storableJson(job.onFinish),
    next_fire_at: nextFireAt,
  };
}

/** @throws the database's unique violation of `jobs_name_key` when the area has a job of this name */
export async function jobInsert(
  tx: Tx,
  job: JobDefinition,
  nextFireAt: Date | null,
  createdBy: number | null,
): Promise<number> {
  const columns = { area: job.area, created_by: createdBy, ...columnsOf(job, nextFireAt) };
  const names = Object.keys(columns);
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO longshore.jobs (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})
     RETURNING id`,
    Object.values(columns),
  );
  if (!row) throw new Error('inserting a job returned no id');
  return row.id;
}

export async function jobUpdate(tx: Tx, id: number, job: JobDefinition, nextFireAt: Date | null): Promise<void> {
  const columns = columnsOf(job, nextFireAt);
  const sets = Object.keys(columns).map((name, i) => `${name} = $${i + 2}`);
  await tx.query(`UPDATE longshore.jobs SET ${sets.join(', ')}, updated_at = now() WHERE id = $1`, [
    id,
    ...Object.values(columns),
  ]);
}

/**
 * Removes a job, the limit on its runs, and its secrets. Locks the limit before the caller locks runs, as everybody
 * does.
 */
export async function jobDelete(tx: Tx, id: number, concurrencyKey: string): Promise<void> {
  await tx.query('DELETE FROM longshore.concurrency_keys WHERE key = $1', [concurrencyKey]);
  await tx.query('DELETE FROM longshore.jobs WHERE id = $1', [id]);
  await tx.query(`DELETE FROM longshore.secrets WHERE owner = 'job:' || $1::bigint`, [id]);
}

/** `UPDATE` is for those who change or delete the job, `KEY SHARE` for those who only need it to stay what it is. */
export async function jobGet(
  db: Queryable,
  area: string,
  id: number,
  lock?: 'UPDATE' | 'KEY SHARE',
): Promise<Job | undefined> {
  const [row] = await db.query<JobRow>(
    `${SELECT_JOBS} WHERE j.area = $1 AND j.id = $2${lock ? ` FOR ${lock} OF j` : ''}`,
    [area, id],
  );
  return row && toJob(row);
}

export interface JobFilter {
  readonly area: string;
  readonly statuses?: readonly JobStatus[] | undefined;
  readonly kinds?: readonly string[] | undefined;
  /** Part of the name or description, in any case. */
  readonly search?: string | undefined;
}

export async function jobsList(
  db: Queryable,
  filter: JobFilter,
  page: { limit: number; offset: number },
): Promise<{ jobs: Job[]; total: number }> {
  const where = `j.area = $1 AND ($2::text[] IS NULL OR j.status = ANY ($2)) AND ($3::text[] IS NULL OR j.kind = ANY ($3))
    AND ($4::text IS NULL OR strpos(lower(j.name), lower($4)) > 0 OR strpos(lower(j.description), lower($4)) > 0)`;
  const params = [filter.area, filter.statuses ?? null, filter.kinds ?? null, filter.search ?? null];
  const rows = await db.query<JobRow>(`${SELECT_JOBS} WHERE ${where} ORDER BY j.id DESC LIMIT $5 OFFSET $6`, [
    ...params,
    page.limit,
    page.offset,
  ]);
  const [count] = await db.query<{ n: number }>(`SELECT count(*) AS n FROM longshore.jobs j WHERE ${where}`, params);
  return { jobs: rows.map(toJob), total: count?.n ?? 0 };
}

/** A due job, with what its overlap policy must know. */
export interface DueJob extends Job {
  /** Has a run that is not final. */
  readonly live: boolean;
  /** Has one that no worker holds yet. */
  readonly waiting: boolean;
  /** Its live runs where the policy is to cancel them, else none. */
  readonly toCancel: readonly number[];
  /** The database's clock, which decides. */
  readonly now: Date;
}

/**
 * Locks jobs whose instant has come; those that another server is firing are left to it. Due is what `now()` says, not
 * the wall clock: only a stable function can be the bound of an index scan, and runs are inserted by the same clock.
 *
 * What the system has started for a job beside its own runs (a preview) is in no firing's way.
 *
 * Their runs are read by a statement of its own: its snapshot is younger than the locks, so it sees what a server that
 * held one of them a moment ago has committed.
 */
export async function jobsDue(tx: Tx, limit: number): Promise<DueJob[]> {
  const jobs = await tx.query<JobRow & { now: Date }>(
    // NO KEY, so that triggering a job by hand, which only keeps it from being deleted, is not in the way.
    `SELECT j.*, now() AS now, NULL::bigint AS last_run_id, NULL AS last_run_state, NULL AS last_run_at
     FROM longshore.jobs j WHERE next_fire_at <= now() ORDER BY next_fire_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`,
    [limit],
  );
  const runs = await tx.query<{ id: number; live: boolean; waiting: boolean; toCancel: number[] }>(
    `SELECT j.id,
       EXISTS (SELECT FROM longshore.runs WHERE job_id = j.id AND finished_at IS NULL AND trigger <> 'system') AS live,
       EXISTS (SELECT FROM longshore.runs WHERE job_id = j.id AND finished_at IS NULL AND trigger <> 'system'
               AND state IN (${sqlStates([...WAITING, 'queued'])})) AS waiting,
       CASE WHEN j.overlap = 'cancel_running' THEN
         ARRAY(SELECT id::float8 FROM longshore.runs
           WHERE job_id = j.id AND finished_at IS NULL AND trigger <> 'system') ELSE '{}' END AS "toCancel"
     FROM longshore.jobs j WHERE j.id = ANY ($1)`,
    [jobs.map((job) => job.id)],
  );
  const byJob = new Map(runs.map((row) => [row.id, row]));
  return jobs.map((row) => {
    const { live = false, waiting = false, toCancel = [] } = byJob.get(row.id) ?? {};
    return { ...toJob(row), live, waiting, toCancel, now: row.now };
  });
}

/** Sets the next instants of jobs that were fired. */
export async function jobsAdvance(tx: Tx, next: ReadonlyMap<number, Date | null>): Promise<void> {
  await tx.query(
    `UPDATE longshore.jobs j SET next_fire_at = n.at
     FROM unnest($1::bigint[], $2::timestamptz[]) AS n(id, at) WHERE j.id = n.id`,
    [[...next.keys()], [...next.values()]],
  );
}

/** Milliseconds by the database's clock until the next job is due; null when none is. */
export async function jobsNextDueMs(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ ms: number | null }>(
    `SELECT ceil(1000 * extract(epoch FROM min(next_fire_at) - clock_timestamp())) AS ms
     FROM longshore.jobs WHERE next_fire_at IS NOT NULL`,
  );
  return row?.ms ?? null;
}

export async function jobPause(tx: Tx, id: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE longshore.jobs SET status = 'paused', next_fire_at = NULL, updated_at = now()
     WHERE id = $1 AND status = 'active' RETURNING id`,
    [id],
  );
  return rows.length > 0;
}

export async function jobLiveRuns(db: Queryable, jobId: number): Promise<{ id: number; state: RunState }[]> {
  return db.query(`SELECT id, state FROM longshore.runs WHERE job_id = $1 AND finished_at IS NULL`, [jobId]);
}
