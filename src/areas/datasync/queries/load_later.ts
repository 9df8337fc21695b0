import { sqlStates } from '../../../engine/states.ts';
import type { Queryable } from '../../../store/store.ts';

/**
 * A run that has brought records into a dataset later than another one, or is to: a load that is under way, has succeeded, or
 * has left rows when it failed; or what the dataset says was the last to fill it, which may be a job's run.
 */
export async function loadLater(db: Queryable, source: string, runId: number): Promise<number | undefined> {
  const [row] = await db.query<{ id: number }>(
    `SELECT d.run_id AS id FROM longshore.datasets d WHERE d.name = $1 AND d.run_id > $2
     UNION ALL
     SELECT r.id FROM longshore.push_requests p JOIN longshore.runs r ON r.id = p.run_id
     WHERE p.source = $1 AND p.run_id > $2
       AND (r.state NOT IN (${sqlStates(['failed', 'dead', 'cancelled', 'skipped'])})
         OR (r.progress_done > 0 AND r.spec #>> '{destination,mode}' <> 'overwrite'))
     LIMIT 1`,
    [source, runId],
  );
  return row?.id;
}
