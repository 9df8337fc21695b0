import { MAX_LOSSES, MOST_KILL_GRACE_SECONDS } from '../../protocol/terms.ts';
import type { RunRef } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import { HELD, sqlStates, TERMINAL, WAITING } from '../states.ts';
import { RECORD_ENDED, waitedSql } from './ended.ts';
import { rankOf } from './rank.ts';
import { PAST_ATTEMPT, RETRY_CAP_SECONDS } from './run_finish.ts';

interface ReturnedRun {
  readonly id: number;
  readonly state: string;
  readonly concurrency_key: string | null;
}

/** The columns that RECORD_ENDED counts, of an UPDATE of runs `r`. */
const endedColumns = (
  waited: string,
) => `r.id, r.epoch, r.state, r.job_id, r.area, r.kind, r.name, r.attempt, r.watched,
  r.concurrency_key, r.finished_at IS NOT NULL AS final,
  round(1000 * extract(epoch FROM clock_timestamp() - r.attempt_started_at))::bigint AS duration_ms,
  ${waited} AS wait_ms`;

/** What a lost attempt has logged counts towards its run's cap; its worker can no longer say how much it was. */
const LOGGED = `(SELECT coalesce(sum(length(l.message) + 64), 0) FROM longshore.run_logs l
  WHERE l.run_id = r.id AND l.day = r.log_day)`;

/**
 * Who has been taken back unspent so often is counted all the same the next time. It bounds how long a run that kills
 * its worker at once can hide behind short ones whose ends had not been reported yet.
 */
const MOST_UNSPENT = 10;

/**
 * Whether run `r`, in this place of its session's leases, may have begun. A worker begins its runs in the order of
 * their lease and has so many slots; the others were leased ahead. What has left a trace has begun for certain.
 * Each time that a run is taken back unspent its epoch gets two ahead of its attempts.
 */
const MAY_HAVE_BEGUN = `held.place <= held.slots OR r.emit_seq > 0 OR r.epoch - r.attempt >= ${2 * MOST_UNSPENT}
  OR EXISTS (SELECT FROM longshore.run_logs l WHERE l.run_id = r.id AND l.day = r.log_day AND l.epoch = r.epoch)`;

/**
 * Takes back the runs of sessions that have lapsed. The epoch moves on at once, so that whatever their worker
 * still says is stale. A run that was being cancelled is cancelled: a worker kills its runs before its lease ends.
 * Only those that may have begun have spent an attempt and count a loss.
 *
 * It asks for the runs of every session that has lapsed lately and not only of those that just did: a lease that was
 * under way when its session lapsed may be committed afterwards.
 */
export async function runsRescue(db: Queryable): Promise<ReturnedRun[]> {
  return db.query<ReturnedRun & Record<string, unknown>>(
    `WITH held AS (
       SELECT r.id, r.session_id, coalesce(w.max_tasks_override, w.max_tasks) AS slots,
         row_number() OVER (PARTITION BY r.session_id ORDER BY r.attempt_started_at, r.rank, r.id) AS place
       FROM longshore.worker_sessions s
       JOIN longshore.workers w ON w.id = s.worker_id
       JOIN longshore.runs r ON r.session_id = s.id
       WHERE s.end_reason = 'lapsed' AND s.ended_at > now() - interval '1 day'
     ), taken AS (
       SELECT r.id, begun, begun AND r.losses + 1 >= ${MAX_LOSSES} AS spent
       FROM held JOIN longshore.runs r ON r.id = held.id AND r.session_id = held.session_id
       CROSS JOIN LATERAL (SELECT ${MAY_HAVE_BEGUN} AS begun) b
       ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
     ), ended AS (
       UPDATE longshore.runs r SET
         state = CASE WHEN r.state = 'cancelling' THEN 'cancelled' WHEN spent THEN 'dead'
           WHEN r.state = 'pausing' THEN 'paused' ELSE 'queued' END,
         finished_at = CASE WHEN r.state = 'cancelling' OR spent THEN now() END,
         error = CASE WHEN begun THEN 'its worker was lost' END, epoch = r.epoch + 1,
         attempt = r.attempt - CASE WHEN begun THEN 0 ELSE 1 END, losses = r.losses + CASE WHEN begun THEN 1 ELSE 0 END,
         session_id = NULL, deadline = NULL, log_bytes = ${LOGGED}, gated = r.concurrency_key IS NOT NULL,
         past_attempts = CASE WHEN r.state = 'cancelling' OR spent OR NOT begun THEN r.past_attempts
           ELSE r.past_attempts || ${PAST_ATTEMPT(`'lost'`, `'its worker was lost'`)} END
       FROM taken WHERE r.id = taken.id AND r.state IN (${sqlStates(HELD)})
       RETURNING ${endedColumns(`CASE WHEN begun AND r.attempt = 1 THEN ${waitedSql('r.run_at')} END`)}, begun
     ), lost AS (
       INSERT INTO longshore.run_rollups AS c (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
       SELECT (now() AT TIME ZONE 'UTC')::date, area, kind, 0, 'lost', pg_backend_pid() % 16, count(*), 0, 0
       FROM ended WHERE begun GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
       ON CONFLICT (day, area, kind, job_id, outcome, shard) DO UPDATE SET runs = c.runs + excluded.runs
     ), ${RECORD_ENDED}
     SELECT id, state, concurrency_key, (SELECT pg_notify('longshore_runs', '')),
       (SELECT pg_notify('longshore_events', '')) FROM ended`,
  );
}

/**
 * Ends, or gives a retry to, runs that their worker should have ended `trustSeconds` ago although it still renews its
 * lease: its own timer has failed. That is counted from the end of the grace that it gives its runs: until then it may
 * be ending the run, and the next attempt would begin beside it. One that is being cancelled is left to its worker, or
 * to the rescuer: what is `cancelled` is gone. The epoch moves on, so the worker will find them fenced and kill them.
 */
export async function runsExpire(db: Queryable, trustSeconds: number): Promise<ReturnedRun[]> {
  const retry = 'r.failures < r.retry_count';
  const state = `CASE WHEN ${retry} AND r.state = 'pausing' THEN 'paused' WHEN ${retry} THEN 'retry_wait' ELSE 'failed' END`;
  const final = `${state} IN (${sqlStates(TERMINAL)})`;
  const retryAt = `now() + make_interval(secs =>
    random() * least(${RETRY_CAP_SECONDS}, r.retry_delay_seconds * power(2, least(r.failures, 30))))`;
  return db.query<ReturnedRun & Record<string, unknown>>(
    `WITH late AS (
       SELECT r.id, r.run_at FROM longshore.runs r JOIN longshore.worker_sessions s ON s.id = r.session_id
       WHERE r.session_id IS NOT NULL AND r.state <> 'cancelling'
         AND r.deadline < now() - make_interval(secs => $1 + coalesce(s.kill_grace_seconds, ${MOST_KILL_GRACE_SECONDS}))
       ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
     ), ended AS (
       UPDATE longshore.runs r SET state = ${state}, finished_at = CASE WHEN ${final} THEN now() END,
         error = 'timed out', epoch = r.epoch + 1, failures = r.failures + 1, session_id = NULL, deadline = NULL,
         log_bytes = ${LOGGED}, gated = r.concurrency_key IS NOT NULL, run_at = CASE WHEN ${final} THEN r.run_at ELSE ${retryAt} END,
         past_attempts = CASE WHEN ${final} THEN r.past_attempts
           ELSE r.past_attempts || ${PAST_ATTEMPT(`'timed_out'`, `'timed out'`)} END
       FROM late WHERE r.id = late.id
       RETURNING ${endedColumns(`CASE WHEN r.attempt = 1 THEN ${waitedSql('late.run_at')} END`)}
     ), ${RECORD_ENDED}
     SELECT id, state, concurrency_key, (SELECT pg_notify('longshore_events', '')) FROM ended`,
    [trustSeconds],
  );
}

/** Gives back, unspent, what the session holds beyond `kept`. */
export async function runsGiveBack(db: Queryable, sessionId: number, kept: readonly RunRef[]): Promise<ReturnedRun[]> {
  return db.query<ReturnedRun & Record<string, unknown>>(
    `WITH ended AS (
       UPDATE longshore.runs r SET
         state = CASE r.state WHEN 'cancelling' THEN 'cancelled' WHEN 'pausing' THEN 'paused' ELSE 'queued' END,
         finished_at = CASE r.state WHEN 'cancelling' THEN now() END,
         epoch = r.epoch + 1, attempt = r.attempt - 1, session_id = NULL, deadline = NULL,
         gated = r.concurrency_key IS NOT NULL
       WHERE r.session_id = $1 AND r.state IN (${sqlStates(HELD)})
         AND NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::integer[]) AS k(id, epoch)
                         WHERE k.id = r.id AND k.epoch = r.epoch)
       RETURNING ${endedColumns('NULL::bigint')}
     ), ${RECORD_ENDED}
     SELECT id, state, concurrency_key, (SELECT pg_notify('longshore_runs', '')) FROM ended`,
    [sessionId, kept.map((ref) => ref.id), kept.map((ref) => ref.epoch)],
  );
}

/**
 * Queues runs whose time has come, oldest first.
 * @returns the concurrency keys among them, how many there were, and when the next one is due (null = none waits)
 */
export async function runsPromote(
  db: Queryable,
  limit: number,
): Promise<{ keys: string[]; promoted: number; nextInMs: number | null }> {
  const [row] = await db.query<{ keys: string[] | null; promoted: number; next_ms: number | null }>(
    `WITH due AS (
       SELECT id FROM longshore.runs WHERE state IN (${sqlStates(WAITING)}) AND run_at <= now()
       ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED
     ), promoted AS (
       UPDATE longshore.runs r SET state = 'queued', rank = ${rankOf('r.run_at', 'r.priority')}
       FROM due WHERE r.id = due.id RETURNING r.concurrency_key
     )
     SELECT array_agg(DISTINCT concurrency_key) FILTER (WHERE concurrency_key IS NOT NULL) AS keys,
       count(*) AS promoted,
       CASE WHEN count(*) > 0 THEN (SELECT pg_notify('longshore_runs', ''))::text END AS woken,
       (SELECT ceil(1000 * extract(epoch FROM min(run_at) - clock_timestamp())) FROM longshore.runs
        WHERE state IN (${sqlStates(WAITING)}) AND run_at > now()) AS next_ms
     FROM promoted`,
    [limit],
  );
  return { keys: row?.keys ?? [], promoted: row?.promoted ?? 0, nextInMs: row?.next_ms ?? null };
}
