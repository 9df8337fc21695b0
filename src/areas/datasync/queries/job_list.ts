import type { JobStatus } from '../../../engine/model.ts';
import type { RunState } from '../../../engine/states.ts';
import type { Queryable } from '../../../store/store.ts';

/** A job with its latest run: previews and what else the system starts for a job do not count. */
export interface JobListRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly name: string;
  readonly connector_type: string;
  readonly job_status: JobStatus;
  readonly next_fire_at: Date | null;
  readonly created_at: Date;
  readonly run_id: number | null;
  readonly state: RunState | null;
  readonly progress_done: number | null;
  readonly progress_total: number | null;
  readonly started_at: Date | null;
  readonly attempt_started_at: Date | null;
  readonly finished_at: Date | null;
  readonly error: string | null;
}

export interface JobListFilter {
  readonly area: string;
  readonly id?: number | undefined;
  /** Of the latest run; null among them = none yet. */
  readonly states?: readonly (RunState | null)[] | undefined;
  readonly connectorType?: string | undefined;
  /** Part of the name, in any case. */
  readonly search?: string | undefined;
}

const JOBS = `FROM longshore.jobs j
  LEFT JOIN LATERAL (
    SELECT * FROM longshore.runs WHERE job_id = j.id AND trigger <> 'system' ORDER BY id DESC LIMIT 1
  ) r ON true
  WHERE j.area = $1 AND ($2::bigint IS NULL OR j.id = $2)
    AND ($3::text[] IS NULL OR r.state = ANY ($3) OR ($4 AND r.state IS NULL))
    AND ($5::text IS NULL OR j.spec -> 'connector' ->> 'type' = $5)
    AND ($6::text IS NULL OR strpos(lower(j.name), lower($6)) > 0)`;

/** Newest first. */
export async function syncJobsList(
  db: Queryable,
  filter: JobListFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: JobListRow[]; total: number }> {
  const { area, id, states, connectorType, search } = filter;
  const named = states?.filter((state) => state !== null) ?? null;
  const withoutRun = states?.includes(null) ?? false;
  const params = [area, id ?? null, named, withoutRun, connectorType ?? null, search ?? null];
  const rows = await db.query<JobListRow>(
    `SELECT j.id, j.name, j.spec -> 'connector' ->> 'type' AS connector_type, j.status AS job_status, j.next_fire_at,
       j.created_at, r.id AS run_id, r.state, r.progress_done, r.progress_total, r.started_at, r.attempt_started_at,
       r.finished_at, r.error
     ${JOBS} ORDER BY j.id DESC LIMIT $7 OFFSET $8`,
    [...params, page.limit, page.offset],
  );
  const [count] = await db.query<{ n: number }>(`SELECT count(*) AS n ${JOBS}`, params);
  return { rows, total: count?.n ?? 0 };
}
