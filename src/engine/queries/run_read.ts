import type { Json } from '../../protocol/executor.ts';
import type { Queryable } from '../../store/store.ts';
import { type PastAttempt, PRIORITIES, type Run, type Trigger } from '../model.ts';
import { HELD, LIVE, type RunState, TERMINAL } from '../states.ts';

interface RunRow {
  id: number;
  job_id: number | null;
  parent_id: number | null;
  area: string;
  kind: string;
  name: string;
  state: RunState;
  trigger: Trigger;
  priority: number;
  spec: Json;
  epoch: number;
  attempt: number;
  losses: number;
  retry_count: number;
  timeout_seconds: number | null;
  worker_id: string | null;
  fire_at: Date | null;
  run_at: Date;
  started_at: Date | null;
  attempt_started_at: Date | null;
  finished_at: Date | null;
  exit_code: number | null;
  exit_signal: string | null;
  error: string | null;
  output: Json;
  progress_done: number | null;
  progress_total: number | null;
  past_attempts: PastAttempt[];
  created_by: number | null;
  created_at: Date;
}

const COLUMNS = `id, job_id, parent_id, area, kind, name, state, trigger, priority, spec, epoch, attempt, losses, retry_count,
  timeout_seconds, worker_id, fire_at, run_at, started_at, attempt_started_at, finished_at, exit_code, exit_signal, error, output,
  progress_done, progress_total, past_attempts, created_by, created_at`;

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    jobId: row.job_id,
    parentId: row.parent_id,
    area: row.area,
    kind: row.kind,
    name: row.name,
    state: row.state,
    trigger: row.trigger,
    priority: PRIORITIES[row.priority] ?? 'normal',
    spec: row.spec,
    epoch: row.epoch,
    attempt: row.attempt,
    losses: row.losses,
    retryCount: row.retry_count,
    timeoutSeconds: row.timeout_seconds,
    workerId: row.worker_id,
    fireAt: row.fire_at,
    runAt: row.run_at,
    startedAt: row.started_at,
    attemptStartedAt: row.attempt_started_at,
    finishedAt: row.finished_at,
    exitCode: row.exit_code,
    exitSignal: row.exit_signal,
    error: row.error,
    output: row.output,
    progressDone: row.progress_done,
    progressTotal: row.progress_total,
    pastAttempts: row.past_attempts,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

export async function runsByIds(db: Queryable, ids: readonly number[]): Promise<Run[]> {
  return (await db.query<RunRow>(`SELECT ${COLUMNS} FROM longshore.runs WHERE id = ANY ($1) ORDER BY id`, [ids])).map(
    toRun,
  );
}

export interface RunFilter {
  readonly area: string;
  readonly jobId?: number | undefined;
  readonly states?: readonly RunState[] | undefined;
  /** Only those that jobs have made, not those that follow from them, such as notices. */
  readonly ofJobs?: boolean | undefined;
}

function within(states: readonly RunState[], all: readonly RunState[]): boolean {
  return states.every((state) => all.includes(state));
}

/** `filter` as conditions on $1 to $3. What the asked states have in common is said too: the partial indexes go by it. */
function matching({ area, jobId, states, ofJobs }: RunFilter): { where: string; params: readonly unknown[] } {
  const live = states && within(states, LIVE) ? ' AND finished_at IS NULL' : '';
  const held = states && within(states, HELD) ? ' AND session_id IS NOT NULL' : '';
  const made = ofJobs ? ' AND job_id IS NOT NULL' : '';
  return {
    where: `area = $1 AND ($2::text[] IS NULL OR state = ANY ($2)) AND ($3::bigint IS NULL OR job_id = $3)${live}${held}${made}`,
    params: [area, states ?? null, jobId ?? null],
  };
}

/** Newest first. A page is reached by offset, as the contracts' pages are, or from the key `beforeId`. */
export async function runsList(
  db: Queryable,
  filter: RunFilter,
  page: { limit: number; offset: number; beforeId?: number | undefined },
): Promise<Run[]> {
  const { where, params } = matching(filter);
  const rows = await db.query<RunRow>(
    `SELECT ${COLUMNS} FROM longshore.runs WHERE ${where} AND ($4::bigint IS NULL OR id < $4)
     ORDER BY id DESC LIMIT $5 OFFSET $6`,
    [...params, page.beforeId ?? null, page.limit, page.offset],
  );
  return rows.map(toRun);
}

/** Counting goes row by row up to here; beyond, the roll-ups know. */
const COUNT_EXACTLY = 1_000;

/**
 * How many runs match. Above 1,000 of one job it is the counters' word for the days that are kept: right to within
 * the pruning of the oldest day, and as quick for ten million as for a thousand.
 */
export async function runsCount(db: Queryable, filter: RunFilter): Promise<number> {
  const { where, params } = matching(filter);
  const [exact] = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT FROM longshore.runs WHERE ${where} LIMIT ${COUNT_EXACTLY}) first`,
    params,
  );
  if ((exact?.n ?? 0) < COUNT_EXACTLY) return exact?.n ?? 0;
  const live = `SELECT count(*) FROM longshore.runs WHERE ${where} AND finished_at IS NULL`;
  const noneLive = filter.states !== undefined && within(filter.states, TERMINAL);
  const [counted] = await db.query<{ n: number }>(
    `SELECT coalesce(sum(runs), 0) + ${noneLive ? '0' : `(${live})`} AS n
     FROM longshore.run_rollups
     WHERE area = $1 AND outcome = ANY ($4) AND ($2::text[] IS NULL OR outcome = ANY ($2))
       AND ($3::bigint IS NULL OR job_id = $3)${filter.ofJobs ? ' AND job_id <> 0' : ''}
       AND day >= (SELECT (created_at AT TIME ZONE 'UTC')::date FROM longshore.runs
                   WHERE $3::bigint IS NULL OR job_id = $3 ORDER BY id LIMIT 1)`,
    [...params, TERMINAL],
  );
  return Math.max(COUNT_EXACTLY, counted?.n ?? 0);
}
