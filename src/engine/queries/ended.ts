/**
 * The CTEs that follow one named `ended`, whoever ended the runs: counters, the event, and the reports for areas
 * that watch. Rows are counted in key order so that two statements cannot lock the same counters crosswise.
 */
export const RECORD_ENDED = `counted AS (
  INSERT INTO longshore.run_rollups AS c (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
  SELECT (now() AT TIME ZONE 'UTC')::date, area, kind, coalesce(job_id, 0),
    CASE WHEN final THEN state WHEN state = 'retry_wait' THEN 'retried' ELSE 'returned' END,
    pg_backend_pid() % 16, count(*), sum(duration_ms), sum(wait_ms)
  FROM ended GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (day, area, kind, job_id, outcome, shard) DO UPDATE SET
    runs = c.runs + excluded.runs, duration_ms = c.duration_ms + excluded.duration_ms,
    wait_ms = c.wait_ms + excluded.wait_ms
), told AS (
  INSERT INTO longshore.events (topic, payload)
  SELECT 'runs', jsonb_agg(jsonb_build_object('id', id, 'job_id', job_id, 'area', area, 'kind', kind, 'name', name,
    'state', state, 'attempt', attempt, 'duration_ms', duration_ms, 'wait_ms', wait_ms))
  FROM ended HAVING count(*) > 0
), reported AS (
  INSERT INTO longshore.reports (run_id, area, type, payload)
  SELECT id, area, 'finished', jsonb_build_object('state', state) FROM ended WHERE watched AND final
)`;
