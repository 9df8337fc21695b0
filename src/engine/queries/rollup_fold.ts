import type { Queryable } from '../../store/store.ts';

/**
 * Adds counters of past days that are spread over shards to those of shard 0, at most `limit` of them: nobody contends
 * for them any more, and whoever reads a month reads a sixteenth of the rows. A transaction that began before midnight
 * may still add a shard to the day before; it is folded in a later round.
 * @returns how many were folded
 */
export async function rollupsFold(db: Queryable, limit: number): Promise<number> {
  const [row] = await db.query<{ folded: number }>(
    `WITH spread AS (
       DELETE FROM longshore.run_rollups WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM longshore.run_rollups
         WHERE shard <> 0 AND day < (now() AT TIME ZONE 'UTC')::date ORDER BY day LIMIT $1 FOR UPDATE SKIP LOCKED))
       RETURNING *
     ), folded AS (
       INSERT INTO longshore.run_rollups AS c (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
       SELECT day, area, kind, job_id, outcome, 0, sum(runs), sum(duration_ms), sum(wait_ms)
       FROM spread GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
       ON CONFLICT (day, area, kind, job_id, outcome, shard) DO UPDATE SET
         runs = c.runs + excluded.runs, duration_ms = c.duration_ms + excluded.duration_ms,
         wait_ms = c.wait_ms + excluded.wait_ms
     )
     SELECT count(*) AS folded FROM spread`,
    [limit],
  );
  return row?.folded ?? 0;
}
