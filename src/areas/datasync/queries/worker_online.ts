import type { Queryable } from '../../../store/store.ts';

/** Whether a worker that takes runs of this kind is enabled and holds its lease. */
export async function isWorkerOnline(db: Queryable, kind: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM longshore.workers w WHERE w.enabled AND $1 = ANY (w.kinds)
       AND EXISTS (SELECT FROM longshore.worker_sessions s
                   WHERE s.worker_id = w.id AND s.ended_at IS NULL AND s.lease_until > now())
     LIMIT 1`,
    [kind],
  );
  return rows.length > 0;
}
