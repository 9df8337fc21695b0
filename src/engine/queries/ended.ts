import { RUNS_TOPIC } from '../model.ts';

/** The SQL of how long a run `r` had waited when it first started, in milliseconds. @param due when it was due then */
export function waitedSql(due: string): string {
  return `greatest(0, 1000 * date_part('epoch', r.started_at - least(${due}, r.started_at)))::bigint`;
}

/**
 * The CTEs that follow one named `ended`, whoever ended the runs: counters, the event, and the reports for areas
 * that watch. Of a run that is suspended its area is always told: it has to divide it, and to end it.
 * Rows are counted in key order so that two statements cannot lock the same counters crosswise.
 * `wait_ms` is of the first attempt that is spent, and NULL else: so the wait of a run that starts is counted once.
 * The event holds arrays, not an object a run: making those would cost more than ending the runs.
 */
export const RECORD_ENDED = `counted AS (
  INSERT INTO longshore.run_rollups AS c (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
  SELECT (now() AT TIME ZONE 'UTC')::date, area, kind, coalesce(job_id, 0),
    CASE WHEN final THEN state WHEN state = 'retry_wait' THEN 'retried' ELSE 'returned' END,
    pg_backend_pid() % 16, count(*), coalesce(sum(duration_ms), 0), coalesce(sum(wait_ms), 0)
  FROM ended GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (day, area, kind, job_id, outcome, shard) DO UPDATE SET
    runs = c.runs + excluded.runs, duration_ms = c.duration_ms + excluded.duration_ms,
    wait_ms = c.wait_ms + excluded.wait_ms
), told AS (
  INSERT INTO longshore.events (topic, payload)
  SELECT '${RUNS_TOPIC}', jsonb_build_object('area', area, 'kind', kind, 'state', state, 'ids', array_agg(id),
    'job_ids', array_agg(job_id), 'duration_ms', array_agg(duration_ms), 'wait_ms', array_agg(wait_ms))
  FROM ended GROUP BY area, kind, state
), reported AS (
  INSERT INTO longshore.reports (run_id, area, type, payload)
  SELECT id, area, CASE WHEN final THEN 'finished' ELSE 'suspended' END, jsonb_build_object('state', state)
  FROM ended WHERE (watched AND final) OR state = 'suspended'
)`;
