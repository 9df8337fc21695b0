import type { Queryable } from '../../store/store.ts';

/**
 * Runs by outcome on the UTC days from `from` to `to` inclusive (`YYYY-MM-DD`), read off the roll-ups.
 * @param filter `ofJobs`: only those that jobs have made
 */
export async function outcomesBetween(
  db: Queryable,
  filter: {
    area?: string | undefined;
    jobId?: number | undefined;
    ofJobs?: boolean | undefined;
    from: string | null;
    to: string | null;
  },
): Promise<{ area: string; kind: string; outcome: string; runs: number; durationMs: number; waitMs: number }[]> {
  return db.query(
    `SELECT area, kind, outcome, sum(runs)::bigint AS runs, sum(duration_ms)::bigint AS "durationMs",
       sum(wait_ms)::bigint AS "waitMs"
     FROM longshore.run_rollups
     WHERE ($1::text IS NULL OR area = $1) AND ($2::bigint IS NULL OR job_id = $2)
       AND ($3::date IS NULL OR day >= $3) AND ($4::date IS NULL OR day <= $4)
       AND (job_id <> 0 OR NOT $5)
     GROUP BY area, kind, outcome`,
    [filter.area ?? null, filter.jobId ?? null, filter.from, filter.to, filter.ofJobs ?? false],
  );
}

/** Each half of what is queued has its own partial index, and neither serves a condition that spans both. */
const QUEUED = ['NOT gated', 'gated'].map(
  (half) => `SELECT queue, count(*) AS depth, min(run_at) AS oldest FROM longshore.runs
    WHERE state = 'queued' AND ${half} GROUP BY queue`,
);

/**
 * Waiting runs of each queue, and for how many seconds the one that was due first has been. That need not be the one at
 * the queue's front, since priorities go ahead, nor one that may be leased, since a concurrency key may hold it back.
 */
export async function queueDepths(db: Queryable): Promise<{ queue: string; depth: number; oldestSeconds: number }[]> {
  return db.query(
    `SELECT q.name AS queue, coalesce(w.depth, 0) AS depth,
       greatest(0, coalesce(extract(epoch FROM now() - w.oldest), 0))::float8 AS "oldestSeconds"
     FROM longshore.queues q
     LEFT JOIN (SELECT queue, sum(depth)::bigint AS depth, min(oldest) AS oldest
                FROM (${QUEUED.join(' UNION ALL ')}) half GROUP BY queue) w ON w.queue = q.name`,
  );
}

export async function workersByState(
  db: Queryable,
): Promise<{ state: 'online' | 'offline' | 'disabled'; workers: number }[]> {
  return db.query(
    `SELECT CASE WHEN NOT w.enabled THEN 'disabled' WHEN s.online THEN 'online' ELSE 'offline' END AS state,
       count(*) AS workers
     FROM longshore.workers w
     LEFT JOIN LATERAL (SELECT bool_or(lease_until > now()) AS online FROM longshore.worker_sessions
                        WHERE worker_id = w.id AND ended_at IS NULL) s ON true
     GROUP BY 1`,
  );
}

/** How far the most overdue schedule is behind, in seconds; 0 when none is. */
export async function scheduleLatenessSeconds(db: Queryable): Promise<number> {
  const [row] = await db.query<{ late: number }>(
    `SELECT greatest(0, coalesce(extract(epoch FROM now() - min(next_fire_at)), 0))::float8 AS late
     FROM longshore.jobs WHERE next_fire_at IS NOT NULL`,
  );
  return row?.late ?? 0;
}

export interface JobCounts {
  readonly total: number;
  readonly active: number;
  readonly paused: number;
  readonly disabled: number;
  /** Jobs with a live run. */
  readonly running: number;
}

/** Jobs with a live run are found by skipping from job to job through the index, however many runs each has. */
export async function jobCounts(db: Queryable, area: string): Promise<JobCounts> {
  const [row] = await db.query<JobCounts & Record<string, unknown>>(
    `WITH RECURSIVE live AS (
       (SELECT job_id FROM longshore.runs WHERE job_id IS NOT NULL AND finished_at IS NULL ORDER BY job_id LIMIT 1)
       UNION ALL
       SELECT (SELECT r.job_id FROM longshore.runs r WHERE r.job_id > live.job_id AND r.finished_at IS NULL
               ORDER BY r.job_id LIMIT 1)
       FROM live WHERE live.job_id IS NOT NULL)
     SELECT count(*) AS total, count(*) FILTER (WHERE status = 'active') AS active,
       count(*) FILTER (WHERE status = 'paused') AS paused, count(*) FILTER (WHERE status = 'disabled') AS disabled,
       count(live.job_id) AS running
     FROM longshore.jobs j LEFT JOIN live ON live.job_id = j.id WHERE j.area = $1`,
    [area],
  );
  return row ?? { total: 0, active: 0, paused: 0, disabled: 0, running: 0 };
}
