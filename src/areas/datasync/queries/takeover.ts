import type { Queryable } from '../../../store/store.ts';

/**
 * Of runs of jobs, the first of those before them that did not succeed, as far back as none did. A run that the job's
 * schedule has skipped, and what the system has started beside the job's own runs, counts for nothing.
 * @returns by run; without those that succeed one that did
 */
export async function runsTakenOver(db: Queryable, runIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await db.query<{ id: number; first: number }>(
    `SELECT r.id, f.id AS first
     FROM longshore.runs r CROSS JOIN LATERAL (
       SELECT min(p.id) AS id FROM longshore.runs p
       WHERE p.job_id = r.job_id AND p.id < r.id AND p.parent_id IS NULL AND p.trigger <> 'system'
         AND p.state IN ('failed', 'dead', 'cancelled') AND p.id > coalesce((
           SELECT s.id FROM longshore.runs s
           WHERE s.job_id = r.job_id AND s.id < r.id AND s.parent_id IS NULL AND s.trigger <> 'system'
             AND s.state = 'succeeded' ORDER BY s.id DESC LIMIT 1), 0)
     ) f
     WHERE r.id = ANY ($1) AND f.id IS NOT NULL`,
    [runIds],
  );
  return new Map(rows.map(({ id, first }) => [id, first]));
}
